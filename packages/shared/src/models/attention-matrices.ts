/** Weights of one attention layer, by kind. */

import { assertNever } from '../errors.ts';
import { type Cut, type Matrix, type Part, plain } from './matrices.ts';
import type {
  Attention,
  CompressedAttention,
  GroupedAttention,
  Indexer,
  LatentAttention,
  LinearAttention,
  StateSpace,
} from './shape.ts';

export function attentionMatrices(attention: Attention, hidden: number): Matrix[] {
  switch (attention.kind) {
    case 'grouped':
      return grouped(attention, hidden);
    case 'latent':
      return latent(attention, hidden);
    case 'compressed':
      return compressed(attention, hidden);
    case 'linear':
      return linear(attention, hidden);
    case 'state-space':
      return stateSpace(attention, hidden);
  }
  return assertNever(attention);
}

function grouped(attention: GroupedAttention, hidden: number): Matrix[] {
  const { heads, kvHeads, headDim, valueDim, bias, gated } = attention;
  const queries = heads * headDim * (gated ? 2 : 1);
  return [
    cut('q_proj', queries, hidden, 'outputs', heads),
    cut('k_proj', kvHeads * headDim, hidden, 'kv', kvHeads),
    cut('v_proj', kvHeads * valueDim, hidden, 'kv', kvHeads),
    cut('o_proj', hidden, heads * valueDim, 'inputs', heads),
    ...(bias
      ? [plain('attention', 'norm', 'self_attn.bias', queries + kvHeads * (headDim + valueDim), 1)]
      : []),
  ];
}

/**
 * The projections into the latent space are copied to every GPU, those out of it are cut by heads. For decoding in the
 * latent space engines keep a second copy of kv_b, split and transposed (vllm v1/attention/backends/mla/common.py
 * process_weights_after_loading; sglang deepseek_weight_loader.py w_kc, w_vc); vLLM 0.7 multiplied it into its neighbours.
 */
function latent(attention: LatentAttention, hidden: number): Matrix[] {
  const { heads, queryRank, kvRank, ropeDim, nopeDim, valueDim, index } = attention;
  const queries = heads * (nopeDim + ropeDim);
  const expanded = heads * (nopeDim + valueDim);
  return [
    ...(queryRank === null
      ? [cut('q_proj', queries, hidden, 'outputs', heads)]
      : [whole('q_a_proj', queryRank, hidden), cut('q_b_proj', queries, queryRank, 'outputs', heads)]),
    whole('kv_a_proj_with_mqa', kvRank + ropeDim, hidden),
    cut('kv_b_proj', expanded, kvRank, 'outputs', heads),
    {
      ...cut('kv_b_proj', expanded, kvRank, 'outputs', heads),
      module: 'norm',
      elementBytes: 2,
      derived: 'copy',
    },
    {
      ...cut('q_b_proj', heads * (kvRank + ropeDim), queryRank ?? hidden, 'outputs', heads),
      derived: 'product',
    },
    { ...cut('o_proj', hidden, heads * kvRank, 'inputs', heads), derived: 'product' },
    cut('o_proj', hidden, heads * valueDim, 'inputs', heads),
    ...(index === null ? [] : indexer(index, hidden, queryRank ?? hidden)),
  ];
}

/** DeepSeek V4: queries through a low rank, one KV head, outputs in groups; compressors in the model's own precision. */
function compressed(attention: CompressedAttention, hidden: number): Matrix[] {
  const { heads, headDim, queryRank, outputGroups, outputRank, ratio, index, streams } = attention;
  const compressor = (dim: number): Matrix =>
    plain('attention', 'norm', 'self_attn.compressor', 2 * dim * (ratio === 4 ? 2 : 1), hidden);
  const middle = cut(
    'wo_a',
    outputGroups * outputRank,
    Math.floor((heads * headDim) / outputGroups),
    'outputs',
    null,
  );
  return [
    whole('wq_a', queryRank, hidden),
    whole('wkv', headDim, hidden),
    cut('wq_b', heads * headDim, queryRank, 'outputs', heads),
    { ...middle, module: 'norm', elementBytes: 2 },
    cut('wo_b', hidden, outputGroups * outputRank, 'inputs', null),
    { ...plain('attention', 'norm', 'hc', 2 * (2 + streams) * streams, streams * hidden), elementBytes: 4 },
    ...(ratio > 0 ? [compressor(headDim)] : []),
    ...(index === null ? [] : [...indexer(index, hidden, queryRank), compressor(index.dim)]),
  ];
}

/** The indexer of sparse attention is copied to every GPU. */
function indexer(index: Indexer, hidden: number, queryRank: number): Matrix[] {
  if (index.shared) return [];
  return [
    whole('indexer.wq_b', index.heads * index.dim, queryRank, 'indexer'),
    whole('indexer.wk', index.dim, hidden, 'indexer'),
    { ...plain('indexer', 'norm', 'self_attn.indexer.weights_proj', index.heads, hidden), elementBytes: 4 },
  ];
}

function linear(attention: LinearAttention, hidden: number): Matrix[] {
  const { keyHeads, valueHeads, keyDim, valueDim, kernel } = attention;
  const keys = keyHeads * keyDim;
  const values = valueHeads * valueDim;
  const side = mixer('linear_attn');
  return [
    side('in_proj_qkvz', 2 * keys + 2 * values, hidden, 'outputs', keyHeads),
    side('in_proj_ba', 2 * valueHeads, hidden, 'outputs', valueHeads),
    side('out_proj', hidden, values, 'inputs', valueHeads),
    { ...side('conv1d', 2 * keys + values, kernel, 'outputs', keyHeads), module: 'norm' },
  ];
}

/** Mamba's channels and Mamba-2's heads are cut; B and C of a group are copied where groups are fewer than GPUs. */
function stateSpace(mamba: StateSpace, hidden: number): Matrix[] {
  const { inner, stateDim, kernel, heads, groups, stepRank } = mamba;
  const side = mixer('mixer');
  if (heads === null)
    return [
      side('in_proj', 2 * inner, hidden, 'outputs', null),
      { ...side('conv1d', inner, kernel, 'outputs', null), module: 'norm' },
      side('x_proj', stepRank + 2 * stateDim, inner, 'inputs', null),
      side('dt_proj', inner, stepRank, 'outputs', null),
      { ...side('A', inner, stateDim, 'outputs', null), module: 'norm', elementBytes: 4 },
      side('out_proj', hidden, inner, 'inputs', null),
    ];
  return [
    side('in_proj', 2 * inner + 2 * groups * stateDim + heads, hidden, 'outputs', heads),
    { ...side('conv1d', inner + 2 * groups * stateDim, kernel, 'outputs', heads), module: 'norm' },
    side('out_proj', hidden, inner, 'inputs', heads),
  ];
}

const mixer =
  (path: string) =>
  (name: string, outputs: number, inputs: number, side: Cut, heads: number | null): Matrix => ({
    ...cut(name, outputs, inputs, side, heads),
    module: 'linear-attention',
    name: `${path}.${name}`,
  });

function cut(name: string, outputs: number, inputs: number, side: Cut, heads: number | null): Matrix {
  return { ...plain('attention', 'attention', `self_attn.${name}`, outputs, inputs), cut: side, heads };
}

const whole = (name: string, outputs: number, inputs: number, part: Part = 'attention'): Matrix =>
  plain(part, 'attention', `self_attn.${name}`, outputs, inputs);
