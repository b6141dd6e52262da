/** Hashes many files in child processes of the agent's own program, and tells how far they are. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { FileHashes } from '@dsr1/shared/weights/model';

export interface HashedFile {
  readonly path: string;
  /** null when it could not be read to its end. */
  readonly hashes: FileHashes | null;
  readonly unreadable: { readonly message: string; readonly offset: number | null } | null;
}

export interface HashDeps {
  /** Program and arguments that start this agent's program. */
  readonly agentCommand: readonly string[];
  readonly onRead: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** @throws CHECK_FAILED when a child ends before its files do; the abort reason when `signal` aborts */
export async function hashFiles(
  files: readonly { readonly path: string; readonly bytes: number }[],
  deps: HashDeps,
): Promise<readonly HashedFile[]> {
  const lanes = dealt(files, Math.min(MAX_LANES, Math.max(1, availableParallelism() >> 1)));
  return (
    await Promise.all(lanes.filter(({ length }) => length > 0).map((lane) => hashLane(lane, deps)))
  ).flat();
}

/** SHA-256 takes 1.5 to 2 GB/s a core: four lanes are as fast as an NVMe disk. */
const MAX_LANES = 4;

async function hashLane(
  paths: readonly string[],
  { agentCommand: [program = '', ...args], onRead, signal }: HashDeps,
): Promise<readonly HashedFile[]> {
  const child = spawn(program, [...args, 'hash-files', ...paths], {
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-1000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => {});
  const hashed: HashedFile[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const news = JSON.parse(line) as {
      read?: number;
      file?: string;
      hashes?: FileHashes;
      unreadable?: string;
      offset?: number | null;
    };
    if (news.read !== undefined) onRead(news.read);
    if (news.file !== undefined) {
      const { file: path, hashes = null, unreadable, offset = null } = news;
      hashed.push({
        path,
        hashes,
        unreadable: unreadable === undefined ? null : { message: unreadable, offset },
      });
    }
  }
  const status = await ended;
  if (hashed.length < paths.length) {
    throw new Dsr1Error('CHECK_FAILED', `reading the files ended early (status ${status}): ${said.trim()}`);
  }
  return hashed;
}

/** Largest first, each to the lane with the least to read. */
function dealt(
  files: readonly { readonly path: string; readonly bytes: number }[],
  width: number,
): readonly (readonly string[])[] {
  const lanes = Array.from({ length: width }, () => ({ bytes: 0, paths: [] as string[] }));
  for (const { path, bytes } of [...files].sort((a, b) => b.bytes - a.bytes)) {
    const lane = lanes.reduce((least, one) => (one.bytes < least.bytes ? one : least));
    lane.bytes += bytes;
    lane.paths.push(path);
  }
  return lanes.map(({ paths }) => paths);
}
