/** Bytes that one token takes in the KV cache of one GPU, and what a request of a given length takes. */
import { assertNever } from '../errors.ts';
import type { EngineRules } from './engine-rules.ts';
import { type Groups, stageLayers } from './parallel.ts';
import {
  type Attention,
  type CompressedAttention,
  isSparse,
  type LatentAttention,
  type LinearAttention,
  type ModelShape,
  type StateSpace,
} from './shape.ts';

export interface CacheDtype {
  /** `auto` follows the model; `fp8` halves it. */
  readonly kind: 'auto' | 'fp8';
  /** FP8 rows of sparse attention without scales of their own. */
  readonly plainRows?: boolean;
}

/**
 * What `auto` means: vLLM caches in FP8 where the checkpoint brings scales for it, and sparse attention (DSA) always;
 * SGLang does the latter from Blackwell on; everything else follows the model (vllm config/cache.py, platforms/cuda.py;
 * sglang's overrides for DeepSeek V3.2).
 */
export function resolvedDtype(
  asked: CacheDtype,
  shape: ModelShape,
  rules: EngineRules,
  capability: string | null,
): CacheDtype {
  const sparse = isSparse(shape);
  const scaled = rules.engine === 'vllm' && shape.quantisation.fp8Cache;
  const fp8 = scaled || (sparse && (rules.engine === 'vllm' || Number(capability) >= 10));
  const plainRows = rules.plainSparseRows && Math.floor(Number(capability)) === 10;
  return fp8 ? { kind: 'fp8', plainRows } : asked;
}

export interface StageCache {
  readonly layers: number;
  /** Bytes of the pool divided by the tokens that the engine prints for it. */
  readonly tokenBytes: number;
  /** Bytes that one request of `tokens` takes, where windows and states make it less than tokens × tokenBytes. */
  requestBytes(tokens: number): number;
  /** Bytes of the pool that are states of requests and hold no tokens (SGLang's mamba pool), as a share of it. */
  readonly stateShare: number;
}

export interface CacheInput {
  readonly shape: ModelShape;
  readonly pipeline: number;
  readonly groups: Groups;
  readonly rules: EngineRules;
  readonly dtype: CacheDtype;
  readonly blockTokens: number;
  /** Tokens that a step may add before a window's oldest blocks are freed. */
  readonly stepTokens: number;
}

/** One entry a pipeline stage. */
export function stageCaches(input: CacheInput): StageCache[] {
  const { shape, pipeline, rules } = input;
  let from = 0;
  return stageLayers(shape.layers.length, pipeline, rules.remainder).map((count) => {
    const layers = shape.layers.slice(from, from + count).flatMap(({ mixers }) => mixers);
    from += count;
    return rules.engine === 'vllm' ? blockPool(layers.filter(keepsCache), input) : tokenPool(layers, input);
  });
}

/** Layers that take keys and values from a layer before them keep none; SGLang has room for them all the same. */
const keepsCache = (attention: Attention): boolean => attention.kind !== 'grouped' || !attention.shared;

/** SGLang: sliding-window layers have a pool of 0.8 times the tokens; linear layers take 0.9 parts for 1 part of cache. */
function tokenPool(layers: readonly Attention[], input: CacheInput): StageCache {
  const { full, windows, linear } = split(layers, input);
  const bytes = (list: readonly Attention[]) =>
    list.reduce((sum, attention) => sum + layerBytes(attention, input), 0);
  const tokenBytes = full.length > 0 ? bytes(full) + WINDOW_SHARE * bytes(windows) : bytes(windows);
  return {
    layers: layers.length,
    tokenBytes,
    requestBytes: (tokens) => tokens * tokenBytes,
    stateShare: linear.length > 0 ? STATE_RATIO / (1 + STATE_RATIO) : 0,
  };
}

/** sglang arg_groups/fields/schedule.py: swa_full_tokens_ratio, mamba_full_memory_ratio. */
const WINDOW_SHARE = 0.8;
const STATE_RATIO = 0.9;

/**
 * vLLM: layers of one kind are cut into groups of equal size, padded; every group takes blocks of equal bytes from one pool,
 * so that a block of a narrower kind holds more tokens (vllm v1/core/kv_cache_utils.py unify_kv_cache_spec_page_size). A
 * window needs blocks for itself and one step; a state needs one block.
 */
function blockPool(layers: readonly Attention[], input: CacheInput): StageCache {
  const { full, windows, linear } = split(layers, input);
  const kinds = [full, windows, linear].filter((list) => list.length > 0);
  const counts = kinds.map((list) => list.length);
  const [least, most] = [Math.min(...counts, layers.length), Math.max(...counts, 0)];
  const size = kinds.length < 2 ? most : most < least * input.rules.groupSlack ? most : least;
  const groupsFor = (list: readonly Attention[]) => Math.ceil(list.length / Math.max(size, 1));
  const wide = [...full, ...windows].reduce(
    (sum, attention) => Math.max(sum, layerBytes(attention, input)),
    0,
  );
  const uniform =
    kinds.length === 1 ? full.reduce((sum, attention) => sum + layerBytes(attention, input), 0) : 0;
  const groups = groupsFor(full) + groupsFor(windows) + groupsFor(linear);
  const tokenBytes = uniform > 0 ? uniform : groups * size * wide;
  const block = blockTokens(linear, wide, input);
  const blocksFor = ([first]: readonly Attention[], tokens: number): number => {
    if (first === undefined) return 0;
    const bytes = layerBytes(first, input);
    return Math.ceil(tokens / (block * (bytes > 0 ? Math.max(1, Math.floor(wide / bytes)) : 1)));
  };
  const perGroup = tokenBytes / Math.max(groups, 1);
  const states = linear.filter(isRecurrent).reduce((sum, mixer) => sum + stateBytes(mixer, input.groups), 0);
  const window = windows.reduce((sum, attention) => Math.max(sum, windowOf(attention)), 0);
  return {
    layers: layers.length,
    tokenBytes,
    stateShare: 0,
    requestBytes: (tokens) => {
      if (tokenBytes === 0) return states;
      const seen = Math.min(tokens, window - 1 + input.stepTokens);
      const blocks =
        groupsFor(full) * blocksFor(full, tokens) +
        groupsFor(windows) * (blocksFor(windows, seen) + 1) +
        groupsFor(linear) * input.rules.stateBlocks;
      return blocks * block * perGroup;
    },
  };
}

