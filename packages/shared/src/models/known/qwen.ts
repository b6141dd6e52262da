/** Public configs of the Qwen families (huggingface.co/Qwen, config.json). */
import { FP8_BLOCK, type KnownModel } from './known-model.ts';

type Dense = readonly [
  names: string,
  hidden: number,
  layers: number,
  heads: number,
  kvHeads: number,
  width: number,
  vocab: number,
  context: number,
  tied?: boolean,
];

const dense =
  (type: string, more: Readonly<Record<string, unknown>> = {}) =>
  ([names, hidden, layers, heads, kvHeads, width, vocab, context, tied = false]: Dense): KnownModel => ({
    names: names.split(' '),
    config: {
      model_type: type,
      hidden_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      num_key_value_heads: kvHeads,
      intermediate_size: width,
      vocab_size: vocab,
      max_position_embeddings: context,
      tie_word_embeddings: tied,
      ...more,
    },
  });

const QWEN2: readonly Dense[] = [
  ['qwen2-0.5b qwen2.5-0.5b qwen2.5-coder-0.5b', 896, 24, 14, 2, 4864, 151_936, 32_768, true],
  [
    'qwen2-1.5b qwen2.5-1.5b qwen2.5-coder-1.5b qwen2.5-math-1.5b',
    1536,
    28,
    12,
    2,
    8960,
    151_936,
    32_768,
    true,
  ],
  ['deepseek-r1-distill-qwen-1.5b', 1536, 28, 12, 2, 8960, 151_936, 131_072],
  ['qwen2.5-3b qwen2.5-coder-3b', 2048, 36, 16, 2, 11_008, 151_936, 32_768, true],
  ['qwen2-7b qwen2.5-7b qwen2.5-coder-7b qwen2.5-math-7b', 3584, 28, 28, 4, 18_944, 152_064, 32_768],
  ['deepseek-r1-distill-qwen-7b', 3584, 28, 28, 4, 18_944, 152_064, 131_072],
  ['qwen2.5-14b qwen2.5-coder-14b', 5120, 48, 40, 8, 13_824, 152_064, 32_768],
  ['deepseek-r1-distill-qwen-14b', 5120, 48, 40, 8, 13_824, 152_064, 131_072],
  ['qwen2.5-32b qwen2.5-coder-32b qwq-32b-preview', 5120, 64, 40, 8, 27_648, 152_064, 32_768],
  ['qwq-32b deepseek-r1-distill-qwen-32b', 5120, 64, 40, 8, 27_648, 152_064, 131_072],
  ['qwen2-72b qwen2.5-72b kimi-dev-72b', 8192, 80, 64, 8, 29_568, 152_064, 32_768],
];

const QWEN1_5: readonly Dense[] = [
  ['qwen1.5-7b', 4096, 32, 32, 32, 11_008, 151_936, 32_768],
  ['qwen1.5-14b', 5120, 40, 40, 40, 13_696, 152_064, 32_768],
  ['qwen1.5-32b', 5120, 64, 40, 8, 27_392, 152_064, 32_768],
  ['qwen1.5-72b', 8192, 80, 64, 64, 24_576, 152_064, 32_768],
  ['qwen1.5-110b', 8192, 80, 64, 8, 49_152, 152_064, 32_768],
];

/** Their MLP is padded, so that groups of 128 divide by 8 GPUs. */
const QWEN2_PADDED: readonly Dense[] = [
  [
    'qwen2-72b-instruct-awq qwen2-72b-instruct-gptq-int4 qwen2-72b-instruct-gptq-int8 qwen2.5-72b-instruct-awq qwen2.5-72b-instruct-gptq-int4 qwen2.5-72b-instruct-gptq-int8',
    8192,
    80,
    64,
    8,
    29_696,
    152_064,
    32_768,
  ],
];

const QWEN3: readonly Dense[] = [
  ['qwen3-0.6b qwen3-embedding-0.6b', 1024, 28, 16, 8, 3072, 151_936, 40_960, true],
  ['qwen3-1.7b', 2048, 28, 16, 8, 6144, 151_936, 40_960, true],
  ['qwen3-4b qwen3-embedding-4b qwen3-reranker-4b', 2560, 36, 32, 8, 9728, 151_936, 40_960, true],
  ['qwen3-4b-instruct-2507 qwen3-4b-thinking-2507', 2560, 36, 32, 8, 9728, 151_936, 262_144, true],
  [
    'qwen3-8b qwen3-embedding-8b qwen3-reranker-8b deepseek-r1-0528-qwen3-8b',
    4096,
    36,
    32,
    8,
    12_288,
    151_936,
    40_960,
  ],
  ['qwen3-14b', 5120, 40, 40, 8, 17_408, 151_936, 40_960],
  ['qwen3-32b', 5120, 64, 64, 8, 25_600, 151_936, 40_960],
];

