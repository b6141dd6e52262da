/** What the hub says of files that are on disk, from what its client left beside them. */
import { readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inParallel } from './in-parallel.ts';

/**
 * Hashes by file name: SHA-256 of large files, git's blob hash of small ones.
 * - `hf download --local-dir`: `.cache/huggingface/download/NAME.metadata`, lines commit, etag, time
 * - the cache of huggingface_hub: `snapshots/COMMIT/NAME` is a link to `blobs/HASH`
 * (https://huggingface.co/docs/huggingface_hub/guides/manage-cache)
 */
export async function readHubHashes(
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await inParallel(names, 16, async (name) => {
    const hash = (await fromMetadata(folder, name)) ?? (await fromLink(folder, name));
    return hash === null ? [] : [[name, hash] as const];
  });
  return new Map(found.flat());
}

async function fromMetadata(folder: string, name: string): Promise<string | null> {
  const path = join(folder, '.cache/huggingface/download', `${name}.metadata`);
  const text = await readFile(path, 'utf8').catch(() => '');
  return hashIn(text.split('\n')[1] ?? '');
}

async function fromLink(folder: string, name: string): Promise<string | null> {
  return hashIn(basename(await readlink(join(folder, name)).catch(() => '')));
}

const hashIn = (text: string): string | null =>
  /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/.exec(text.trim())?.[0] ?? null;
