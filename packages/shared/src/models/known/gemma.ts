/** Public configs of Gemma 2, 3, 3n and the dense Gemma 4 (huggingface.co/google, config.json). */
import type { KnownModel } from './known-model.ts';

const SIGLIP = {
  vision_config: { hidden_size: 1152, num_hidden_layers: 27, intermediate_size: 4304 },
} as const;

type Gemma = readonly [string, string, number, number, number, number, number, number, number, number];

const gemma = ([
  name,
  type,
  hidden,
  layers,
  heads,
  kvHeads,
  width,
  headDim,
  vocab,
  window,
]: Gemma): KnownModel => ({
  names: [name],
  config: {
    model_type: type,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: width,
    head_dim: headDim,
    vocab_size: vocab,
    sliding_window: window,
    max_position_embeddings:
      type === 'gemma3' && name !== 'gemma-3-1b' ? 131_072 : type === 'gemma3' ? 32_768 : 8192,
    tie_word_embeddings: true,
    ...(type === 'gemma3' && name !== 'gemma-3-1b'
      ? { rope_scaling: { rope_type: 'linear', factor: 8 } }
      : {}),
    ...(type === 'gemma3' && name !== 'gemma-3-1b' ? SIGLIP : {}),
  },
});

const SIZES: readonly Gemma[] = [
  ['gemma-2-2b', 'gemma2', 2304, 26, 8, 4, 9216, 256, 256_000, 4096],
  ['gemma-2-9b', 'gemma2', 3584, 42, 16, 8, 14_336, 256, 256_000, 4096],
  ['gemma-2-27b', 'gemma2', 4608, 46, 32, 16, 36_864, 128, 256_000, 4096],
  ['gemma-3-1b', 'gemma3', 1152, 26, 4, 1, 6912, 256, 262_144, 512],
  ['gemma-3-4b', 'gemma3', 2560, 34, 8, 4, 10_240, 256, 262_208, 1024],
  ['gemma-3-12b', 'gemma3', 3840, 48, 16, 8, 15_360, 256, 262_208, 1024],
  ['gemma-3-27b', 'gemma3', 5376, 62, 32, 16, 21_504, 128, 262_208, 1024],
];

interface Small {
  readonly name: string;
  readonly hidden: number;
  readonly layers: number;
  readonly width: number;
  readonly kvHeads: number;
  /** Layers at the end that take keys and values from those before them. */
  readonly shared: number;
  /** Every n-th layer sees everything. */
  readonly every: number;
}

const common = ({ hidden, layers, width, kvHeads, shared, every }: Small) => ({
  hidden_size: hidden,
  num_hidden_layers: layers,
  num_attention_heads: 8,
  num_key_value_heads: kvHeads,
  head_dim: 256,
  intermediate_size: width,
  hidden_size_per_layer_input: 256,
  vocab_size_per_layer_input: 262_144,
  num_kv_shared_layers: shared,
  sliding_window: 512,
  layer_types: Array.from({ length: layers }, (_, at) =>
    (at + 1) % every === 0 ? 'full_attention' : 'sliding_attention',
  ),
});

const gemma3n = (size: Small): KnownModel => ({
  names: [size.name, `${size.name}-it`],
  config: {
    model_type: 'gemma3n',
    text_config: {
      model_type: 'gemma3n_text',
      ...common(size),
      vocab_size: 262_400,
      max_position_embeddings: 32_768,
      altup_num_inputs: 4,
      laurel_rank: 64,
    },
    vision_config: { model_type: 'gemma3n_vision', hidden_size: 2048, architecture: 'mobilenetv5_300m_enc' },
    audio_config: { model_type: 'gemma3n_audio', hidden_size: 1536, conf_num_hidden_layers: 12 },
  },
});

const gemma4Small = (size: Small): KnownModel => ({
  names: [size.name, `${size.name}-it`],
  config: {
    model_type: 'gemma4',
    text_config: {
      model_type: 'gemma4_text',
      ...common(size),
      global_head_dim: 512,
      vocab_size: 262_144,
      max_position_embeddings: 131_072,
      use_double_wide_mlp: size.kvHeads === 1,
    },
    vision_config: {
      model_type: 'gemma4_vision',
      hidden_size: 768,
      intermediate_size: 3072,
      num_hidden_layers: 16,
    },
    audio_config: { model_type: 'gemma4_audio', hidden_size: 1024, num_hidden_layers: 12 },
  },
});

export const GEMMA: readonly KnownModel[] = [
  ...SIZES.map(gemma),
  gemma3n({ name: 'gemma-3n-e2b', hidden: 2048, layers: 30, width: 8192, kvHeads: 2, shared: 10, every: 5 }),
  gemma3n({
    name: 'gemma-3n-e4b',
    hidden: 2048,
    layers: 35,
    width: 16_384,
    kvHeads: 2,
    shared: 15,
    every: 5,
  }),
  gemma4Small({
    name: 'gemma-4-e2b',
    hidden: 1536,
    layers: 35,
    width: 6144,
    kvHeads: 1,
    shared: 20,
    every: 5,
  }),
  gemma4Small({
    name: 'gemma-4-e4b',
    hidden: 2560,
    layers: 42,
    width: 10_240,
    kvHeads: 2,
    shared: 18,
    every: 6,
  }),
];
