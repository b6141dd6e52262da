/** Is every file of a model there and whole, as far as names, sizes and headers tell? Data are not read. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, sha256Hex } from '@dsr1/shared/hash';
import { MAX_POINTER_BYTES, readLfsPointer } from '@dsr1/shared/weights/lfs-pointer';
import type { FileProblem, ModelFile, ModelInspection } from '@dsr1/shared/weights/model';
import { type Expectations, WHOLE_MODEL } from '@dsr1/shared/weights/plan-model';
import type { TensorEntry } from '@dsr1/shared/weights/safetensors';
import {
  checkAgainstIndex,
  INDEX_FILE,
  missingShards,
  readIndex,
  wantedShards,
} from '@dsr1/shared/weights/shards';
import { inParallel } from './in-parallel.ts';
import { lfsProblem, readShard } from './read-shard.ts';

/** @param hubHashes what the hub says of the files, by name */
export async function inspectModel(
  path: string,
  hubHashes: ReadonlyMap<string, string>,
  expects: Expectations = WHOLE_MODEL,
): Promise<ModelInspection> {
  const sizes = await listFiles(path);
  if (sizes === null) return empty(path, `${path} is no folder of this node`);
  const index = sizes.has(INDEX_FILE) ? readIndex(await readFile(join(path, INDEX_FILE), 'utf8')) : null;
  const map = index instanceof Map ? index : null;
  const shards = expects.weights ? wantedShards([...sizes.keys()], map) : [];
  const named = new Set([
    ...shards.filter((name) => sizes.has(name)),
    ...[...sizes.keys()].filter(isBesideWeights),
  ]);
  const looks = await inParallel([...named].sort(), PARALLEL_READS, (name) =>
    look(path, name, sizes.get(name) ?? 0, hubHashes.get(name) ?? null),
  );
  const headers = new Map(
    looks.flatMap(({ file, tensors }) => (tensors === null ? [] : [[file.name, tensors]])),
  );
  const files = looks.map(({ file }) => file);
  return {
    path,
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    tensors: [...headers.values()].reduce((sum, { length }) => sum + length, 0),
    fingerprint: hashOf(files.map(({ name, bytes, digest }) => ({ name, bytes, digest }))),
    problems: [
      ...(index !== null && map === null ? [index as FileProblem] : []),
      ...missingShards(shards, new Set(sizes.keys())),
      ...missingParts([...sizes.keys()], expects),
      ...looks.flatMap(({ problem }) => problem ?? []),
      ...(map === null ? [] : checkAgainstIndex(map, headers)),
    ],
  };
}

interface Look {
  readonly file: ModelFile;
  readonly tensors: readonly TensorEntry[] | null;
  readonly problem: FileProblem | null;
}

/** Opening 163 files one after the other takes seconds on NFS; many at once do not help a disk. */
const PARALLEL_READS = 16;
/** tokenizer.json of large vocabularies has some 20 MB. */
const SMALL_FILE_BYTES = 64 * 1024 * 1024;
const BESIDE_WEIGHTS = /\.(json|jsonl|model|txt|tiktoken|jinja|py|bin|gguf|pt|pth|v\d)$/;
const OTHER_WEIGHTS = /\.(bin|gguf|pt|pth)$/;
const TOKENIZER = /token|vocab|tekken|spiece|sentencepiece|\.model(\.v\d)?$/i;

const isBesideWeights = (name: string): boolean => BESIDE_WEIGHTS.test(name);

async function look(folder: string, name: string, bytes: number, hubHash: string | null): Promise<Look> {
  const path = join(folder, name);
  const file = { name, bytes, hubHash };
  if (name.endsWith('.safetensors')) {
    const shard = await readShard(path, name, bytes);
    return 'tensors' in shard
      ? { file: { ...file, digest: shard.digest }, tensors: shard.tensors, problem: null }
      : { file: { ...file, digest: null }, tensors: null, problem: shard };
  }
  if (bytes > SMALL_FILE_BYTES) return { file: { ...file, digest: null }, tensors: null, problem: null };
  const content = await readFile(path);
  const problem = bytes === 0 && OTHER_WEIGHTS.test(name) ? emptyFile(name) : contentProblem(name, content);
  return { file: { ...file, digest: sha256Hex(content) }, tensors: null, problem };
}

function contentProblem(name: string, content: Buffer): FileProblem | null {
  if (content.length < MAX_POINTER_BYTES) {
    const pointer = readLfsPointer(content.toString('latin1'));
    if (pointer !== null) return lfsProblem(name, pointer.bytes);
  }
  if (name !== 'config.json') return null;
  try {
    JSON.parse(content.toString('utf8'));
    return null;
  } catch (error) {
    const message = `${name} is not JSON: ${(error as Error).message}`;
    return { category: 'weights-corrupt', file: name, offset: null, message };
  }
}

function missingParts(names: readonly string[], { weights, tokenizer }: Expectations): FileProblem[] {
  const isThere = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const missing = (what: string, file: string | null): FileProblem[] => [
    { category: 'model-files-missing', file, offset: null, message: `${what} is missing` },
  ];
  const gguf = isThere(/\.gguf$/);
  return [
    ...(gguf || isThere(/^(config|params)\.json$/) ? [] : missing('config.json', 'config.json')),
    ...(!weights || isThere(/\.safetensors$/) || isThere(OTHER_WEIGHTS)
      ? []
      : missing('every weight file', null)),
    ...(!tokenizer || gguf || isThere(TOKENIZER)
      ? []
      : missing('the tokenizer (tokenizer.json, *.model, vocab.*)', null)),
  ];
}

/** Names and sizes of the files of a folder, links followed; null when there is no such folder. */
async function listFiles(path: string): Promise<ReadonlyMap<string, number> | null> {
  const names = await readdir(path).catch(() => null);
  if (names === null) return null;
  const sizes = await inParallel(names, PARALLEL_READS, async (name) => {
    const found = await stat(join(path, name)).catch(() => null);
    return found?.isFile() === true ? [[name, found.size] as const] : [];
  });
  return new Map(sizes.flat());
}

const emptyFile = (file: string): FileProblem => ({
  category: 'weights-corrupt',
  file,
  offset: 0,
  message: `${file} is empty`,
});

const empty = (path: string, message: string): ModelInspection => ({
  path,
  files: [],
  bytes: 0,
  tensors: 0,
  fingerprint: hashOf([]),
  problems: [{ category: 'model-files-missing', file: null, offset: null, message }],
});
