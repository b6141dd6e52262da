/** The attention of a config, by kind. */
import type { FamilyTraits } from './families.ts';
import { type ConfigReader, configReader, isObject, type JsonObject } from './reader.ts';
import type {
  Attention,
  CompressedAttention,
  GroupedAttention,
  Indexer,
  LatentAttention,
  LinearAttention,
  StateSpace,
} from './shape.ts';

interface Reading<T> {
  readonly value: T;
  readonly missing: readonly string[];
  readonly assumed: readonly string[];
}

/** Layers that see everything and layers with a window may have sizes of their own (MiMo-V2, Step 3.5, Gemma 4). */
export function groupedAttention(
  reader: ConfigReader,
  traits: FamilyTraits,
  scope: 'full' | 'window',
): Reading<GroupedAttention> {
  const own = (window: string, full: string): string[] => [scope === 'window' ? window : full];
  const heads = reader.count(
    [...own('swa_num_attention_heads', ''), 'num_attention_heads', 'n_head', 'n_heads', 'num_heads'],
    16_384,
  );
  const hidden = reader.count(['hidden_size', 'n_embd', 'd_model', 'dim'], 262_144);
  const kvHeads =
    reader.count(
      [
        ...own('swa_num_key_value_heads', 'num_global_key_value_heads'),
        'num_key_value_heads',
        'num_kv_heads',
        'n_head_kv',
        'multi_query_group_num',
        'num_attention_groups',
      ],
      16_384,
    ) ?? heads;
  const stated = reader.count(
    [...own('swa_head_dim', 'global_head_dim'), 'head_dim', 'attention_head_dim', 'kv_channels'],
    16_384,
  );
  const derived = heads !== null && hidden !== null ? Math.floor(hidden / heads) : null;
  const headDim = stated ?? traits.headDim ?? derived;
  const missing = [
    ...(heads === null ? ['num_attention_heads'] : []),
    ...(headDim === null ? ['head_dim'] : []),
  ];
  return {
    value: {
      kind: 'grouped',
      heads: heads ?? 1,
      kvHeads: kvHeads ?? 1,
      headDim: headDim ?? 1,
      valueDim: reader.count([...own('swa_v_head_dim', ''), 'v_head_dim'], 16_384) ?? headDim ?? 1,
      window: null,
      bias:
        traits.queryBias || reader.flag('attention_bias') === true || reader.flag('add_qkv_bias') === true,
      gated: traits.gatedQuery || reader.flag('attn_output_gate') === true,
      shared: false,
    },
    missing,
    assumed: [],
  };
}

export function latentAttention(reader: ConfigReader, traits: FamilyTraits): Reading<LatentAttention> {
  const heads = reader.count(['num_attention_heads'], 16_384);
  const dims = ['kv_lora_rank', 'qk_rope_head_dim'] as const;
  const [kvRank, ropeDim] = dims.map((name) => reader.count([name], 65_536));
  const nopeDim = reader.count(['qk_nope_head_dim'], 65_536);
  const valueDim = reader.count(['v_head_dim'], 65_536);
  return {
    value: {
      kind: 'latent',
      heads: heads ?? 1,
      queryRank: reader.whole('q_lora_rank') || null,
      kvRank: kvRank ?? 0,
      ropeDim: ropeDim ?? 0,
      nopeDim: nopeDim ?? 128,
      valueDim: valueDim ?? 128,
      index: traits.sparse || reader.whole('index_topk') !== null ? indexer(reader) : null,
    },
    missing: dims.filter((name) => reader.count([name]) === null),
    assumed: nopeDim === null || valueDim === null ? ['qk_nope_head_dim and v_head_dim 128'] : [],
  };
}

/** Layers without a ratio of their own alternate 4 and 128, as DeepSeek's own configs do. */
export function compressedAttention(reader: ConfigReader): {
  readonly at: (layer: number) => Attention;
  readonly missing: readonly string[];
  readonly assumed: readonly string[];
} {
  const heads = reader.count(['num_attention_heads'], 16_384);
  const headDim = reader.count(['head_dim'], 16_384) ?? 512;
  const groups = reader.count(['o_groups'], 1024);
  const rank = reader.count(['o_lora_rank'], 65_536);
  const ratios = reader.list('compress_ratios');
  const index = indexer(reader);
  const base: Omit<CompressedAttention, 'ratio' | 'index'> = {
    kind: 'compressed',
    heads: heads ?? 1,
    headDim,
    queryRank: reader.count(['q_lora_rank'], 65_536) ?? 1024,
    outputGroups: groups ?? Math.max(1, Math.floor((heads ?? 1) / 8)),
    outputRank: rank ?? 1024,
    window: reader.count(['sliding_window']) ?? 128,
    streams: reader.count(['hc_mult'], 64) ?? 4,
  };
  const ratioAt = (layer: number): number => {
    const ratio = ratios?.[layer];
    if (typeof ratio === 'number' && ratio >= 0) return Math.floor(ratio);
    return layer < 2 ? 128 : layer % 2 === 0 ? 4 : 128;
  };
  return {
    at: (layer) => {
      const ratio = ratioAt(layer);
      return { ...base, ratio, index: ratio === 4 ? index : null };
    },
    missing: heads === null ? ['num_attention_heads'] : [],
    assumed: [
      ...(groups === null || rank === null ? ['o_groups = heads / 8 and o_lora_rank = 1024'] : []),
      ...(ratios === null ? ['compress_ratios alternate 4 and 128'] : []),
    ],
  };
}

