/** Public configs of plain decoders: Llama, Mistral, Yi, InternLM, Phi, Granite and their like (huggingface.co, config.json). */
import type { KnownModel } from './known-model.ts';

type Row = readonly [
  names: string,
  hidden: number,
  layers: number,
  heads: number,
  kvHeads: number,
  width: number,
  vocab: number,
  context: number,
  more?: Readonly<Record<string, unknown>>,
];

const TIED = { tie_word_embeddings: true } as const;
const WITH_IMAGES = {
  model_type: 'mllama_text_model',
  vision_config: {
    hidden_size: 1280,
    num_hidden_layers: 32,
    num_global_layers: 8,
    intermediate_size: 5120,
    out_hidden_size: 4096,
  },
} as const;
const plain =
  (type: string) =>
  ([names, hidden, layers, heads, kvHeads, width, vocab, context, more]: Row): KnownModel => ({
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
      tie_word_embeddings: false,
      ...more,
    },
  });

const LLAMA: readonly Row[] = [
  ['tinyllama-1.1b', 2048, 22, 32, 4, 5632, 32_000, 2048],
  ['llama-2-7b llama2-7b llama-7b vicuna-7b codellama-7b', 4096, 32, 32, 32, 11_008, 32_000, 4096],
  ['llama-2-13b llama2-13b llama-13b vicuna-13b codellama-13b', 5120, 40, 40, 40, 13_824, 32_000, 4096],
  ['codellama-34b', 8192, 48, 64, 8, 22_016, 32_000, 16_384],
  ['llama-2-70b llama2-70b codellama-70b', 8192, 80, 64, 8, 28_672, 32_000, 4096],
  ['llama-3-8b meta-llama-3-8b', 4096, 32, 32, 8, 14_336, 128_256, 8192],
  ['llama-3-70b meta-llama-3-70b', 8192, 80, 64, 8, 28_672, 128_256, 8192],
  [
    'llama-3.1-8b llama-guard-3-8b deepseek-r1-distill-llama-8b hermes-3-llama-3.1-8b tulu-3-8b',
    4096,
    32,
    32,
    8,
    14_336,
    128_256,
    131_072,
  ],
  [
    'llama-3.1-70b llama-3.3-70b deepseek-r1-distill-llama-70b llama-3.1-nemotron-70b',
    8192,
    80,
    64,
    8,
    28_672,
    128_256,
    131_072,
  ],
  ['llama-3.1-405b', 16_384, 126, 128, 8, 53_248, 128_256, 131_072],
  ['llama-3.2-1b', 2048, 16, 32, 8, 8192, 128_256, 131_072, TIED],
  ['llama-3.2-3b', 3072, 28, 24, 8, 8192, 128_256, 131_072, TIED],
  [
    'llama-3.2-11b-vision llama-3.2-11b-vision-instruct',
    4096,
    40,
    32,
    8,
    14_336,
    128_256,
    131_072,
    WITH_IMAGES,
  ],
  [
    'llama-3.2-90b-vision llama-3.2-90b-vision-instruct',
    8192,
    100,
    64,
    8,
    28_672,
    128_256,
    131_072,
    WITH_IMAGES,
  ],
  ['yi-6b yi-1.5-6b', 4096, 32, 32, 4, 11_008, 64_000, 4096],
  ['yi-9b yi-1.5-9b', 4096, 48, 32, 4, 11_008, 64_000, 4096],
  ['yi-34b yi-1.5-34b', 7168, 60, 56, 8, 20_480, 64_000, 4096],
  ['deepseek-coder-6.7b', 4096, 32, 32, 32, 11_008, 32_256, 16_384],
  ['deepseek-coder-33b', 7168, 62, 56, 8, 19_200, 32_256, 16_384],
  ['deepseek-llm-67b', 8192, 95, 64, 8, 22_016, 102_400, 4096],
  ['smollm2-135m', 576, 30, 9, 3, 1536, 49_152, 8192, TIED],
  ['smollm2-360m', 960, 32, 15, 5, 2560, 49_152, 8192, TIED],
  ['smollm2-1.7b', 2048, 24, 32, 32, 8192, 49_152, 8192, TIED],
  ['solar-10.7b', 4096, 48, 32, 8, 14_336, 32_000, 4096],
  ['falcon3-7b', 3072, 28, 12, 4, 23_040, 131_072, 32_768, { head_dim: 256 }],
  ['falcon3-10b', 3072, 40, 12, 4, 23_040, 131_072, 32_768, { head_dim: 256 }],
];

const MISTRAL: readonly Row[] = [
  [
    'mistral-7b-v0.1 mistral-7b-instruct-v0.1 mistral-7b-instruct-v0.2 zephyr-7b',
    4096,
    32,
    32,
    8,
    14_336,
    32_000,
    32_768,
  ],
  ['mistral-7b mistral-7b-instruct mistral-7b-v0.3', 4096, 32, 32, 8, 14_336, 32_768, 32_768],
  ['mistral-nemo mistral-nemo-instruct-2407', 5120, 40, 32, 8, 14_336, 131_072, 131_072, { head_dim: 128 }],
  ['ministral-8b', 4096, 36, 32, 8, 12_288, 131_072, 32_768, { head_dim: 128 }],
  ['codestral-22b mistral-small-2409', 6144, 56, 48, 8, 16_384, 32_768, 131_072, { head_dim: 128 }],
  [
    'mistral-small-24b mistral-small-3.1-24b mistral-small-3.2-24b mistral-small devstral-small magistral-small',
    5120,
    40,
    32,
    8,
    32_768,
    131_072,
    131_072,
    { head_dim: 128 },
  ],
  [
    'mistral-large mistral-large-2407 mistral-large-2411 mistral-large-123b',
    12_288,
    88,
    96,
    8,
    28_672,
    32_768,
    131_072,
  ],
];

