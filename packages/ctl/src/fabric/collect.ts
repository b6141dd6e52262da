/** What this host's tools, sysfs and environment say of its fabric, as texts with a manifest: a bundle that explain replays. */
import { execFile } from 'node:child_process';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DumpManifest } from '@dsr1/shared/fabric/dump';
import { isNetworkVariable } from '@dsr1/shared/fabric/parse/env';
import { isSecretName, maskText } from './mask.ts';

export interface CollectOptions {
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly mask: boolean;
  /** A tool that hangs costs this much and nothing else. */
  readonly timeoutMs: number;
}

/** Kind of a dump → the tool that prints it. */
const TOOLS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'ip-a': ['ip', '-d', 'addr'],
  'ip-route': ['ip', 'route'],
  'ip-rule': ['ip', 'rule'],
  'rdma-link': ['rdma', 'link'],
  ibdev2netdev: ['ibdev2netdev', '-v'],
  show_gids: ['show_gids'],
  ibstat: ['ibstat'],
  ibv_devinfo: ['ibv_devinfo', '-v'],
  'nvidia-smi': ['nvidia-smi', '-q', '-x'],
  'topo-m': ['nvidia-smi', 'topo', '-m'],
  lspci: ['lspci', '-D'],
};

export interface Collected {
  /** By path, `dump.json` among them. */
  readonly texts: ReadonlyMap<string, string>;
  /** Tools that did not answer; the manifest names them too. */
  readonly missing: readonly { readonly tool: string; readonly reason: string }[];
}

export async function collectTexts(options: CollectOptions): Promise<Collected> {
  const kinds = Object.entries(TOOLS);
  const answers = await Promise.all(kinds.map(([, argv]) => runTool(argv, options)));
  const sysfs = await sysfsText('/sys/class/infiniband');
  const settings = Object.entries(options.env).filter(
    ([name]) => isNetworkVariable(name) && !isSecretName(name),
  );
  const found = new Map<string, string>([
    ...kinds.flatMap(([kind], at) => (answers[at]?.stdout ? [[kind, answers[at].stdout] as const] : [])),
    ...(sysfs === '' ? [] : [['sysfs-infiniband', sysfs] as const]),
    ...(settings.length === 0
      ? []
      : [['env', settings.map(([name, value]) => `${name}=${value}\n`).join('')] as const]),
  ]);
  const missing = kinds.flatMap(([, argv], at) => {
    const reason = answers[at]?.fault ?? null;
    return reason === null ? [] : [{ tool: argv.join(' '), reason }];
  });
  const files = Object.fromEntries([...found.keys()].map((kind) => [kind, `${options.host}/${kind}.txt`]));
  const manifest: DumpManifest = { nodes: [{ name: options.host, files, missing }] };
  const texts = [...found].map(
    ([kind, text]) => [`${options.host}/${kind}.txt`, options.mask ? maskText(text) : text] as const,
  );
  return { texts: new Map([['dump.json', `${JSON.stringify(manifest, null, 2)}\n`], ...texts]), missing };
}

/** Output counts even when the tool failed in the end (`ibstat` prints good ports and then `ibpanic:`). */
function runTool(
  [file, ...args]: readonly [string, ...string[]],
  { env, timeoutMs }: CollectOptions,
): Promise<{ stdout: string; fault: string | null }> {
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 } as const;
  return new Promise((resolve) => {
    execFile(file, args, { ...limits, env: { ...env, LC_ALL: 'C' } }, (error, stdout) => {
      const fault =
        error === null
          ? null
          : error.code === 'ENOENT'
            ? 'not installed'
            : error.killed
              ? 'no answer in time'
              : `ended with ${error.code ?? error.signal}`;
      resolve({ stdout, fault });
    });
  });
}

const DEVICE_FILES = ['node_guid', 'fw_ver', 'device/numa_node'];
const PORT_FILES = ['state', 'phys_state', 'link_layer', 'rate', 'lid', 'sm_lid'];

/** `path:value` lines. Unused GID slots, of which there are hundreds, and slots of other namespaces are left out. */
async function sysfsText(root: string): Promise<string> {
  const lines: string[] = [];
  const read = async (path: string): Promise<string | null> =>
    (await readFile(path, 'utf8').catch(() => '')).trim() || null;
  const show = async (path: string): Promise<void> => {
    const value = await read(path);
    if (value !== null) lines.push(`${path}:${value}`);
  };
  for (const device of await names(root)) {
    for (const file of DEVICE_FILES) await show(join(root, device, file));
    const pci = await realpath(join(root, device, 'device')).catch(() => null);
    if (pci !== null) lines.push(`${join(root, device, 'device')}:${basename(pci)}`);
    for (const port of await names(join(root, device, 'ports'))) {
      const at = join(root, device, 'ports', port);
      for (const file of PORT_FILES) await show(join(at, file));
      for (const index of await names(join(at, 'gids'))) {
        const gid = await read(join(at, 'gids', index));
        if (gid === null || /^[0:]+$/.test(gid)) continue;
        lines.push(`${join(at, 'gids', index)}:${gid}`);
        await show(join(at, 'gid_attrs/types', index));
        await show(join(at, 'gid_attrs/ndevs', index));
      }
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}