/** With linear layers the block grows until its bytes hold a state (vllm models/config.py, HybridAttentionMambaModelConfig). */
function blockTokens(linear: readonly Attention[], wide: number, input: CacheInput): number {
  const [first] = linear;
  if (first === undefined || !isRecurrent(first) || wide === 0) return input.blockTokens;
  const needed = Math.ceil(stateBytes(first, input.groups) / wide);
  return Math.ceil(needed / input.blockTokens) * input.blockTokens;
}

function split(layers: readonly Attention[], { rules, shape }: CacheInput) {
  const linear = layers.filter(isRecurrent);
  const grouped = rules.windowGroups && (rules.engine === 'vllm' || WINDOW_POOLS.has(shape.family));
  const windows = grouped ? layers.filter((attention) => windowOf(attention) > 0) : [];
  const full = layers.filter((attention) => !isRecurrent(attention) && !windows.includes(attention));
  // A model of windows alone is one kind, and all of its layers share one table.
  return full.length === 0 && linear.length === 0
    ? { full: windows, windows: [], linear }
    : { full, windows, linear };
}

/** Families for which SGLang keeps a pool of its own for sliding windows (configs/model_config.py is_hybrid_swa_model). */
const WINDOW_POOLS: ReadonlySet<string> = new Set([
  'gpt_oss',
  'llama4',
  'llama4_text',
  'gemma4',
  'gemma4_text',
  'step3p5',
  'mimo_v2_flash',
]);

const windowOf = (attention: Attention): number =>
  attention.kind === 'grouped' ? (attention.window ?? 0) : 0;

/** Bytes of one token in one layer on one GPU. */
function layerBytes(attention: Attention, input: CacheInput): number {
  const element = input.dtype.kind === 'fp8' ? 1 : input.shape.elementBytes;
  switch (attention.kind) {
    case 'grouped': {
      const heads = Math.max(1, Math.ceil(attention.kvHeads / input.groups.attention));
      return heads * (attention.headDim + attention.valueDim) * element;
    }
    case 'latent':
      return latentBytes(attention, input, element);
    case 'compressed':
      return compressedBytes(attention);
    case 'linear':
    case 'state-space':
      return 0;
  }
  return assertNever(attention);
}

/** The latent vector is the same on every GPU of the tensor group, so nothing divides it. */
function latentBytes(attention: LatentAttention, input: CacheInput, element: number): number {
  const { heads, kvRank, ropeDim, nopeDim, valueDim, index } = attention;
  const { latentCache, latentPadTo } = input.rules;
  if (!latentCache) {
    const wide = 128 * Math.ceil(Math.max(nopeDim + ropeDim, valueDim) / 128);
    return 2 * Math.max(1, Math.ceil(heads / input.groups.attention)) * wide * element;
  }
  if (index === null) return Math.max(kvRank + ropeDim, latentPadTo) * element;
  // FP8 rows of sparse attention: 1 byte an element, a float32 scale for each 128, rope in bfloat16 (656 for 512 + 64).
  const scaled = element === 1 && input.dtype.plainRows !== true;
  const row = scaled ? kvRank + (kvRank / 128) * 4 + ropeDim * 2 : (kvRank + ropeDim) * element;
  return row + (index.shared ? 0 : indexBytes(index.dim));
}

/** Keys of the indexer: FP8 with a float32 scale for each 128. */
const indexBytes = (dim: number): number => dim + Math.ceil(dim / 128) * 4;

/** One vector for each `ratio` tokens: FP8 but for 64 rope elements, with scales; the window does not grow with tokens. */
function compressedBytes({ ratio, headDim, index }: CompressedAttention): number {
  if (ratio === 0) return 0;
  const row = headDim - ROPE + ROPE * 2 + Math.ceil(headDim / 64);
  return (row + (index === null ? 0 : indexBytes(index.dim))) / ratio;
}
const ROPE = 64;

type Recurrent = LinearAttention | StateSpace;

const isRecurrent = (attention: Attention): attention is Recurrent =>
  attention.kind === 'linear' || attention.kind === 'state-space';

/** State of one request in one recurrent layer on one GPU: the recurrent matrix and the convolution's inputs. */
export function stateBytes(mixer: Recurrent, groups: Groups): number {
  const ways = groups.attention;
  const [elements, channels] =
    mixer.kind === 'linear'
      ? [
          mixer.valueHeads * mixer.keyDim * mixer.valueDim,
          2 * mixer.keyHeads * mixer.keyDim + mixer.valueHeads * mixer.valueDim,
        ]
      : [
          mixer.inner * mixer.stateDim,
          mixer.inner + (mixer.heads === null ? 0 : 2 * mixer.groups * mixer.stateDim),
        ];
  return (elements * mixer.stateElementBytes + channels * Math.max(0, mixer.kernel - 1) * 2) / ways;
}
