/** What engines refuse before they load a byte. Each rule names the check that it repeats. */
import type { EngineRules } from './engine-rules.ts';
import { layerMatrices, type Matrix } from './matrices.ts';
import { type Groups, gpuCount, groupsOf, type Parallel } from './parallel.ts';
import { formatOf, type QuantMethod } from './quantisation.ts';
import { type Attention, hasExperts, isSparse, type Layer, type ModelShape } from './shape.ts';
import { paddedVocabulary, shareOf } from './weights.ts';

export interface LegalityInput {
  readonly shape: ModelShape;
  readonly parallel: Parallel;
  readonly rules: EngineRules;
  /** GPUs at hand; null when not said. */
  readonly gpus: number | null;
  readonly nodes: number | null;
  /** `9.0`; null when not known, and then no rule about it applies. */
  readonly computeCapability: string | null;
  /** `--dtype`, null when it is left to the engine. */
  readonly dtype: string | null;
}

/** Reasons why an engine would refuse; empty when it would not. */
export function illegalBecause(input: LegalityInput): string[] {
  const { shape, parallel, rules, gpus, nodes } = input;
  const experts = hasExperts(shape);
  const groups = groupsOf(parallel, rules.engine, experts);
  const needed = gpuCount(parallel, rules.engine);
  return [
    ...(gpus !== null && needed > gpus ? [`${needed} GPUs are needed and ${gpus} are there`] : []),
    ...(parallel.pipeline > shape.layers.length
      ? [`pipeline parallel size ${parallel.pipeline} is more than the ${shape.layers.length} layers`]
      : []),
    ...(rules.engine === 'sglang' && parallel.tensor % parallel.data !== 0
      ? [`tensor parallel size ${parallel.tensor} is not divisible by data parallel size ${parallel.data}`]
      : []),
    ...(rules.engine === 'sglang' && nodes !== null && (parallel.tensor * parallel.pipeline) % nodes !== 0
      ? [`${parallel.tensor * parallel.pipeline} ranks cannot be divided over ${nodes} nodes`]
      : []),
    ...(rules.engine === 'vllm' && paddedVocabulary(shape.vocab) % groups.vocabulary !== 0
      ? [
          `${paddedVocabulary(shape.vocab)} rows of the vocabulary are not divisible by tensor parallel size ${groups.vocabulary}`,
        ]
      : []),
    ...expertRules(shape, parallel, groups),
    ...new Set([...new Set(shape.layers)].flatMap((layer) => layerRules(layer, shape, groups))),
    ...capabilityRules(shape, rules, input),
  ];
}

function expertRules(shape: ModelShape, { expert, redundantExperts }: Parallel, groups: Groups): string[] {
  if (expert <= 1) return [];
  const counts = new Set(
    shape.layers.flatMap(({ mlps }) => mlps.flatMap((mlp) => (mlp.kind === 'experts' ? [mlp.experts] : []))),
  );
  return [...counts]
    .map((experts) => experts + redundantExperts)
    .filter((experts) => experts % groups.expertSpread !== 0)
    .map((experts) => `${experts} experts are not divisible by expert parallel size ${expert}`);
}

/** Heads, KV heads and widths of one layer, and the blocks of its quantisation. */
function layerRules(layer: Layer, shape: ModelShape, groups: Groups): string[] {
  return [
    ...layer.mixers.flatMap((mixer) => headRules(mixer, groups.attention)),
    ...layerMatrices(layer, shape).flatMap((matrix) => matrixRules(matrix, shape, groups)),
  ];
}

function headRules(mixer: Attention, ways: number): string[] {
  const kvHeads = mixer.kind === 'grouped' ? mixer.kvHeads : 1;
  const heads = mixer.kind === 'linear' ? mixer.keyHeads : (mixer.heads ?? ways);
  return [
    ...(heads % ways !== 0
      ? [`${heads} attention heads are not divisible by tensor parallel size ${ways}`]
      : []),
    ...(kvHeads % ways !== 0 && ways % kvHeads !== 0
      ? [`${kvHeads} KV heads and tensor parallel size ${ways} do not divide one another`]
      : []),
  ];
}

/**
 * Cut sides must be whole, and whole blocks where weights have block scales (vllm quantization/fp8.py and
 * quantization/utils/fp8_utils.py validate_fp8_block_shape; sglang quantization/fp8.py create_weights), and whole groups
 * along the inputs where scales are per group (GPTQ and AWQ linear methods).
 */
function matrixRules(matrix: Matrix, shape: ModelShape, groups: Groups): string[] {
  if (
    matrix.cut === 'whole' ||
    matrix.cut === 'vocabulary' ||
    matrix.module === 'norm' ||
    matrix.derived !== undefined ||
    matrix.module === 'vision'
  )
    return [];
  const share = shareOf(matrix, groups, 0);
  const isCut = share.outputs !== matrix.outputs || share.inputs !== matrix.inputs;
  if (!isCut) return [];
  const experts = matrix.module === 'experts';
  const ways = experts ? groups.expertCut : matrix.group === 'dense' ? groups.dense : groups.attention;
  const along = matrix.cut === 'inputs' || matrix.cut === 'expert-inputs' ? 'inputs' : 'outputs';
  if (matrix[along] % ways !== 0 && matrix.cut !== 'kv')
    return [`${matrix[along]} ${along} of ${matrix.name} are not divisible by ${ways}`];
  const format = formatOf(shape.quantisation, matrix.module, matrix.name, null);
  // What is merged into one matrix of a recurrent mixer is not cut in one piece.
  if (format === null || matrix.module === 'linear-attention') return [];
  const block = along === 'inputs' ? format.groupInputs : format.groupOutputs;
  if (block === 1 || block === Infinity || share[along] % block === 0) return [];
  return [
    `${matrix.name}: ${matrix[along]} / ${ways} = ${share[along]} ${along} are not divisible by the quantisation's ${block}`,
  ];
}

/** Lowest compute capability for a format (vllm get_min_capability of each method, with its Marlin fall-backs). */
const CAPABILITY: Readonly<Record<QuantMethod, number>> = {
  none: 7,
  unknown: 7,
  'fp8-block': 8,
  fp8: 8,
  int8: 7.5,
  awq: 7.5,
  gptq: 6,
  int4: 7.5,
  mxfp4: 8,
  nvfp4: 8,
  bitsandbytes: 7,
};

function capabilityRules(
  shape: ModelShape,
  rules: EngineRules,
  { computeCapability: stated, dtype }: LegalityInput,
): string[] {
  const capability = Number(stated);
  if (stated === null || !Number.isFinite(capability)) return [];
  const { method } = shape.quantisation;
  // SGLang has no weight-only fall-back for block FP8 below Ada: `type fp8e4nv not supported`.
  const least = rules.engine === 'sglang' && method === 'fp8-block' ? 8.9 : CAPABILITY[method];
  return [
    ...(capability < least
      ? [`${method} weights need compute capability ${least} and the GPU has ${stated}`]
      : []),
    ...(rules.engine === 'vllm' &&
    (dtype ?? (rules.dtypeFalls ? null : shape.dtype))?.includes('bfloat16') &&
    capability < 8
      ? [`bfloat16 needs compute capability 8.0 and the GPU has ${stated}: --dtype half`]
      : []),
    ...(isSparse(shape) && capability < 9
      ? [`sparse attention has kernels from compute capability 9.0 on and the GPU has ${stated}`]
      : []),
  ];
}
