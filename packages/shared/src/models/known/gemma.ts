/** Public configs of Gemma 2 and 3 (huggingface.co/google, config.json). */
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

export const GEMMA: readonly KnownModel[] = SIZES.map(gemma);
