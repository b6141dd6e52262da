/** What this node remembers of its models: one small file each, in the state folder. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readDurably, removeDurably, writeDurably } from '@dsr1/shared/durable-file';
import { Nullable } from '@dsr1/shared/facts/nullable';
import { sha256Hex } from '@dsr1/shared/hash';
import { decode } from '@dsr1/shared/schema';
import { FileProblem, ModelHashes, ModelSource } from '@dsr1/shared/weights/model';
import { type Static, Type } from 'typebox';

export const HubFile = Type.Object({
  name: Type.String(),
  bytes: Type.Integer({ minimum: 0 }),
  hash: Nullable(Type.String()),
});
export type HubFile = Static<typeof HubFile>;

export const ModelRecord = Type.Object({
  path: Type.String(),
  /** Set when dsr1 fetched the model: only then may dsr1 remove its files. */
  source: Nullable(ModelSource),
  /** What the hub listed for the pinned revision; empty for models that were there. */
  hubFiles: Type.Array(HubFile),
  files: Type.Integer(),
  bytes: Type.Integer(),
  fingerprint: Nullable(Type.String()),
  /** Of the last look at names, sizes and headers. */
  problems: Type.Array(FileProblem),
  /** Of the last full check. */
  contentProblems: Type.Array(FileProblem),
  hashes: ModelHashes,
  /** Of the first full check of each file as it is by size and time: bytes that change under these have rotted. */
  firstHashes: ModelHashes,
  verifiedAtMs: Nullable(Type.Integer()),
});
export type ModelRecord = Static<typeof ModelRecord>;

export interface ModelRecords {
  all(): readonly ModelRecord[];
  get(path: string): ModelRecord | null;
  /** @throws DISK_FULL */
  put(record: ModelRecord): void;
  remove(path: string): void;
}

export const newRecord = (path: string): ModelRecord => ({
  path,
  source: null,
  hubFiles: [],
  files: 0,
  bytes: 0,
  fingerprint: null,
  problems: [],
  contentProblems: [],
  hashes: {},
  firstHashes: {},
  verifiedAtMs: null,
});

export function modelRecords(folder: string): ModelRecords {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (path: string): string => join(folder, `${sha256Hex(path).slice(0, 32)}.json`);
  const read = (file: string): ModelRecord | null =>
    readDurably(file, (content) =>
      decode(ModelRecord, JSON.parse(content), { what: file, code: 'STATE_CORRUPT' }),
    );
  return {
    all: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => read(join(folder, name)) ?? [])
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    get: (path) => read(fileOf(path)),
    put: (record) => writeDurably(fileOf(record.path), JSON.stringify(record)),
    remove: (path) => removeDurably(fileOf(path)),
  };
}
