/** Models on disk, made by the test: safetensors shards with an index, as Hugging Face lays them out. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ModelShape {
  readonly shards: number;
  readonly tensorsPerShard: number;
  /** BF16 elements of each tensor. */
  readonly elements: number;
}

export const shardName = (at: number, of: number): string =>
  `model-${String(at + 1).padStart(5, '0')}-of-${String(of).padStart(5, '0')}.safetensors`;

/** A file in the format: length, header, data. */
export function safetensors(tensors: readonly string[], elements: number, fill = 7): Buffer {
  const bytes = elements * 2;
  const entries = tensors.map((name, i) => [
    name,
    { dtype: 'BF16', shape: [elements], data_offsets: [i * bytes, (i + 1) * bytes] },
  ]);
  return framed(
    JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }),
    bytes * tensors.length,
    fill,
  );
}

export function framed(header: string, dataBytes: number, fill = 7): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes, fill)]);
}

/** Writes a whole model into `folder`; answers with its files. */
export function aModel(
  folder: string,
  { shards, tensorsPerShard, elements }: ModelShape,
): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const names = Array.from(
      { length: tensorsPerShard },
      (_, i) => `model.layers.${shard}.mlp.experts.${i}.up_proj.weight`,
    );
    for (const name of names) weightMap[name] = shardName(shard, shards);
    files.set(shardName(shard, shards), safetensors(names, elements, shard + 1));
  }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  files.set('model.safetensors.index.json', json({ metadata: {}, weight_map: weightMap }));
  files.set('config.json', json({ architectures: ['LlamaForCausalLM'] }));
  files.set('tokenizer.json', json({ version: '1.0' }));
  files.set('README.md', Buffer.from('# a model\n'));
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return files;
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
/** Hash of a file as git knows it. */
export const gitBlob = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
