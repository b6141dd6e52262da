/**
 * Odd and older spellings of config.json as the usual fields, so that the readers know one of each: nested parts, lists
 * where all layers are alike, patterns in a word, and sizes that a family's code computes (transformers' and the engines'
 * configuration files). Values that are not what they should be pass through and are refused by name later.
 */
import { isObject, type JsonObject } from './reader.ts';

export function usualFields(config: JsonObject): JsonObject {
  const flat = { ...config, ...defined(nestedParts(config)) };
  const own = { ...flat, ...defined(ofFamily(flat)) };
  return { ...own, ...defined(layerPatterns(own)) };
}

/** DBRX and MPT keep attention and MLP in parts of their own; Step 3.5 the heads of its sliding layers. */
function nestedParts({ attn_config: attn, ffn_config: ffn, attention_other_setting: sliding }: JsonObject) {
  return {
    ...(isObject(attn) ? { num_key_value_heads: attn.kv_n_heads } : {}),
    ...(isObject(ffn)
      ? {
          intermediate_size: ffn.ffn_hidden_size,
          num_experts: ffn.moe_num_experts,
          num_experts_per_tok: ffn.moe_top_k,
        }
      : {}),
    ...(isObject(sliding)
      ? {
          swa_num_attention_heads: sliding.num_attention_heads,
          swa_num_key_value_heads: sliding.num_attention_groups,
          swa_head_dim: sliding.head_dim,
        }
      : {}),
  };
}

/** What a family's own code makes of its fields. */
function ofFamily(config: JsonObject): JsonObject {
  switch (config.model_type) {
    case 'qwen':
      // The field is twice the width of each of the three matrices (modeling_qwen.py).
      return { intermediate_size: times(config.intermediate_size, 0.5) };
    case 'falcon':
      return {
        num_key_value_heads:
          config.multi_query === true && config.new_decoder_architecture !== true ? 1 : config.num_kv_heads,
        intermediate_size: config.ffn_hidden_size ?? times(config.hidden_size, 4),
      };
    case 'gpt_bigcode':
      return { num_key_value_heads: config.multi_query === false ? undefined : 1, ...fourTimes(config) };
    case 'gpt2':
    case 'gptj':
    case 'bloom':
      return fourTimes(config);
    case 'mpt':
      return {
        intermediate_size: times(
          config.d_model,
          typeof config.expansion_ratio === 'number' ? config.expansion_ratio : 4,
        ),
      };
    case 'mamba2':
      return {
        mamba_num_heads: config.num_heads,
        mamba_head_dim: config.head_dim,
        ssm_state_size: config.state_size,
      };
    case 'mamba':
    case 'falcon_mamba':
      return {
        mamba_inner_size: config.intermediate_size,
        mamba_d_state: config.state_size,
        mamba_dt_rank: config.time_step_rank,
      };
    case 'longcat_flash':
      return {
        intermediate_size: config.ffn_hidden_size,
        moe_intermediate_size: config.expert_ffn_hidden_size,
      };
    case 'arctic':
      return { moe_intermediate_size: config.intermediate_size, intermediate_size: config.hidden_size };
    case 'gemma3n':
    case 'gemma3n_text':
      return { intermediate_size: same(config.intermediate_size) };
    case 'hunyuan_v1_moe':
    case 'hunyuan':
      return {
        moe_intermediate_size: same(config.moe_intermediate_size),
        num_shared_experts: same(config.num_shared_expert ?? config.num_shared_experts),
        num_experts_per_tok: same(config.moe_topk ?? config.num_experts_per_tok),
      };
    default:
      return {};
  }
}

/** Which layers are full, sliding, recurrent or sparse, however a config says it, as lists of one entry a layer. */
function layerPatterns(config: JsonObject): JsonObject {
  const count = config.num_hidden_layers ?? config.num_layers ?? config.n_layer ?? config.n_layers;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MOST_LAYERS) return {};
  const layers = Array.from({ length: count }, (_, layer) => layer);
  const chosen = (holds: (layer: number) => boolean, yes: unknown, no: unknown) =>
    layers.map((layer) => (holds(layer) ? yes : no));
  const among = (list: unknown, from = 0) => {
    const set = new Set(Array.isArray(list) ? list.slice(0, MOST_LAYERS) : []);
    return (layer: number) => set.has(layer + from);
  };
  const every = (period: unknown, offset: unknown) => (layer: number) =>
    layer % Math.max(1, Number(period)) === Number(offset ?? 0);

  const {
    linear_attn_config: linear,
    sliding_window_pattern: window,
    hybrid_override_pattern: letters,
  } = config;
  const kinds =
    typeof letters === 'string'
      ? [...letters.slice(0, MOST_LAYERS)].map((letter) => LETTERS[letter])
      : Array.isArray(config.layers_block_type)
        ? config.layers_block_type
        : config.attn_layer_period !== undefined
          ? chosen(every(config.attn_layer_period, config.attn_layer_offset), 'attention', 'mamba')
          : Array.isArray(config.attn_layer_indices)
            ? chosen(among(config.attn_layer_indices), 'attention', 'mamba')
            : isObject(linear) && Array.isArray(linear.full_attn_layers)
              ? chosen(among(linear.full_attn_layers, 1), 'full_attention', 'linear_attention')
              : Array.isArray(config.hybrid_layer_pattern)
                ? config.hybrid_layer_pattern.map((kind) =>
                    kind === 1 ? 'sliding_attention' : 'full_attention',
                  )
                : typeof window === 'string' && window !== ''
                  ? layers.map((at) =>
                      window[at % window.length] === 'L' ? 'sliding_attention' : 'full_attention',
                    )
                  : undefined;

  const { moe_layers_enum: named, moe_layer_start_index: first, moe_layer_end_index: last } = config;
  const sparse =
    typeof named === 'string'
      ? chosen(among(named.split(',').map(Number)), 1, 0)
      : Array.isArray(config.moe_layers)
        ? chosen(among(config.moe_layers), 1, 0)
        : config.expert_layer_period !== undefined
          ? chosen(every(config.expert_layer_period, config.expert_layer_offset), 1, 0)
          : typeof first === 'number'
            ? chosen((layer) => layer >= first && layer <= (typeof last === 'number' ? last : count), 1, 0)
            : undefined;
  return {
    ...(kinds === undefined
      ? {}
      : { layer_types: config.layer_types ?? kinds, sliding_window_pattern: null }),
    ...(sparse === undefined ? {} : { moe_layer_freq: sparse }),
  };
}

const MOST_LAYERS = 2000;

/** Nemotron-H's pattern, one letter a layer. */
const LETTERS: Readonly<Record<string, string>> = { M: 'mamba', '*': 'attention', '-': 'mlp', E: 'moe' };

const fourTimes = ({ n_inner, n_embd, n_embed, hidden_size }: JsonObject): JsonObject => ({
  intermediate_size: n_inner ?? times(n_embd ?? hidden_size ?? n_embed, 4),
});

const times = (value: unknown, factor: number): unknown =>
  typeof value === 'number' ? value * factor : undefined;

/** The number that a list repeats for every layer; other lists stay what they are. */
const same = (value: unknown): unknown =>
  Array.isArray(value) && value.length > 0 && value.every((each) => each === value[0]) ? value[0] : value;

const defined = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