/** hidden, layers, heads, KV heads, expert width, experts, dense width, context. */
type Moe = readonly [string, number, number, number, number, number, number, number, number];

const QWEN3_MOE: readonly Moe[] = [
  ['qwen3-30b-a3b', 2048, 48, 32, 4, 768, 128, 6144, 40_960],
  [
    'qwen3-30b-a3b-instruct-2507 qwen3-30b-a3b-thinking-2507 qwen3-coder-30b-a3b',
    2048,
    48,
    32,
    4,
    768,
    128,
    6144,
    262_144,
  ],
  ['qwen3-235b-a22b', 4096, 94, 64, 4, 1536, 128, 12_288, 40_960],
  [
    'qwen3-235b-a22b-instruct-2507 qwen3-235b-a22b-thinking-2507',
    4096,
    94,
    64,
    4,
    1536,
    128,
    12_288,
    262_144,
  ],
  ['qwen3-coder-480b-a35b', 6144, 62, 96, 8, 2560, 160, 8192, 262_144],
];

const moe =
  (type: string, more: Readonly<Record<string, unknown>> = {}) =>
  ([names, hidden, layers, heads, kvHeads, expertWidth, experts, width, context]: Moe): KnownModel => ({
    names: names.split(' '),
    config: {
      model_type: type,
      hidden_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      num_key_value_heads: kvHeads,
      head_dim: 128,
      moe_intermediate_size: expertWidth,
      num_experts: experts,
      num_experts_per_tok: 8,
      decoder_sparse_step: 1,
      mlp_only_layers: [],
      intermediate_size: width,
      vocab_size: 151_936,
      max_position_embeddings: context,
      tie_word_embeddings: false,
      ...more,
    },
  });

/** Qwen3-Next and Qwen3.5: three layers of gated delta net for one of attention. */
const mixed = (names: string, type: string, sizes: Readonly<Record<string, unknown>>): KnownModel => ({
  names: names.split(' '),
  config: {
    model_type: type,
    head_dim: 256,
    full_attention_interval: 4,
    linear_num_key_heads: 16,
    linear_key_head_dim: 128,
    linear_value_head_dim: 128,
    linear_conv_kernel_dim: 4,
    max_position_embeddings: 262_144,
    tie_word_embeddings: false,
    ...(type.startsWith('qwen3_5') ? { mamba_ssm_dtype: 'float32' } : {}),
    ...sizes,
  },
});

const VISION_2 = {
  vision_config: {
    hidden_size: 1280,
    depth: 32,
    intermediate_size: 3420,
    hidden_act: 'silu',
    out_hidden_size: 3584,
  },
};
const VISION_3 = {
  vision_config: {
    hidden_size: 1152,
    depth: 27,
    intermediate_size: 4304,
    out_hidden_size: 4096,
    deepstack_visual_indexes: [8, 16, 24],
  },
};

const VISION_3_SMALL = {
  vision_config: {
    hidden_size: 1024,
    depth: 24,
    intermediate_size: 4096,
    out_hidden_size: 2048,
    deepstack_visual_indexes: [5, 11, 17],
  },
};

