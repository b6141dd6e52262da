import type { FileSystem, Host, InterfaceAddress, SocketAnswer, ToolAnswer } from './host.ts';
import { naturalOrder } from './natural-order.ts';

/** A host as data: what its files hold and what its tools print. */
export interface HostRecord {
  readonly files: Readonly<Record<string, string>>;
  /** Symbolic links: path → target, absolute or relative to the link's folder. */
  readonly links?: Readonly<Record<string, string>>;
  /** By argv joined with blanks (`ip -j -4 route`): what it prints, or the whole answer. Other tools are not installed. */
  readonly tools?: Readonly<Record<string, string | ToolAnswer>>;
  /** By socket and path (`/run/docker.sock /version`). */
  readonly dockerAnswers?: Readonly<Record<string, SocketAnswer>>;
  readonly fileSystems?: Readonly<Record<string, FileSystem>>;
  readonly addresses?: readonly InterfaceAddress[];
  /** Device nodes that exist and do not open: path → errno name. */
  readonly closed?: Readonly<Record<string, string>>;
  readonly silentNameServers?: readonly string[];
  readonly arch?: string;
}

/** A host that is not there: for tests, for replaying a support bundle, and for many agents in one process. */
export function simulatedHost(record: HostRecord): Host {
  const tree = treeOf(record);
  const text = async (path: string) => tree.files.get(tree.resolve(path) ?? NOWHERE) ?? null;
  return {
    arch: record.arch ?? 'x86_64',
    toolPath: ['/usr/local/bin', '/usr/bin'],
    readText: text,
    readTable: (paths) => Promise.all(paths.map(text)),
    list: async (path) => {
      const names = tree.folders.get(tree.resolve(path) ?? NOWHERE);
      return names === undefined ? null : [...names].sort(naturalOrder);
    },
    modifiedMs: async (path) => (tree.resolve(path) === null ? null : 0),
    realPath: async (path) => tree.resolve(path),
    whyNotOpenable: async (path) => record.closed?.[path] ?? ((await text(path)) === null ? 'ENOENT' : null),
    fileSystem: async (path) => record.fileSystems?.[path] ?? null,
    run: async (argv) => {
      const answer = record.tools?.[argv.join(' ')];
      if (answer === undefined) return { answered: false, why: 'missing', reason: 'not installed' };
      return typeof answer === 'string'
        ? { answered: true, exitCode: 0, stdout: answer, stderr: '' }
        : answer;
    },
    askDocker: async (socketPath, path) =>
      record.dockerAnswers?.[`${socketPath} ${path}`] ?? {
        answered: false,
        reason: `there is no socket ${socketPath}`,
      },
    addresses: () => record.addresses ?? [],
    nameServerIsSilent: async (server) => record.silentNameServers?.includes(server) ?? false,
    cpuModel: async () => null,
  };
}

/** No path resolves to this. */
const NOWHERE = '\0';

interface Tree {
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlyMap<string, ReadonlySet<string>>;
  /** Path without links; null when nothing is there. */
  resolve(path: string): string | null;
}

/** As many links as the kernel follows (MAXSYMLINKS). */
const MAX_LINKS = 40;

function treeOf({ files: entries, links = {} }: HostRecord): Tree {
  const files = new Map(Object.entries(entries));
  const folders = new Map<string, Set<string>>();
  for (const path of [...files.keys(), ...Object.keys(links)]) {
    for (let at = path; at !== ''; at = parentOf(at)) {
      const names = folders.get(parentOf(at)) ?? new Set();
      folders.set(parentOf(at), names.add(nameOf(at)));
    }
  }
  const resolve = (path: string): string | null => {
    const rest = path.split('/').filter(Boolean);
    let at = '';
    for (let followed = 0; rest.length > 0; ) {
      const name = rest.shift() ?? '';
      if (name === '.') continue;
      at = name === '..' ? parentOf(at) : `${at}/${name}`;
      const target = links[at];
      if (target === undefined) continue;
      followed += 1;
      if (followed > MAX_LINKS) return null;
      rest.unshift(...target.split('/').filter(Boolean));
      at = target.startsWith('/') ? '' : parentOf(at);
    }
    return files.has(at) || folders.has(at) ? at : null;
  };
  return { files, folders, resolve };
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
