/** Questions of the coordinator to an agent about models: the arguments of the probe `model`. */
import { type Static, Type } from 'typebox';
import { Nullable } from '../facts/nullable.ts';
import { BLOCK_BYTES, ModelSource } from './model.ts';

export const MODEL_PROBE = 'model';

const path = Type.String({ pattern: '^/' });
const op = <O extends string>(name: O) => ({ op: Type.Literal(name), path });

export const ModelQuery = Type.Union([
  /** ModelStatus[] */
  Type.Object({ op: Type.Literal('list') }),
  /** ModelStatus */
  Type.Object(op('status')),
  /** ModelInspection */
  Type.Object(op('inspect')),
  /** ModelConfig */
  Type.Object(op('config')),
  /** Begins a full check: ModelStatus */
  Type.Object(op('verify')),
  /** ModelHashes of the last full check */
  Type.Object(op('hashes')),
  /** CRC-32 of every `blockBytes` of a range of one file: string[] */
  Type.Object({
    ...op('range'),
    file: Type.String({ pattern: '^[^/]+$' }),
    fromByte: Type.Integer({ minimum: 0 }),
    toByte: Type.Integer({ minimum: 1 }),
    blockBytes: Type.Integer({ minimum: 1, maximum: BLOCK_BYTES }),
  }),
  /** Begins to fetch, or goes on: ModelStatus */
  Type.Object({
    ...op('pull'),
    source: ModelSource,
    endpoint: Nullable(Type.String({ pattern: '^https?://' })),
    token: Nullable(Type.String({ pattern: '^[\\x21-\\x7e]+$' })),
  }),
  /** ModelStatus */
  Type.Object(op('remove')),
]);
export type ModelQuery = Static<typeof ModelQuery>;