export const QWEN: readonly KnownModel[] = [
  ...QWEN1_5.map(dense('qwen2')),
  ...[...QWEN2, ...QWEN2_PADDED].map(dense('qwen2')),
  ...QWEN3.map(dense('qwen3', { head_dim: 128 })),
  ...QWEN3_MOE.map(moe('qwen3_moe')),
  dense('qwen2_vl', VISION_2)(['qwen2-vl-2b', 1536, 28, 12, 2, 8960, 151_936, 32_768, true]),
  dense('qwen2_5_vl', VISION_2)(['qwen2.5-vl-3b', 2048, 36, 16, 2, 11_008, 151_936, 128_000, true]),
  dense('qwen2_5_vl', VISION_2)(['qwen2-vl-7b qwen2.5-vl-7b', 3584, 28, 28, 4, 18_944, 152_064, 128_000]),
  dense('qwen2_5_vl', VISION_2)(['qwen2.5-vl-32b', 5120, 64, 40, 8, 27_648, 152_064, 128_000]),
  dense(
    'qwen2_5_vl',
    VISION_2,
  )(['qwen2-vl-72b qwen2.5-vl-72b qvq-72b-preview', 8192, 80, 64, 8, 29_568, 152_064, 128_000]),
  dense('qwen3_vl', { head_dim: 128, ...VISION_3 })([
    'qwen3-vl-4b',
    2560,
    36,
    32,
    8,
    9728,
    151_936,
    262_144,
    true,
  ]),
  dense('qwen3_vl', { head_dim: 128, ...VISION_3_SMALL })([
    'qwen3-vl-2b',
    2048,
    28,
    16,
    8,
    6144,
    151_936,
    262_144,
    true,
  ]),
  dense('qwen3_vl', { head_dim: 128, ...VISION_3 })([
    'qwen3-vl-8b',
    4096,
    36,
    32,
    8,
    12_288,
    151_936,
    262_144,
  ]),
  dense('qwen3_vl', { head_dim: 128, ...VISION_3 })([
    'qwen3-vl-32b',
    5120,
    64,
    64,
    8,
    25_600,
    151_936,
    262_144,
  ]),
  moe('qwen3_vl_moe', VISION_3)(['qwen3-vl-30b-a3b', 2048, 48, 32, 4, 768, 128, 6144, 262_144]),
  // The thinker; vLLM and SGLang leave the talker to other processes.
  moe('qwen3_omni_moe', {
    vocab_size: 152_064,
    vision_config: { ...VISION_3.vision_config, out_hidden_size: 2048 },
    audio_config: { d_model: 1280, encoder_layers: 32, encoder_ffn_dim: 5120 },
  })(['qwen3-omni-30b-a3b', 2048, 48, 32, 4, 768, 128, 768, 65_536]),
  moe('qwen3_vl_moe', VISION_3)(['qwen3-vl-235b-a22b', 4096, 94, 64, 4, 1536, 128, 12_288, 262_144]),
  {
    names: ['qwen2-57b-a14b'],
    config: {
      model_type: 'qwen2_moe',
      hidden_size: 3584,
      num_hidden_layers: 28,
      num_attention_heads: 28,
      num_key_value_heads: 4,
      moe_intermediate_size: 2560,
      shared_expert_intermediate_size: 20_480,
      num_experts: 64,
      num_experts_per_tok: 8,
      intermediate_size: 18_944,
      vocab_size: 151_936,
      max_position_embeddings: 32_768,
    },
  },
  mixed('qwen3-next-80b-a3b qwen3-coder-next', 'qwen3_next', {
    hidden_size: 2048,
    num_hidden_layers: 48,
    num_attention_heads: 16,
    num_key_value_heads: 2,
    linear_num_value_heads: 32,
    num_experts: 512,
    num_experts_per_tok: 10,
    moe_intermediate_size: 512,
    shared_expert_intermediate_size: 512,
    intermediate_size: 5120,
    vocab_size: 151_936,
  }),
  mixed('qwen3.5-35b-a3b qwen3.6-35b-a3b', 'qwen3_5_moe', {
    hidden_size: 2048,
    num_hidden_layers: 40,
    num_attention_heads: 16,
    num_key_value_heads: 2,
    linear_num_value_heads: 32,
    num_experts: 256,
    num_experts_per_tok: 8,
    moe_intermediate_size: 512,
    shared_expert_intermediate_size: 512,
    vocab_size: 248_320,
  }),
  mixed('qwen3.5-122b-a10b', 'qwen3_5_moe', {
    hidden_size: 3072,
    num_hidden_layers: 48,
    num_attention_heads: 32,
    num_key_value_heads: 2,
    linear_num_value_heads: 64,
    num_experts: 256,
    num_experts_per_tok: 8,
    moe_intermediate_size: 1024,
    shared_expert_intermediate_size: 1024,
    vocab_size: 248_320,
  }),
  mixed('qwen3.5-397b-a17b', 'qwen3_5_moe', {
    hidden_size: 4096,
    num_hidden_layers: 60,
    num_attention_heads: 32,
    num_key_value_heads: 2,
    linear_num_value_heads: 64,
    num_experts: 512,
    num_experts_per_tok: 10,
    moe_intermediate_size: 1024,
    shared_expert_intermediate_size: 1024,
    vocab_size: 248_320,
  }),
  mixed('qwen3.5-27b qwen3.6-27b qwen3.8-27b', 'qwen3_5', {
    hidden_size: 5120,
    num_hidden_layers: 64,
    num_attention_heads: 24,
    num_key_value_heads: 4,
    linear_num_value_heads: 48,
    intermediate_size: 17_408,
    vocab_size: 248_320,
  }),
  mixed('qwen3.5-9b', 'qwen3_5', {
    hidden_size: 4096,
    num_hidden_layers: 32,
    num_attention_heads: 16,
    num_key_value_heads: 4,
    linear_num_value_heads: 32,
    intermediate_size: 12_288,
    vocab_size: 248_320,
  }),
].flatMap(withFp8);

/** Qwen publishes most of its models a second time in block-scaled FP8, under the same name with -FP8. */
function withFp8(model: KnownModel): KnownModel[] {
  const names = model.names.filter((name) => name.startsWith('qwen3')).map((name) => `${name}-fp8`);
  return names.length === 0 ? [model] : [model, { names, config: { ...model.config, ...FP8_BLOCK } }];
}
