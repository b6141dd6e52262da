/** Inputs of their own for every layer: Gemma 3n and the small Gemma 4 (transformers configuration_gemma3n.py, _gemma4.py). */
import type { ConfigReader } from './reader.ts';
import type { PerLayerInput } from './shape.ts';

/** Null for models whose layers see the hidden state alone. */
export function perLayerInput(reader: ConfigReader): PerLayerInput | null {
  const width = reader.whole('hidden_size_per_layer_input', 65_536) ?? 0;
  if (width === 0) return null;
  return {
    width,
    vocab: reader.count(['vocab_size_per_layer_input', 'vocab_size']) ?? 0,
    sideRank: reader.whole('laurel_rank', 65_536) ?? 0,
    mixes: 2 * Math.max(0, (reader.whole('altup_num_inputs', 64) ?? 1) - 1),
  };
}

/** First layer that takes keys and values from a layer before it; the number of layers when none does. */
export const firstSharedLayer = (reader: ConfigReader, layers: number): number =>
  layers - Math.min(layers, reader.whole('num_kv_shared_layers', 10_000) ?? 0);
