/** What is known of a model's files on one node. Agents answer with these values; coordinator and dsr1ctl read them. */
import { type Static, Type } from 'typebox';
import { Nullable } from '../facts/nullable.ts';

const closed = { additionalProperties: false } as const;

/** The words of diagnose/categories.ts for what is wrong with files. */
export const FileCategory = Type.Union([
  Type.Literal('model-files-missing'),
  Type.Literal('weights-corrupt'),
]);
export type FileCategory = Static<typeof FileCategory>;

export const FileProblem = Type.Object({
  category: FileCategory,
  /** Name within the model folder, null when the folder itself is meant. */
  file: Nullable(Type.String()),
  /** First byte known to be wrong or absent, null when it is not known. */
  offset: Nullable(Type.Integer()),
  /** What was expected and what was found. */
  message: Type.String(),
});
export type FileProblem = Static<typeof FileProblem>;

/** One file that an engine reads. */
export const ModelFile = Type.Object({
  name: Type.String(),
  bytes: Type.Integer(),
  /** SHA-256 of the header of a safetensors file, of the whole content of a small file; null for other large ones. */
  digest: Nullable(Type.String()),
  /** What the hub says: SHA-256 (64 digits) of a large file, git's blob hash (40 digits) of a small one. */
  hubHash: Nullable(Type.String()),
});
export type ModelFile = Static<typeof ModelFile>;

export const HubKind = Type.Union([Type.Literal('hf'), Type.Literal('modelscope')]);
export type HubKind = Static<typeof HubKind>;

export const ModelSource = Type.Object(
  {
    hub: HubKind,
    repo: Type.String({ pattern: '^[\\w.-]+(/[\\w.-]+)?$', description: 'Name on the hub: `org/name`.' }),
    revision: Type.String({
      pattern: '^[\\w./-]*$',
      description: 'Commit, tag or branch; empty = newest. It is pinned to a commit.',
    }),
  },
  closed,
);
export type ModelSource = Static<typeof ModelSource>;

/** A look at names, sizes and headers: well under a second for 640 GB. */
export const ModelInspection = Type.Object({
  path: Type.String(),
  files: Type.Array(ModelFile),
  bytes: Type.Integer(),
  tensors: Type.Integer(),
  /** Equal on two nodes when names, sizes, headers and small files are. */
  fingerprint: Type.String(),
  problems: Type.Array(FileProblem),
});
export type ModelInspection = Static<typeof ModelInspection>;

/** What a model folder says of its model, without its weights. */
export const ModelConfig = Type.Object({
  /** Text of config.json; null when there is none, or it is larger than any can be. */
  config: Nullable(Type.String()),
  /** `metadata.total_size` of the shards' index, or the size of the one file; null when neither is there. */
  storedBytes: Nullable(Type.Integer()),
});
export type ModelConfig = Static<typeof ModelConfig>;

/** The whole content of one file. */
export const FileHashes = Type.Object({
  bytes: Type.Integer(),
  mtimeMs: Type.Number(),
  sha256: Type.String(),
  /** CRC-32 of every BLOCK_BYTES, 8 hex digits each. */
  blocks: Type.Array(Type.String()),
});
export type FileHashes = Static<typeof FileHashes>;
export const ModelHashes = Type.Record(Type.String(), FileHashes);
export type ModelHashes = Static<typeof ModelHashes>;

/** Block of a full check: a wrong byte is narrowed down from here. */
export const BLOCK_BYTES = 64 * 1024 * 1024;

export const ModelJob = Type.Object({
  kind: Type.Union([Type.Literal('pull'), Type.Literal('verify')]),
  state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
  doneBytes: Type.Integer(),
  /** null while it is not known. */
  totalBytes: Nullable(Type.Integer()),
  startedAtMs: Type.Integer(),
  /** What it does now, or why it failed. */
  detail: Type.String(),
});
export type ModelJob = Static<typeof ModelJob>;

/** A model of one node as `dsr1ctl model ls` shows it. */
export const ModelStatus = Type.Object({
  path: Type.String(),
  source: Nullable(ModelSource),
  files: Type.Integer(),
  bytes: Type.Integer(),
  fingerprint: Nullable(Type.String()),
  problems: Type.Array(FileProblem),
  /** When the whole content was last read, null = never. */
  verifiedAtMs: Nullable(Type.Integer()),
  job: Nullable(ModelJob),
});
export type ModelStatus = Static<typeof ModelStatus>;
