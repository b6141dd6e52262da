/**
 * /sys/class/infiniband as text: `grep -r . …` and `find … | xargs` (path:value), `head`-like (path, then the value on
 * the next line), and the port attributes that `ls`-like listings give. Reads of unused slots print EINVAL: no value.
 */
import { ipv4OfGid, isEmptyGid, pciFunction } from './address.ts';
import {
  type GidRow,
  isVirtualModel,
  lidNumber,
  linkLayerOf,
  type PortRow,
  physState,
  portState,
  rateGbps,
} from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export interface ParsedSysfs extends Parsed<PortRow> {
  readonly gids: GidRow[];
}

interface Slot {
  gid?: string;
  type?: string;
  netdev?: string;
}

interface Port {
  readonly attributes: Map<string, string>;
  readonly slots: Map<number, Slot>;
}

interface Device {
  readonly attributes: Map<string, string>;
  readonly ports: Map<number, Port>;
}

export function parseSysfsInfiniband(dump: Dump): ParsedSysfs {
  const devices = new Map<string, Device>();
  let awaited: string[] = [];
  let globbed: { pattern: string; values: string[] } | null = null;
  const readGlob = (): void => {
    for (const [index, value] of lexicographic(globbed?.values ?? [])) {
      store(devices, (globbed?.pattern ?? '').replace('*', String(index)), value);
    }
    globbed = null;
  };
  const unknown = readLines(dump, (line) => {
    const paths = catPaths(line);
    const entry = paths.length > 0 ? null : entryOf(line);
    const failed = /: (Invalid argument|No such file|No such device)|^\s*(cat|grep|head|ls):/.test(line);
    if (paths.length > 0 || entry) readGlob();
    if (paths.length === 1 && /\/gids\/\*$/.test(paths[0] ?? ''))
      globbed = { pattern: paths[0] ?? '', values: [] };
    else if (paths.length > 0) awaited = paths;
    else if (entry && entry.value !== '') store(devices, entry.path, entry.value);
    else if (entry) awaited = [entry.path];
    else if (failed) awaited.shift();
    else if (globbed) globbed.values.push(line.trim());
    else if (awaited.length > 0) store(devices, awaited.shift() ?? '', line.trim());
    else return false;
    return true;
  });
  readGlob();
  const ports = [...devices].flatMap(([name, device]) =>
    [...device.ports].map(([port, data]) => ({ name, device, port, data })),
  );
  return {
    rows: ports
      .filter(({ data }) => data.attributes.size > 0)
      .map((found) => portRow(found.name, found.device, found.port, found.data.attributes)),
    gids: ports.flatMap(({ name, port, data }) =>
      [...data.slots].flatMap(([index, slot]) => gidRow(name, port, index, slot)),
    ),
    unknown,
  };
}

/** `…/infiniband/mlx5_0/ports/1/state:4: ACTIVE`, `==> path <==`, `path = value`, or the path alone. */
function entryOf(line: string): { path: string; value: string } | null {
  const match =
    /^\s*(?:==>\s*)?(?:\S*\/)?infiniband\/([^\s:=]+)(?:\s*[:=]\s*|\s+(?!<)|\s*<==\s*$|\s*$)(.*)$/.exec(
      line,
    ) ?? /^\s*(?:\.\/)?([\w.-]+\/ports\/\d+\/[\w/]+):(.*)$/.exec(line);
  return match ? { path: match[1] ?? '', value: (match[2] ?? '').trim() } : null;
}

/** Paths of a typed `cat`: their values are the lines that follow, one each. */
function catPaths(line: string): string[] {
  const typed = /^\s*(?:\S{0,80}[#$%>]\s*)?cat\s+(\S.*)$/.exec(line)?.[1] ?? '';
  return typed.split(/\s+/).flatMap((word) => /infiniband\/(\S+)$/.exec(word)?.[1] ?? []);
}

/** Values in the order in which a shell expands `*` over 0 … n-1: 0 1 10 11 2 … */
function lexicographic(values: readonly string[]): (readonly [number, string])[] {
  const order = values.map((_, index) => String(index)).sort();
  return values.map((value, at) => [Number(order[at]), value] as const);
}

function store(devices: Map<string, Device>, path: string, value: string): void {
  if (/Invalid argument|No such/.test(value)) return;
  const [name = '', ...rest] = path.split('/');
  const device = getOrMake(devices, name, () => ({ attributes: new Map(), ports: new Map() }));
  if (rest[0] !== 'ports') {
    if (rest.length > 0) device.attributes.set(rest.join('/'), value);
    return;
  }
  if (!/^\d{1,3}$/.test(rest[1] ?? '')) return;
  const port = getOrMake(device.ports, Number(rest[1]), () => ({ attributes: new Map(), slots: new Map() }));
  const [, , attribute = '', third = '', fourth = ''] = rest;
  const index = attribute === 'gids' ? third : fourth;
  if (attribute !== 'gids' && attribute !== 'gid_attrs') {
    if (rest.length === 3) port.attributes.set(attribute, value);
  } else if (/^\d{1,5}$/.test(index)) {
    const slot = getOrMake<number, Slot>(port.slots, Number(index), () => ({}));
    if (attribute === 'gids') slot.gid = value;
    else if (third === 'types') slot.type = value;
    else if (third === 'ndevs') slot.netdev = value;
  }
}

function portRow(
  device: string,
  { attributes: own }: Device,
  port: number,
  attributes: Map<string, string>,
): PortRow {
  const get = (key: string): string => attributes.get(key) ?? '';
  const numa = own.get('device/numa_node');
  return {
    device,
    port,
    state: portState(get('state')),
    phys: physState(get('phys_state')),
    linkLayer: linkLayerOf(get('link_layer')),
    rateGbps: rateGbps(get('rate')),
    ...(attributes.has('lid') ? { lid: lidNumber(get('lid')) } : {}),
    ...(attributes.has('sm_lid') ? { smLid: lidNumber(get('sm_lid')) } : {}),
    ...(own.has('fw_ver') ? { firmware: own.get('fw_ver') ?? null } : {}),
    ...(own.has('hca_type') ? { virtualFunction: isVirtualModel(own.get('hca_type') ?? '') } : {}),
    ...(own.has('node_guid') ? { nodeGuid: own.get('node_guid') ?? null } : {}),
    ...(own.has('device') ? { pci: pciFunction(own.get('device')?.split('/').at(-1) ?? '') } : {}),
    ...(numa !== undefined && /^\d+$/.test(numa) ? { numaNode: Number(numa) } : {}),
  };
}

function gidRow(device: string, port: number, index: number, slot: Slot): GidRow[] {
  if (slot.gid === undefined || isEmptyGid(slot.gid)) return [];
  const version = /v([12])/i.exec(slot.type ?? '')?.[1];
  return [
    {
      device,
      port,
      index,
      gid: slot.gid,
      version: version === undefined ? null : version === '1' ? 1 : 2,
      ipv4: ipv4OfGid(slot.gid),
      netdev: slot.netdev ?? null,
    },
  ];
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
