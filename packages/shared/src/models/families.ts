/** What a family does that its config does not say (transformers' configuration_*.py, and the engines' model files). */
import type { JsonObject } from './reader.ts';

export interface FamilyTraits {
  readonly tied: boolean;
  /** Head size when the config is silent; null = hidden size / heads. */
  readonly headDim: number | null;
  readonly queryBias: boolean;
  readonly gatedQuery: boolean;
  readonly matrices: 2 | 3;
  /** Every n-th layer sees everything, the others a window; 1 = all have the window; 0 = none, though the config names one. */
  readonly windowPattern: number;
  /** Every n-th layer is full attention, the others linear; 0 = no linear layers. */
  readonly linearEvery: number;
  readonly sharedExperts: number;
  readonly expertBias: boolean;
  /** Sparse attention with an indexer (DSA). */
  readonly sparse: boolean;
  /** A dense MLP works beside the experts of each layer. */
  readonly denseBeside: boolean;
  /** What a layer is: a mixer and an MLP, only one of them (Nemotron-H), a recurrent mixer alone, two mixers, or twice. */
  readonly parts: 'mixer-and-mlp' | 'one' | 'states' | 'both-mixers' | 'two-attentions';
}

/** Traits of `model_type` (or of the architecture's name); an unknown one is a plain decoder, and `assumed` says so. */
export function familyTraits(config: JsonObject): {
  readonly family: string;
  readonly traits: FamilyTraits;
  readonly assumed: readonly string[];
} {
  const type = typeof config.model_type === 'string' ? config.model_type : null;
  const [architecture] = Array.isArray(config.architectures) ? config.architectures : [];
  const family =
    type ?? (typeof architecture === 'string' ? architecture.replace(/For\w*$/, '').toLowerCase() : '');
  const name = family.replace(/_text$/, '');
  const own =
    traitsOf(name) ??
    traitsOf(
      String(architecture)
        .replace(/For\w*$/, '')
        .toLowerCase(),
    );
  return {
    family: family === '' ? 'unknown' : family,
    traits: { ...PLAIN_DECODER, ...own },
    assumed:
      own === undefined && family !== ''
        ? [
            `family ${name} is not known: read as a plain decoder with a gated MLP and the fields that its config has`,
          ]
        : [],
  };
}

const traitsOf = (name: string): Partial<FamilyTraits> | undefined =>
  Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;

/**
 * Published configs leave out what equals the class's defaults: Gemma's, and language models that are `nested` in a
 * multimodal config (transformers configuration_gemma3.py, configuration_llama.py, configuration_mistral.py).
 */
export function withFamilyDefaults(config: JsonObject, nested: boolean): JsonObject {
  const type = String(config.model_type);
  if (type === 'gemma3_text' || type === 'gemma3') return { ...GEMMA_3_DEFAULTS, ...config };
  if (!nested || config.hidden_size !== undefined) return config;
  if (type === 'llama') return { ...LLAMA_DEFAULTS, ...config };
  return type === 'mistral'
    ? { ...LLAMA_DEFAULTS, num_key_value_heads: 8, intermediate_size: 14_336, ...config }
    : config;
}

const LLAMA_DEFAULTS = {
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  intermediate_size: 11_008,
  vocab_size: 32_000,
} as const;

const GEMMA_3_DEFAULTS = {
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  vocab_size: 262_208,
  max_position_embeddings: 131_072,
} as const;

const PLAIN_DECODER: FamilyTraits = {
  tied: false,
  headDim: null,
  queryBias: false,
  gatedQuery: false,
  matrices: 3,
  windowPattern: 0,
  linearEvery: 0,
  sharedExperts: 0,
  expertBias: false,
  sparse: false,
  denseBeside: false,
  parts: 'mixer-and-mlp',
};

const MIXED = { gatedQuery: true, linearEvery: 4, headDim: 256 } as const;
const GEMMA = { tied: true, headDim: 256 } as const;

