/** Which weight files a model folder must have, and whether their headers hold what its index names. */
import type { FileProblem } from './model.ts';
import type { TensorEntry } from './safetensors.ts';

/** `model.safetensors.index.json`: tensor → shard. */
export type WeightMap = ReadonlyMap<string, string>;

export const INDEX_FILE = 'model.safetensors.index.json';

/** The index, or what is wrong with it. */
export function readIndex(text: string): WeightMap | FileProblem {
  const map = weightMapOf(text);
  if (map === null) return badIndex('is not a JSON object with a weight_map');
  const shards = new Set<string>();
  const index = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || !(shards.has(shard) || SHARD_NAME.test(shard))) {
      return badIndex(`names no file of this folder for tensor ${tensor}`);
    }
    shards.add(shard);
    index.set(tensor, shard);
  }
  return index.size === 0 ? badIndex('names no tensor') : index;
}

/** The safetensors files that engines load: those of the index, else all; with the missing ones of a numbered set. */
export function wantedShards(names: readonly string[], index: WeightMap | null): readonly string[] {
  if (index !== null) return [...new Set(index.values())].sort();
  const present = names.filter((name) => name.endsWith('.safetensors'));
  return [...new Set([...present, ...present.flatMap(wholeSet)])].sort();
}

export function missingShards(
  wanted: readonly string[],
  present: ReadonlySet<string>,
): readonly FileProblem[] {
  return wanted
    .filter((name) => !present.has(name))
    .map((file) => ({
      category: 'model-files-missing',
      file,
      offset: null,
      message: `${file} is missing (${wanted.length} weight files belong to the model)`,
    }));
}

/** Tensors that the index names and the shard's header lacks; one problem a shard. */
export function checkAgainstIndex(
  index: WeightMap,
  headers: ReadonlyMap<string, readonly TensorEntry[]>,
): readonly FileProblem[] {
  const names = new Map(
    [...headers].map(([file, tensors]) => [file, new Set(tensors.map(({ name }) => name))]),
  );
  const lacking = new Map<string, string[]>();
  for (const [tensor, shard] of index) {
    const held = names.get(shard);
    if (held !== undefined && !held.has(tensor)) lacking.set(shard, [...(lacking.get(shard) ?? []), tensor]);
  }
  return [...lacking].map(([file, [first, ...more]]) => ({
    category: 'weights-corrupt',
    file,
    offset: null,
    message: `${file} lacks tensor ${first}${more.length > 0 ? ` and ${more.length} more` : ''}, which ${INDEX_FILE} places there`,
  }));
}

/** No folders: a shard is a file beside its index. */
const SHARD_NAME = /^[^/\\]{1,255}$/;
const NUMBERED = /^(.*-)(\d{5})-of-(\d{5})(\.safetensors)$/;
const MAX_SHARDS = 10_000;

function wholeSet(name: string): readonly string[] {
  const [, before = '', , of = '', after = ''] = NUMBERED.exec(name) ?? [];
  const count = Number(of);
  if (count > MAX_SHARDS) return [];
  return Array.from(
    { length: count },
    (_, i) => `${before}${String(i + 1).padStart(5, '0')}-of-${of}${after}`,
  );
}

function weightMapOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
    return typeof map === 'object' && map !== null && !Array.isArray(map)
      ? (map as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

const badIndex = (says: string): FileProblem => ({
  category: 'weights-corrupt',
  file: INDEX_FILE,
  offset: null,
  message: `${INDEX_FILE} ${says}`,
});