export function linearAttention(reader: ConfigReader, config: JsonObject): LinearAttention | null {
  const stateElementBytes = stateElement(config);
  const { linear_attn_config: delta } = config;
  if (isObject(delta)) return deltaAttention(delta, stateElementBytes);
  const valueHeads = reader.count(['linear_num_value_heads'], 16_384);
  if (valueHeads !== null)
    return {
      kind: 'linear',
      keyHeads: reader.count(['linear_num_key_heads'], 16_384) ?? valueHeads,
      valueHeads,
      keyDim: reader.count(['linear_key_head_dim'], 16_384) ?? 128,
      valueDim: reader.count(['linear_value_head_dim'], 16_384) ?? 128,
      kernel: reader.whole('linear_conv_kernel_dim', 64) ?? 4,
      stateElementBytes,
    };
  if (!String(config.model_type).startsWith('minimax') && config.attn_type_list === undefined) return null;
  const heads = reader.count(['num_attention_heads'], 16_384) ?? 1;
  const dim = reader.count(['head_dim'], 16_384) ?? 128;
  const sizes = { keyHeads: heads, valueHeads: heads, keyDim: dim, valueDim: dim };
  return { kind: 'linear', ...sizes, kernel: 0, stateElementBytes };
}

/** Kimi Linear: all heads alike; its gates come from a low rank, which is small beside the rest. */
function deltaAttention(config: JsonObject, stateElementBytes: number): LinearAttention {
  const reader = configReader(config);
  const heads = reader.count(['num_heads'], 16_384) ?? 1;
  const dim = reader.count(['head_dim'], 16_384) ?? 128;
  const kernel = reader.whole('short_conv_kernel_size', 64) ?? 4;
  const sizes = { keyHeads: heads, valueHeads: heads, keyDim: dim, valueDim: dim };
  return { kind: 'linear', ...sizes, kernel, stateElementBytes };
}

/** Null without the fields of either kind of Mamba. */
export function stateSpace(reader: ConfigReader, config: JsonObject, hidden: number): StateSpace | null {
  const heads = reader.count(['mamba_num_heads', 'mamba_n_heads'], 16_384);
  const kernel = reader.whole('conv_kernel', 64) ?? reader.whole('mamba_d_conv', 64) ?? 4;
  const common = { kind: 'state-space', kernel, stateElementBytes: stateElement(config) } as const;
  const wide = (reader.count(['mamba_expand', 'expand'], 64) ?? 2) * hidden;
  const stateDim = reader.count(['ssm_state_size', 'mamba_d_state'], 65_536);
  if (heads !== null) {
    const headDim = reader.count(
      config.mamba_d_head === 'auto' ? ['mamba_head_dim'] : ['mamba_head_dim', 'mamba_d_head'],
      65_536,
    );
    const inner = reader.count(['mamba_d_ssm']) ?? (headDim === null ? wide : heads * headDim);
    const groups = reader.count(['n_groups', 'mamba_n_groups'], 16_384) ?? 1;
    return { ...common, heads, groups, inner, stateDim: stateDim ?? 128, stepRank: 0 };
  }
  if (stateDim === null) return null;
  const rank = config.mamba_dt_rank === 'auto' ? null : reader.count(['mamba_dt_rank'], 65_536);
  return {
    ...common,
    heads: null,
    groups: 1,
    inner: reader.count(['mamba_inner_size']) ?? wide,
    stateDim,
    stepRank: rank ?? Math.ceil(hidden / 16),
  };
}

/** As the model, unless its config asks for float32 (vllm layers/mamba/mamba_utils.py). */
const stateElement = ({ mamba_ssm_cache_dtype, mamba_ssm_dtype }: JsonObject): number =>
  String(mamba_ssm_cache_dtype ?? mamba_ssm_dtype).includes('32') ? 4 : 2;

function indexer(reader: ConfigReader): Indexer {
  return {
    heads: reader.count(['index_n_heads'], 16_384) ?? 64,
    dim: reader.count(['index_head_dim'], 16_384) ?? 128,
    shared: false,
  };
}
