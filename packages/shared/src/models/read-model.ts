/** config.json → ModelShape. What is absent is assumed aloud or named as a gap; what is absurd is refused by field. */

import { withFamilyDefaults } from './families.ts';
import { readQuantisation } from './quantisation.ts';
import { readLayers } from './read-layers.ts';
import { perLayerInput } from './read-per-layer.ts';
import { rotaryElements } from './read-rotary.ts';
import { readTowers } from './read-towers.ts';
import { configReader, isObject, type JsonObject, type Refusal } from './reader.ts';
import { hasExperts, type ModelShape } from './shape.ts';
import { usualFields } from './usual-fields.ts';

export type ModelReading =
  | { readonly known: true; readonly shape: ModelShape }
  | { readonly known: false; readonly refusals: readonly Refusal[]; readonly because: readonly string[] };

export interface ReadOptions {
  /** Format of the weights in a word, where no quantization_config was seen. */
  readonly quantisation?: string | null;
}

/** Never throws; a family that is not in the table is read as a plain decoder and says so. */
export function readModel(config: JsonObject, options: ReadOptions = {}): ModelReading {
  const part = textConfig(config);
  const text = usualFields(withFamilyDefaults(part, part !== config));
  const reader = configReader(text);
  if (text.model_type === 'gguf' || config.gguf !== undefined)
    return { known: false, refusals: [], because: ['GGUF is not read: take the safetensors repository'] };
  const layers = readLayers(text, reader);
  const hidden = reader.count(['hidden_size', 'n_embd', 'd_model', 'dim'], 262_144);
  const vocab = reader.count(['vocab_size', 'padded_vocab_size']);
  const tied = text.tie_word_embeddings ?? config.tie_word_embeddings;
  const dtype = text.torch_dtype ?? text.dtype ?? config.torch_dtype ?? config.dtype;
  const contextMax = reader.count(['max_position_embeddings', 'seq_length', 'n_positions']);
  const mtpLayers =
    reader.whole('num_nextn_predict_layers', 100) ?? reader.whole('num_mtp_modules', 100) ?? 0;
  const perLayer = perLayerInput(reader);
  if (reader.refusals.length > 0) return { known: false, refusals: reader.refusals, because: [] };
  if (layers.cacheGaps.includes('num_attention_heads') && layers.cacheGaps.includes('num_hidden_layers'))
    return {
      known: false,
      refusals: [],
      because: [`config.json does not say ${layers.cacheGaps.join(', ')}`],
    };
  const experts = hasExperts({ layers: layers.list });
  const quantisation = readQuantisation(config, text, options.quantisation ?? null, experts);
  return {
    known: true,
    shape: {
      family: layers.family,
      hidden: hidden ?? 0,
      vocab: vocab ?? 0,
      tied: typeof tied === 'boolean' ? tied : layers.tiedByDefault,
      contextMax,
      layers: layers.list,
      mtpLayers,
      perLayer,
      rotaryElements: rotaryElements(text, layers.list, contextMax),
      vision: readTowers(config),
      dtype: typeof dtype === 'string' ? dtype : null,
      elementBytes: SERVED_BYTES,
      quantisation,
      assumed: [...layers.assumed, ...quantisation.assumed],
      cacheGaps: layers.cacheGaps,
      gaps: [
        ...layers.cacheGaps,
        ...(hidden === null ? ['hidden_size'] : []),
        ...layers.weightGaps,
        ...(vocab === null ? ['vocab_size'] : []),
      ],
    },
  };
}

/** Multimodal configs keep the language model in a part of its own. */
export function textConfig(config: JsonObject): JsonObject {
  for (const key of ['text_config', 'llm_config', 'language_config', 'thinker_config']) {
    const part = config[key];
    if (!isObject(part)) continue;
    const inner = key === 'thinker_config' && isObject(part.text_config) ? part.text_config : part;
    return inner.model_type === undefined ? { ...inner, model_type: config.model_type } : inner;
  }
  return config;
}

/** Engines load float32 checkpoints as bfloat16 or float16 too (`--dtype auto`). */
const SERVED_BYTES = 2;