const FAMILIES: Readonly<Record<string, Partial<FamilyTraits>>> = {
  llama: {},
  // Layers that attend to images have the sizes, and in both engines the cache, of those that attend to text.
  mllama: {},
  mllama_text_model: {},
  mistral: { windowPattern: 1 },
  mistral3: {},
  mistral4: {},
  ministral: { windowPattern: 1 },
  ministral3: {},
  pixtral: {},
  mixtral: {},
  qwen2: { queryBias: true },
  qwen2_moe: { queryBias: true },
  qwen2_vl: { queryBias: true },
  qwen2_5_vl: { queryBias: true },
  qwen3: { headDim: 128 },
  qwen3_moe: { headDim: 128 },
  qwen3_vl: { headDim: 128 },
  qwen3_vl_moe: { headDim: 128 },
  qwen3_next: MIXED,
  qwen3_5: MIXED,
  qwen3_5_moe: MIXED,
  qwen: { queryBias: true },
  qwen3_omni_moe: { headDim: 128 },
  deepseek: {},
  deepseek_v2: {},
  deepseek_v3: {},
  deepseek_v32: { sparse: true },
  deepseek_v4: {},
  kimi_k2: {},
  kimi_k25: {},
  kimi_vl: {},
  kimi_linear: {},
  longcat_flash: { parts: 'two-attentions' },
  minicpm: { tied: true },
  minicpm3: { tied: true },
  glm: { queryBias: true },
  glm4: { queryBias: true },
  chatglm: { queryBias: true },
  glm4_moe: {},
  glm4_moe_lite: {},
  glm4v: { queryBias: true },
  glm4v_moe: {},
  glm_moe_dsa: { sparse: true },
  gpt_oss: { windowPattern: 2, expertBias: true },
  gemma: GEMMA,
  gemma2: { ...GEMMA, windowPattern: 2 },
  gemma3: { ...GEMMA, windowPattern: 6 },
  gemma3n: { ...GEMMA, windowPattern: 5 },
  gemma4: { ...GEMMA, windowPattern: 6, denseBeside: true },
  gemma4_unified: { ...GEMMA, windowPattern: 6 },
  phi: { matrices: 2, queryBias: true },
  phi3: { windowPattern: 0 },
  phimoe: {},
  minimax_m1: {},
  minimax_text_01: {},
  minimax_m2: {},
  cohere: { tied: true },
  cohere2: { tied: true, windowPattern: 4 },
  llama4: { windowPattern: 4, sharedExperts: 1, headDim: 128 },
  internlm2: {},
  internlm3: {},
  granite: { tied: true },
  granitemoe: { tied: true },
  granitemoehybrid: { tied: true },
  nemotron_h: { matrices: 2, parts: 'one' },
  falcon_h1: { parts: 'both-mixers' },
  mamba: { tied: true, parts: 'states' },
  falcon_mamba: { parts: 'states' },
  mamba2: { parts: 'states' },
  jamba: {},
  bamba: {},
  dbrx: {},
  grok1: { denseBeside: true },
  arctic: { denseBeside: true },
  mimo_v2_flash: {},
  step3p5: {},
  solar_open: {},
  stablelm: {},
  apertus: { matrices: 2 },
  arcee: { matrices: 2 },
  gptj: { matrices: 2 },
  seed_oss: { queryBias: true },
  olmo2: {},
  olmo3: { windowPattern: 4 },
  olmoe: {},
  exaone: {},
  exaone4: { windowPattern: 4 },
  hunyuan_v1_dense: {},
  hunyuan_v1_moe: {},
  ernie4_5: { tied: true },
  ernie4_5_moe: {},
  smollm3: { tied: true },
  starcoder2: { matrices: 2, queryBias: true, tied: true, windowPattern: 1 },
  gpt2: { matrices: 2, queryBias: true, tied: true },
  gpt_neox: { matrices: 2, queryBias: true },
  gpt_bigcode: { matrices: 2, queryBias: true, tied: true },
  falcon: { matrices: 2, tied: true },
  opt: { matrices: 2, queryBias: true, tied: true },
  bloom: { matrices: 2, queryBias: true, tied: true },
  mpt: { matrices: 2, tied: true },
  nemotron: { matrices: 2 },
  'nemotron-nas': {},
  deci: {},
  yi: {},
  baichuan: {},
  xverse: {},
  mimo: { queryBias: true },
  dots1: {},
  bailing_moe: {},
  bailing_moe_v2: {},
  afmoe: { windowPattern: 4 },
};