const MIXTRAL: readonly Row[] = [
  ['mixtral-8x7b', 4096, 32, 32, 8, 14_336, 32_000, 32_768, { num_local_experts: 8, num_experts_per_tok: 2 }],
  [
    'mixtral-8x22b',
    6144,
    56,
    48,
    8,
    16_384,
    32_768,
    65_536,
    { num_local_experts: 8, num_experts_per_tok: 2 },
  ],
];

const PHI: readonly Row[] = [
  ['phi-3-mini phi-3.5-mini', 3072, 32, 32, 32, 8192, 32_064, 131_072],
  ['phi-3-medium', 5120, 40, 40, 10, 17_920, 32_064, 131_072],
  ['phi-4 phi-4-reasoning phi-4-reasoning-plus', 5120, 40, 40, 10, 17_920, 100_352, 16_384],
  ['phi-4-mini', 3072, 32, 24, 8, 8192, 200_064, 131_072, TIED],
];

const OTHERS: readonly KnownModel[] = [
  plain('internlm2')(['internlm2-7b internlm2.5-7b', 4096, 32, 32, 8, 14_336, 92_544, 32_768]),
  plain('internlm2')(['internlm2-20b internlm2.5-20b', 6144, 48, 48, 8, 16_384, 92_544, 32_768]),
  plain('phimoe')([
    'phi-3.5-moe',
    4096,
    32,
    32,
    8,
    6400,
    32_064,
    131_072,
    { num_local_experts: 16, num_experts_per_tok: 2 },
  ]),
  plain('granite')([
    'granite-3.0-8b granite-3.1-8b granite-3.2-8b granite-3.3-8b',
    4096,
    40,
    32,
    8,
    12_800,
    49_155,
    131_072,
    TIED,
  ]),
  plain('granite')([
    'granite-3.0-2b granite-3.1-2b granite-3.3-2b',
    2048,
    40,
    32,
    8,
    8192,
    49_155,
    131_072,
    TIED,
  ]),
  plain('cohere')(['command-r c4ai-command-r-v01', 8192, 40, 64, 64, 22_528, 256_000, 131_072, TIED]),
  plain('cohere')(['command-r-plus c4ai-command-r-plus', 12_288, 64, 96, 8, 33_792, 256_000, 131_072, TIED]),
  plain('cohere2')([
    'command-a c4ai-command-a-03-2025',
    12_288,
    64,
    96,
    8,
    36_864,
    256_000,
    131_072,
    { ...TIED, sliding_window: 4096, head_dim: 128 },
  ]),
  plain('opt')(['opt-125m', 768, 12, 12, 12, 3072, 50_272, 2048, TIED]),
  plain('opt')(['opt-1.3b', 2048, 24, 32, 32, 8192, 50_272, 2048, TIED]),
  plain('seed_oss')(['seed-oss-36b', 5120, 64, 80, 8, 27_648, 155_136, 524_288, { head_dim: 128 }]),
  plain('olmo2')(['olmo-2-7b olmo-2-1124-7b', 4096, 32, 32, 32, 11_008, 100_352, 4096]),
  plain('olmo2')(['olmo-2-13b olmo-2-1124-13b', 5120, 40, 40, 40, 13_824, 100_352, 4096]),
  plain('olmo2')(['olmo-2-32b olmo-2-0325-32b', 5120, 64, 40, 8, 27_648, 100_352, 4096]),
  plain('exaone4')(['exaone-4.0-32b', 5120, 64, 40, 8, 27_392, 102_400, 131_072, { sliding_window: 4096 }]),
  plain('starcoder2')(['starcoder2-15b', 6144, 40, 48, 4, 24_576, 49_152, 16_384]),
  plain('smollm3')(['smollm3-3b', 2048, 36, 16, 4, 11_008, 128_256, 65_536, TIED]),
];

const COHERE: readonly Row[] = [
  [
    'command-r-08-2024 c4ai-command-r-08-2024 aya-expanse-32b',
    8192,
    40,
    64,
    8,
    24_576,
    256_000,
    131_072,
    TIED,
  ],
  ['aya-expanse-8b', 4096, 32, 32, 8, 14_336, 256_000, 8192, TIED],
];

const MORE: readonly KnownModel[] = [
  ...COHERE.map(plain('cohere')),
  plain('baichuan')(['baichuan2-13b', 5120, 40, 40, 40, 13_696, 125_696, 4096]),
  plain('chatglm')(['chatglm3-6b', 4096, 28, 32, 2, 13_696, 65_024, 8192]),
  plain('mimo')(['mimo-7b', 4096, 36, 32, 8, 11_008, 151_680, 32_768]),
  plain('gemma')(['gemma-2b gemma-1.1-2b', 2048, 18, 8, 1, 16_384, 256_000, 8192, TIED]),
  plain('gemma')(['gemma-7b gemma-1.1-7b', 3072, 28, 16, 16, 24_576, 256_000, 8192, TIED]),
];

export const LLAMA_LIKE: readonly KnownModel[] = [
  ...LLAMA.map(plain('llama')),
  ...MISTRAL.map(plain('llama')),
  ...MIXTRAL.map(plain('mixtral')),
  ...PHI.map(plain('phi3')),
  ...OTHERS,
  ...MORE,
];
