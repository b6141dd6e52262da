/** Towers beside a language model, from their own sizes: a part of the weights, none of the cache. */
import { configReader, isObject, type JsonObject } from './reader.ts';
import type { Vision } from './shape.ts';

/** Vision and audio together, or null when the config names neither. */
export function readTowers(config: JsonObject): Vision | null {
  const thinker = isObject(config.thinker_config) ? config.thinker_config : {};
  const vision = readVision(config.vision_config ?? thinker.vision_config);
  const audio = audioParameters(config.audio_config ?? thinker.audio_config);
  if (vision === null) return null;
  return { ...vision, parameters: vision.parameters + audio };
}

/**
 * Four attention matrices and an MLP a layer, then mergers of four patches into one token. Convolutional towers are known
 * by the size in their name (Gemma 3n: `mobilenetv5_300m_enc`).
 */
function readVision(block: unknown): Vision | null {
  if (!isObject(block)) return null;
  const reader = configReader(block);
  const hidden = reader.count(['embed_dim', 'vt_hidden_size', 'hidden_size', 'width'], 65_536);
  const local = reader.count(['num_hidden_layers', 'depth', 'vt_num_hidden_layers', 'layers'], 1000);
  const [, millions] = /_(\d{1,4})m(?:_|$)/.exec(String(block.architecture)) ?? [];
  if (hidden !== null && local === null && millions !== undefined)
    return { hidden, layers: 1, parameters: Number(millions) * 1e6 };
  if (hidden === null || local === null) return null;
  const layers = local + (reader.whole('num_global_layers', 1000) ?? 0);
  const out = reader.count(['out_hidden_size', 'hidden_size'], 262_144) ?? hidden;
  const ratio = typeof block.mlp_ratio === 'number' && block.mlp_ratio < 64 ? block.mlp_ratio : 4;
  const stated = reader.count(['intermediate_size', 'vt_intermediate_size'], 262_144);
  // GLM's blocks are as wide as the language model; its `intermediate_size` is the merger's (transformers glm4v).
  const width = String(block.model_type).startsWith('glm4v') ? out : (stated ?? Math.floor(ratio * hidden));
  const gated = block.hidden_act === 'silu' || String(block.model_type).startsWith('gemma4');
  const matrices = gated ? 3 : 2;
  const merge = 4 * hidden;
  const mergers = 1 + (reader.list('deepstack_visual_indexes') ?? []).length;
  return {
    hidden,
    layers,
    parameters: layers * (4 * hidden * hidden + matrices * hidden * width) + mergers * merge * (merge + out),
  };
}

/** Encoders in Whisper's form; Gemma's have two MLPs and a convolution around each attention. */
function audioParameters(block: unknown): number {
  if (!isObject(block)) return 0;
  const reader = configReader(block);
  const hidden = reader.count(['d_model', 'hidden_size'], 65_536);
  const layers = reader.count(['encoder_layers', 'num_hidden_layers', 'conf_num_hidden_layers'], 1000);
  const width = reader.count(['encoder_ffn_dim', 'intermediate_size'], 262_144);
  if (hidden === null || layers === null) return 0;
  if (String(block.model_type).startsWith('gemma')) return layers * 24 * hidden * hidden;
  return layers * (4 * hidden * hidden + 2 * hidden * (width ?? 4 * hidden));
}
