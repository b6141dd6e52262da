/** /sys/class/infiniband as `path:value` lines (Documentation/ABI/stable/sysfs-class-infiniband). */
export interface SysfsReader {
  /** Text of a file; null when it is missing or refuses. */
  readText(path: string): Promise<string | null>;
  /** Many small files that the kernel answers from memory. */
  readTable(paths: readonly string[]): Promise<readonly (string | null)[]>;
  /** Names in a folder; null when there is no such folder. */
  list(path: string): Promise<readonly string[] | null>;
  /** The path with every link followed; null when it leads nowhere. */
  realPath(path: string): Promise<string | null>;
}

const ROOT = '/sys/class/infiniband';
const DEVICE_FILES = ['node_guid', 'fw_ver', 'device/numa_node'];
/** These ask the device's firmware and may block, so they are read one by one, in another thread. */
const PORT_FILES = ['state', 'phys_state', 'link_layer', 'rate', 'lid', 'sm_lid'];

/** '' without RDMA devices. Unused GID slots, of which there are hundreds, and slots of other namespaces are left out. */
export async function sysfsText(reader: SysfsReader): Promise<string> {
  const devices = (await reader.list(ROOT)) ?? [];
  const lines = await Promise.all(devices.map((device) => deviceLines(reader, `${ROOT}/${device}`)));
  return lines
    .flat()
    .map((line) => `${line}\n`)
    .join('');
}

async function deviceLines(reader: SysfsReader, at: string): Promise<string[]> {
  const ports = ((await reader.list(`${at}/ports`)) ?? []).map((port) => `${at}/ports/${port}`);
  const [own, pci, ...perPort] = await Promise.all([
    fileLines(
      reader,
      DEVICE_FILES.map((file) => `${at}/${file}`),
    ),
    reader.realPath(`${at}/device`),
    ...ports.map(async (port) => [
      ...(await fileLines(
        reader,
        PORT_FILES.map((file) => `${port}/${file}`),
      )),
      ...(await gidLines(reader, port)),
    ]),
  ]);
  return [...own, ...(pci === null ? [] : [`${at}/device:${pci.split('/').at(-1)}`]), ...perPort.flat()];
}

async function fileLines(reader: SysfsReader, paths: readonly string[]): Promise<string[]> {
  return linesOf(paths, await Promise.all(paths.map((path) => reader.readText(path))));
}

async function gidLines(reader: SysfsReader, port: string): Promise<string[]> {
  const indexes = (await reader.list(`${port}/gids`)) ?? [];
  const gids = await reader.readTable(indexes.map((index) => `${port}/gids/${index}`));
  const used = indexes.filter((_, at) => /[1-9a-f]/.test(gids[at] ?? ''));
  const paths = used.flatMap((index) => [
    `${port}/gids/${index}`,
    `${port}/gid_attrs/types/${index}`,
    `${port}/gid_attrs/ndevs/${index}`,
  ]);
  return linesOf(paths, await reader.readTable(paths));
}

function linesOf(paths: readonly string[], values: readonly (string | null)[]): string[] {
  return paths.flatMap((path, at) => {
    const value = values[at]?.trim() ?? '';
    return value === '' ? [] : [`${path}:${value}`];
  });
}
