import { Resolver } from 'node:dns/promises';
import {
  closeSync,
  existsSync,
  openSync,
  readFile as readFileCallback,
  readSync,
  realpathSync,
} from 'node:fs';
import { open, readdir, realpath, stat, statfs } from 'node:fs/promises';
import { machine, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import { dockerApi } from '../workload/runtimes/docker-api.ts';
import type { Host, InterfaceAddress, SocketAnswer } from './host.ts';
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

/** The last is where drivers lie that an image brings in beside the distribution. */
const USUAL_TOOL_PATH = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/usr/local/nvidia/bin',
];
/** Half the cost of the one in node:fs/promises, which makes a handle object for each file. */
const readFile = promisify(readFileCallback);
const MAX_TEXT_BYTES = 1024 * 1024;
/** Reads between two turns of the event loop: about 3 ms of work. */
const TABLE_BATCH = 512;

/**
 * The machine that this process runs on.
 *
 * @throws CONFIG_INVALID when the overlay is not there
 */
export function linuxHost({ overlay: given, toolPath = defaultToolPath() }: LinuxHostOptions = {}): Host {
  const overlay = given === undefined ? undefined : overlayFolder(given);
  const candidates = (path: string) => (overlay === undefined ? [path] : [overlay + path, path]);
  const withoutOverlay = (path: string) =>
    overlay !== undefined && path.startsWith(`${overlay}/`) ? path.slice(overlay.length) : path;

  return {
    arch: machine(),
    toolPath,
    readText: (path) =>
      firstOf(candidates(path), async (at) => (await readFile(at, 'utf8')).slice(0, MAX_TEXT_BYTES)),
    readTable: async (paths) => {
      const texts: (string | null)[] = [];
      for (const path of paths) {
        texts.push(readSmall(candidates(path)));
        if (texts.length % TABLE_BATCH === 0) await setImmediate();
      }
      return texts;
    },
    list: (path) => firstOf(candidates(path), async (at) => (await readdir(at)).sort(naturalOrder)),
    modifiedMs: (path) => firstOf(candidates(path), async (at) => (await stat(at)).mtimeMs),
    realPath: (path) => firstOf(candidates(path), async (at) => withoutOverlay(await realpath(at))),
    whyNotOpenable: async (path) => {
      let reason = 'ENOENT';
      for (const at of candidates(path)) {
        try {
          await (await open(at, 'r+')).close();
          return null;
        } catch (error) {
          reason = (error as NodeJS.ErrnoException).code ?? String(error);
          if (reason !== 'ENOENT') return reason;
        }
      }
      return reason;
    },
    fileSystem: (path) =>
      firstOf([path], async () => {
        const { bsize, blocks, bavail } = await statfs(path);
        return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
      }),
    run: async (argv, limits) => {
      // A spawn that fails costs as much as one that works (5 ms), and most hosts lack most tools.
      if (!isInstalled(argv[0], toolPath))
        return { answered: false, why: 'missing', reason: 'not installed' };
      return runTool(argv, toolEnv(toolPath), limits);
    },
    askDocker,
    addresses: listAddresses,
    nameServerIsSilent,
    cpuModel: async () => {
      // Loaded only where it is needed: it costs forks, but knows the implementer and part numbers of arm64 cores.
      const { cpu } = await import('systeminformation');
      return (await cpu()).brand || null;
    },
  };
}

/** Without links, so that paths found inside can be told from the machine's. */
function overlayFolder(given: string): string {
  try {
    return realpathSync(given);
  } catch (cause) {
    throw new Dsr1Error(
      'CONFIG_INVALID',
      `expected a folder as the host's overlay, found nothing at ${given}`,
      { cause },
    );
  }
}

function defaultToolPath(): string[] {
  return [...new Set([...(process.env.PATH ?? '').split(':').filter(Boolean), ...USUAL_TOOL_PATH])];
}

/** Nothing of the agent's own environment but the library path, by which such drivers find their parts. */
function toolEnv(toolPath: readonly string[]): Record<string, string> {
  const { LD_LIBRARY_PATH } = process.env;
  return {
    PATH: toolPath.join(':'),
    LC_ALL: 'C',
    HOME: '/',
    ...(LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH }),
  };
}

const isInstalled = (tool: string, toolPath: readonly string[]) =>
  tool.includes('/') || toolPath.some((folder) => existsSync(join(folder, tool)));

/** The first place that answers; null when none does. */
async function firstOf<T>(places: readonly string[], look: (place: string) => Promise<T>): Promise<T | null> {
  for (const place of places) {
    try {
      return await look(place);
    } catch {
      // Not there, or not for us: the next place may be.
    }
  }
  return null;
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

async function askDocker(socketPath: string, path: string, timeoutMs: number): Promise<SocketAnswer> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    return { answered: true, ...(await dockerApi(socketPath).call('GET', path, { signal })) };
  } catch (error) {
    return { answered: false, reason: toDsr1Error(error).message };
  }
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
