/** Public configs of models with latent attention from DeepSeek and Moonshot (huggingface.co, config.json). */
import { FP8_BLOCK, type KnownModel } from './known-model.ts';

const MLA = { kv_lora_rank: 512, qk_rope_head_dim: 64, qk_nope_head_dim: 128, v_head_dim: 128 } as const;

const V3 = {
  model_type: 'deepseek_v3',
  hidden_size: 7168,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  intermediate_size: 18_432,
  moe_intermediate_size: 2048,
  n_routed_experts: 256,
  n_shared_experts: 1,
  num_experts_per_tok: 8,
  first_k_dense_replace: 3,
  moe_layer_freq: 1,
  q_lora_rank: 1536,
  ...MLA,
  num_nextn_predict_layers: 1,
  vocab_size: 129_280,
  max_position_embeddings: 163_840,
  tie_word_embeddings: false,
  ...FP8_BLOCK,
} as const;

const V2_LITE = {
  model_type: 'deepseek_v2',
  hidden_size: 2048,
  num_hidden_layers: 27,
  num_attention_heads: 16,
  num_key_value_heads: 16,
  intermediate_size: 10_944,
  moe_intermediate_size: 1408,
  n_routed_experts: 64,
  n_shared_experts: 2,
  num_experts_per_tok: 6,
  first_k_dense_replace: 1,
  ...MLA,
  vocab_size: 102_400,
  max_position_embeddings: 163_840,
} as const;

const V4 = {
  model_type: 'deepseek_v4',
  head_dim: 512,
  num_key_value_heads: 1,
  qk_rope_head_dim: 64,
  o_lora_rank: 1024,
  index_n_heads: 64,
  index_head_dim: 128,
  n_shared_experts: 1,
  num_experts_per_tok: 6,
  sliding_window: 128,
  num_nextn_predict_layers: 1,
  vocab_size: 129_280,
  max_position_embeddings: 1_048_576,
  tie_word_embeddings: false,
  ...FP8_BLOCK,
} as const;

const K2 = {
  ...V3,
  model_type: 'kimi_k2',
  num_attention_heads: 64,
  num_key_value_heads: 64,
  n_routed_experts: 384,
  first_k_dense_replace: 1,
  num_nextn_predict_layers: 0,
  vocab_size: 163_840,
  max_position_embeddings: 131_072,
} as const;

const K2_INT4 = {
  ...K2,
  max_position_embeddings: 262_144,
  quantization_config: { quant_method: 'compressed-tensors', format: 'pack-quantized' },
} as const;

const MOON_VIT = {
  vision_config: { vt_hidden_size: 1152, vt_num_hidden_layers: 27, vt_intermediate_size: 4304 },
} as const;

export const DEEPSEEK: readonly KnownModel[] = [
  {
    names: [
      'deepseek-r1',
      'deepseek-r1-0528',
      'deepseek-v3',
      'deepseek-v3-0324',
      'deepseek-v3.1',
      'deepseek-v3.1-terminus',
      'deepseek-r1-zero',
      'deepseek-prover-v2-671b',
      'deepseek-r1t2-chimera',
    ],
    config: V3,
  },
  {
    names: ['deepseek-v3.2', 'deepseek-v3.2-exp', 'deepseek-v3.2-speciale'],
    config: { ...V3, model_type: 'deepseek_v32', index_n_heads: 64, index_head_dim: 128, index_topk: 2048 },
  },
  {
    names: ['deepseek-v2', 'deepseek-v2.5', 'deepseek-v2-chat', 'deepseek-coder-v2'],
    config: {
      ...V2_LITE,
      hidden_size: 5120,
      num_hidden_layers: 60,
      num_attention_heads: 128,
      num_key_value_heads: 128,
      q_lora_rank: 1536,
      intermediate_size: 12_288,
      moe_intermediate_size: 1536,
      n_routed_experts: 160,
    },
  },
  { names: ['deepseek-v2-lite', 'deepseek-coder-v2-lite'], config: V2_LITE },
  {
    names: ['moonlight-16b-a3b', 'kimi-vl-a3b', 'kimi-vl-a3b-thinking'],
    config: {
      ...V2_LITE,
      model_type: 'deepseek_v3',
      intermediate_size: 11_264,
      vocab_size: 163_840,
      max_position_embeddings: 8192,
    },
  },
  {
    names: ['deepseek-v4-pro'],
    config: {
      ...V4,
      hidden_size: 7168,
      num_hidden_layers: 61,
      num_attention_heads: 128,
      q_lora_rank: 1536,
      o_groups: 16,
      moe_intermediate_size: 3072,
      n_routed_experts: 384,
      index_topk: 1024,
    },
  },
  {
    names: ['deepseek-v4-flash', 'deepseek-v4-flash-0731'],
    config: {
      ...V4,
      hidden_size: 4096,
      num_hidden_layers: 43,
      num_attention_heads: 64,
      q_lora_rank: 1024,
      o_groups: 8,
      moe_intermediate_size: 2048,
      n_routed_experts: 256,
      index_topk: 512,
    },
  },
  { names: ['kimi-k2', 'kimi-k2-instruct', 'kimi-k2-instruct-0905', 'kimi-k2-base'], config: K2 },
  { names: ['kimi-k2-thinking'], config: K2_INT4 },
  { names: ['kimi-k2.5', 'kimi-k2.6'], config: { ...K2_INT4, ...MOON_VIT } },
];
