import { Resolver } from 'node:dns/promises';
import { closeSync, openSync, readSync } from 'node:fs';
import { access, open, readdir, readFile, realpath, statfs } from 'node:fs/promises';
import { machine, networkInterfaces } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Host, InterfaceAddress } from './host.ts';
import { naturalOrder } from './natural-order.ts';
import { runTool } from './run-tool.ts';

export interface LinuxHostOptions {
  /**
   * Folder that is looked into first for every path: `<overlay>/sys/class/infiniband` stands in for
   * `/sys/class/infiniband`, and what the folder lacks is read from the machine. It lets a test host show HCAs.
   */
  readonly overlay?: string;
  /** Folders in which tools are looked for (default: PATH, then the usual sbin folders). */
  readonly toolPath?: readonly string[];
}

const USUAL_TOOL_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const MAX_TEXT_BYTES = 1024 * 1024;
/** Reads between two turns of the event loop: about 3 ms of work. */
const TABLE_BATCH = 512;

/** The machine that this process runs on. */
export function linuxHost({ overlay, toolPath = defaultToolPath() }: LinuxHostOptions = {}): Host {
  const candidates = (path: string) => (overlay === undefined ? [path] : [overlay + path, path]);
  const located = async (path: string): Promise<string> => {
    if (overlay === undefined) return path;
    return access(overlay + path).then(
      () => overlay + path,
      () => path,
    );
  };
  const withoutOverlay = (path: string) =>
    overlay !== undefined && path.startsWith(`${overlay}/`) ? path.slice(overlay.length) : path;

  return {
    arch: machine(),
    toolPath,
    readText: async (path) =>
      orNull(async () => (await readFile(await located(path), 'utf8')).slice(0, MAX_TEXT_BYTES)),
    readTable: async (paths) => {
      const texts: (string | null)[] = [];
      for (const path of paths) {
        texts.push(readSmall(candidates(path)));
        if (texts.length % TABLE_BATCH === 0) await setImmediate();
      }
      return texts;
    },
    list: async (path) => orNull(async () => (await readdir(await located(path))).sort(naturalOrder)),
    realPath: async (path) => orNull(async () => withoutOverlay(await realpath(await located(path)))),
    whyNotOpenable: async (path) => {
      try {
        const handle = await open(await located(path), 'r+');
        await handle.close();
        return null;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error);
      }
    },
    fileSystem: async (path) =>
      orNull(async () => {
        const { bsize, blocks, bavail } = await statfs(path);
        return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
      }),
    run: (argv, limits) => runTool(argv, { PATH: toolPath.join(':'), LC_ALL: 'C', HOME: '/' }, limits),
    addresses: listAddresses,
    nameServerIsSilent,
    cpuModel: async () => {
      // Loaded only where it is needed: it costs forks, but knows the implementer and part numbers of arm64 cores.
      const { cpu } = await import('systeminformation');
      return orNull(async () => (await cpu()).brand || null);
    },
  };
}

function defaultToolPath(): string[] {
  return [...new Set([...(process.env.PATH ?? '').split(':').filter(Boolean), ...USUAL_TOOL_PATH])];
}

async function orNull<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch {
    return null;
  }
}

function readSmall(candidates: readonly string[]): string | null {
  for (const path of candidates) {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch {
      continue;
    }
    try {
      const buffer = Buffer.allocUnsafe(4096);
      return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, null));
    } catch {
      return null;
    } finally {
      closeSync(file);
    }
  }
  return null;
}

function listAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([netdev, infos]) =>
    (infos ?? []).map(({ family, address, cidr, mac }) => ({
      netdev,
      family: family === 'IPv4' ? (4 as const) : (6 as const),
      address,
      prefixLength: cidr === null ? null : Number(cidr.split('/')[1]),
      mac,
    })),
  );
}

async function nameServerIsSilent(server: string, name: string, timeoutMs: number): Promise<boolean> {
  try {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    resolver.setServers([server]);
    await resolver.resolve4(name);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ETIMEOUT';
  }
}
