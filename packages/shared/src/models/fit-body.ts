/**
 * Fit as JSON: `POST /api/v1/fit` and `dsr1ctl fit --json` answer with the same. Figures in GiB stand under the names that
 * records of engines' logs use; everything else follows in bytes.
 */
import { type Static, Type } from 'typebox';
import { Nullable } from '../facts/nullable.ts';
import type { FitAnswer } from './fit.ts';
import type { ModelSets } from './smallest-sets.ts';

const closed = { additionalProperties: false } as const;
const size = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 4096, description }));

export const FitRequest = Type.Object(
  {
    model: Type.String({
      minLength: 1,
      description: 'A published model by name, or the absolute path of a folder on the nodes.',
    }),
    nodes: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'Nodes by name (default, without `gpu`: every node that is online and not cordoned).',
      }),
    ),
    gpu: Type.Optional(Type.String({ description: 'GPU by name (`H20-96`) instead of nodes.' })),
    count: size('GPUs of that name (default: 1).'),
    gpusPerNode: size('GPUs of one node (default: 8).'),
    engine: Type.Optional(
      Type.Union([Type.Literal('sglang'), Type.Literal('vllm')], { description: 'Default: sglang.' }),
    ),
    engineVersion: Type.Optional(Type.String({ description: 'Default: the newest that dsr1 knows.' })),
    tensor: size('Tensor parallel size; without it every division that fits is listed, smallest first.'),
    pipeline: size('Pipeline parallel size (default: 1).'),
    data: size('Data parallel size; SGLang: DP attention (default: 1).'),
    expert: size('Expert parallel size (default: 1).'),
    contextTokens: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Tokens that one request must be able to have.' }),
    ),
    cache: Type.Optional(Type.Union([Type.Literal('auto'), Type.Literal('fp8')])),
    fraction: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: '`--gpu-memory-utilization` or `--mem-fraction-static`.',
      }),
    ),
  },
  closed,
);
export type FitRequest = Static<typeof FitRequest>;

const figure = Nullable(Type.Number());

export const FitFiguresBody = Type.Object({
  parameters: figure,
  weightsBytes: figure,
  stageWeightsBytes: Type.Array(Type.Number()),
  tokenBytes: figure,
  cacheBytes: figure,
  tokens: figure,
  contextTokens: figure,
  concurrency: figure,
  fraction: figure,
});

/** One line of the sum that an engineer would write down. */
export const FitLine = Type.Object({ what: Type.String(), how: Type.String(), bytes: figure });

export const FitChange = Type.Object({
  change: Type.String(),
  flags: Type.Array(Type.String()),
  tokens: figure,
});

export const FitBody = Type.Object({
  /** Null: not enough is known. */
  verdict: Nullable(
    Type.Union([Type.Literal('fits'), Type.Literal('does-not-fit'), Type.Literal('illegal')]),
  ),
  because: Type.Array(Type.String()),
  weights_gib_per_gpu: figure,
  kv_bytes_per_token: figure,
  kv_available_gib: figure,
  kv_tokens: figure,
  max_concurrency: figure,
  assumed: Type.Array(Type.String()),
  nearest: Nullable(FitChange),
  figures: FitFiguresBody,
  lines: Type.Array(FitLine),
  parts: Type.Array(
    Type.Object({
      part: Type.String(),
      parameters: Type.Number(),
      bytes: Type.Number(),
      stageBytes: Type.Array(Type.Number()),
    }),
  ),
});
export type FitBody = Static<typeof FitBody>;

/** Every legal division that fits, smallest first, and why the first is first. */
export const SetsBody = Type.Object({
  sets: Type.Array(
    Type.Object({
      nodes: Type.Array(Type.String()),
      gpus: Type.Integer(),
      tensor: Type.Integer(),
      pipeline: Type.Integer(),
      figures: FitFiguresBody,
    }),
  ),
  because: Type.String(),
});
export type SetsBody = Static<typeof SetsBody>;

/** With a tensor size the one answer, without the sets. */
export const FitResponse = Type.Union([FitBody, SetsBody]);
export type FitResponse = Static<typeof FitResponse>;

export function fitBody(answer: FitAnswer): FitBody {
  const { verdict, because, assumed, nearest, figures, lines, weights } = answer;
  return {
    verdict,
    because: [...because],
    weights_gib_per_gpu: gib(figures.weightsBytes),
    kv_bytes_per_token: figures.tokenBytes,
    kv_available_gib: gib(figures.cacheBytes),
    kv_tokens: figures.tokens,
    max_concurrency: figures.concurrency,
    assumed: [...assumed],
    nearest: nearest === null ? null : { ...nearest, flags: [...nearest.flags] },
    figures: { ...figures, stageWeightsBytes: [...figures.stageWeightsBytes] },
    lines: [...lines],
    parts: (weights?.parts ?? []).map((part) => ({ ...part, stageBytes: [...part.stageBytes] })),
  };
}

export const setsBody = ({ sets, because }: ModelSets): SetsBody => ({
  sets: sets.map((set) => ({
    ...set,
    nodes: [...set.nodes],
    figures: { ...set.figures, stageWeightsBytes: [...set.figures.stageWeightsBytes] },
  })),
  because,
});

const gib = (bytes: number | null): number | null => (bytes === null ? null : bytes / 2 ** 30);
