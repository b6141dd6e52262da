/** Fetches one model with the hub's own client: listed and pinned first, room checked, then fetched until it is whole. */
import { lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { HubRequest } from '@dsr1/shared/weights/hub-command';
import { download, findClient, type Listing, listFiles } from './hub-client.ts';
import type { HubFile } from './records.ts';

export interface PullProgress {
  /** The listing is known, nothing is fetched yet. */
  pinned(listing: Listing): void;
  at(doneBytes: number, totalBytes: number, detail: string): void;
}

export interface PullDeps {
  /** Folders in which the hub's client may be. */
  readonly clientFolders: readonly string[];
  /** Of the file system that holds a path. */
  readonly freeBytes: (path: string) => Promise<number>;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** @throws RUNTIME_MISSING, DISK_FULL, CHECK_FAILED (the hub's refusal, or files that are not as the hub lists them) */
export async function pull(
  request: HubRequest,
  progress: PullProgress,
  deps: PullDeps,
  signal: AbortSignal,
): Promise<void> {
  const client = await findClient(request.source.hub, deps.clientFolders);
  await mkdir(request.home, { recursive: true, mode: 0o700 });
  const listing = await listFiles(client, request, signal);
  const pinned = { ...request, source: { ...request.source, revision: listing.revision ?? '' } };
  const total = listing.files.reduce((sum, { bytes }) => sum + bytes, 0);
  progress.pinned(listing);
  await checkRoom(request.path, total, deps.freeBytes);

  const watch = setInterval(async () => {
    progress.at(Math.min(total, await bytesIn(request.path)), total, 'fetching');
  }, WATCH_MS);
  try {
    // A run that brought something is worth another one: the client goes on where the last has ended.
    for (let before = await bytesIn(request.path); ; ) {
      const failure = await download(client, pinned, signal);
      if (failure === null) break;
      const now = await bytesIn(request.path);
      if (now <= before) throw failure;
      before = now;
      progress.at(Math.min(total, now), total, `trying again: ${failure.message}`);
      await deps.pause(RETRY_MS, signal);
    }
  } finally {
    clearInterval(watch);
  }
  await checkListed(request.path, listing.files);
  progress.at(total, total, 'fetched');
}

const WATCH_MS = 1000;
const RETRY_MS = 5000;
/** Beyond the files: what the client keeps beside them. */
const SPARE_BYTES = 64 * 1024 * 1024;

async function checkRoom(path: string, totalBytes: number, freeBytes: PullDeps['freeBytes']): Promise<void> {
  const free = await freeBytes(path);
  const needed = totalBytes - (await bytesIn(path)) + SPARE_BYTES;
  if (free >= needed) return;
  throw new Dsr1Error(
    'DISK_FULL',
    `${path} needs ${gigabytes(needed)} more, its disk has ${gigabytes(free)} free`,
    { hint: 'free some space there, or pull to a folder of another disk (--to)' },
  );
}

async function checkListed(path: string, files: readonly HubFile[]): Promise<void> {
  const wrong = await Promise.all(
    files.map(async ({ name, bytes }) => {
      const found = await stat(join(path, name)).catch(() => null);
      return found?.size === bytes ? [] : [`${name} (${found?.size ?? 'no'} of ${bytes} bytes)`];
    }),
  );
  const all = wrong.flat();
  if (all.length === 0) return;
  throw new Dsr1Error(
    'CHECK_FAILED',
    `model-files-missing: the client ended well, but the hub lists more: ${all.slice(0, 3).join(', ')}${all.length > 3 ? ` and ${all.length - 3} more` : ''}`,
    { hint: 'pull again' },
  );
}

/** Bytes on disk below a folder, half-fetched files included. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const found = await lstat(join(parentPath, name)).catch(() => null);
        // Clients may reserve the whole length first: what is allocated counts.
        return found === null ? 0 : Math.min(found.size, found.blocks * 512);
      }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
