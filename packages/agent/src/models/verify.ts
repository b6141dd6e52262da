/** Reads a whole model and says which bytes are not what they should be. */
import { join } from 'node:path';
import {
  BLOCK_BYTES,
  type FileHashes,
  type FileProblem,
  type ModelFile,
  type ModelHashes,
} from '@dsr1/shared/weights/model';
import { type HashDeps, type HashedFile, hashFiles } from './hash-files.ts';

export interface FullCheck {
  readonly hashes: ModelHashes;
  readonly firstHashes: ModelHashes;
  readonly problems: readonly FileProblem[];
}

/** @param first of earlier checks: they tell where a file changed that should not have */
export async function verify(
  path: string,
  files: readonly ModelFile[],
  first: ModelHashes,
  deps: HashDeps,
): Promise<FullCheck> {
  const hashed = await hashFiles(
    files.map(({ name, bytes }) => ({ path: join(path, name), bytes })),
    deps,
  );
  const byPath = new Map(hashed.map((one) => [one.path, one]));
  const hashes: Record<string, FileHashes> = {};
  const firstHashes: Record<string, FileHashes> = {};
  const problems: FileProblem[] = [];
  for (const file of files) {
    const found = byPath.get(join(path, file.name));
    if (found === undefined) continue;
    const earlier = found.hashes === null ? undefined : asBefore(found.hashes, first[file.name]);
    problems.push(...judge(file, found, earlier));
    if (found.hashes === null) continue;
    hashes[file.name] = found.hashes;
    firstHashes[file.name] = earlier ?? found.hashes;
  }
  return { hashes, firstHashes, problems };
}

/** The earlier hashes, when the file claims to be the same by size and time. */
const asBefore = (now: FileHashes, then: FileHashes | undefined): FileHashes | undefined =>
  then?.bytes === now.bytes && then.mtimeMs === now.mtimeMs ? then : undefined;

function judge(
  { name, hubHash }: ModelFile,
  { hashes, unreadable }: HashedFile,
  earlier: FileHashes | undefined,
): readonly FileProblem[] {
  const problem = (offset: number | null, says: string): FileProblem[] => [
    { category: 'weights-corrupt', file: name, offset, message: `${name} ${says}` },
  ];
  if (hashes === null) return problem(unreadable?.offset ?? null, unreadable?.message ?? 'cannot be read');
  const at = earlier?.blocks.findIndex((block, i) => block !== hashes.blocks[i]) ?? -1;
  const offset = at < 0 ? null : at * BLOCK_BYTES;
  const where =
    offset === null ? '' : `, first in bytes ${offset}–${Math.min(hashes.bytes, offset + BLOCK_BYTES) - 1}`;
  if (hubHash?.length === SHA256_DIGITS && hubHash !== hashes.sha256) {
    return problem(offset, `has SHA-256 ${hashes.sha256}, the hub says ${hubHash}${where}`);
  }
  if (offset === null || hubHash === hashes.sha256) return [];
  return problem(offset, `has changed since it was first read, although its size and time have not${where}`);
}

const SHA256_DIGITS = 64;
