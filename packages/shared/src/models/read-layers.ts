/** Layers of a config, one by one: which attention, which MLP. */

import { type FamilyTraits, familyTraits } from './families.ts';
import {
  compressedAttention,
  groupedAttention,
  latentAttention,
  linearAttention,
  stateSpace,
} from './read-attention.ts';
import { listedLayers } from './read-blocks.ts';
import { firstSharedLayer } from './read-per-layer.ts';
import type { ConfigReader, JsonObject } from './reader.ts';
import type { Attention, Layer, Mlp } from './shape.ts';

export interface LayersReading {
  readonly family: string;
  readonly tiedByDefault: boolean;
  /** One layer stands for all when their number is not said. */
  readonly list: readonly Layer[];
  /** Fields without which the cache of a token cannot be computed, and those that only weights need. */
  readonly cacheGaps: readonly string[];
  readonly weightGaps: readonly string[];
  readonly assumed: readonly string[];
}

const MOST_LAYERS = 2000;

export function readLayers(config: JsonObject, reader: ConfigReader): LayersReading {
  const { traits, family, assumed } = familyTraits(config);
  const count = reader.count(['num_hidden_layers', 'n_layer', 'num_layers', 'n_layers'], MOST_LAYERS);
  const attention = attentionReader(config, reader, traits, count ?? 0);
  const blocks = listedLayers(config, reader);
  if (blocks !== null) return { family, tiedByDefault: traits.tied, ...blocks };
  const mlp = mlpReader(config, reader, traits, count ?? 0);
  const list = Array.from(
    { length: count ?? 1 },
    (_, at): Layer => ({ mixers: attention.at(at), mlps: mlp.at(at) }),
  );
  return {
    family,
    tiedByDefault: traits.tied,
    list: interned(list),
    cacheGaps: [...(count === null ? ['num_hidden_layers'] : []), ...attention.missing],
    weightGaps: mlp.missing,
    assumed: [...assumed, ...attention.assumed],
  };
}

/** Equal layers as one object: what is computed of one holds for all. */
function interned(layers: readonly Layer[]): Layer[] {
  const seen = new Map<string, Layer>();
  return layers.map((layer) => {
    const key = JSON.stringify(layer);
    const found = seen.get(key) ?? layer;
    seen.set(key, found);
    return found;
  });
}

interface At<T> {
  readonly at: (layer: number) => T;
  readonly missing: readonly string[];
}

function attentionReader(
  config: JsonObject,
  reader: ConfigReader,
  traits: FamilyTraits,
  layers: number,
): At<readonly Attention[]> & { readonly assumed: readonly string[] } {
  if (config.model_type === 'deepseek_v4' || reader.list('compress_ratios') !== null) {
    const { at, ...rest } = compressedAttention(reader);
    return { at: (layer) => [at(layer)], ...rest };
  }
  const hidden = reader.count(['hidden_size', 'n_embd', 'd_model', 'dim'], 262_144) ?? 1;
  const recurrent = stateSpace(reader, config, hidden) ?? linearAttention(reader, config);
  if (traits.parts === 'states' && recurrent !== null)
    return { at: () => [recurrent], missing: [], assumed: [] };
  const whole =
    reader.count(['kv_lora_rank']) !== null
      ? latentAttention(reader, traits)
      : groupedAttention(reader, traits, 'full');
  const windowed = groupedAttention(reader, traits, 'window').value;
  const kinds = layerKinds(config, reader, traits, layers);
  const window = reader.whole('sliding_window') ?? reader.whole('attention_chunk_size');
  const firstShared = firstSharedLayer(reader, layers);
  const shared = sharedIndexers(reader);
  const at = (layer: number): Attention[] => {
    const kind = kinds(layer);
    if (whole.value.kind === 'latent' && whole.value.index !== null && shared(layer))
      return [{ ...whole.value, index: { ...whole.value.index, shared: true } }];
    if (kind === 'mlp') return [];
    if (kind === 'linear' && recurrent !== null) return [recurrent];
    if (traits.parts === 'both-mixers' && recurrent !== null) return [whole.value, recurrent];
    if (whole.value.kind === 'grouped' && (kind === 'window' || layer >= firstShared))
      return [
        { ...(kind === 'window' ? { ...windowed, window } : whole.value), shared: layer >= firstShared },
      ];
    return traits.parts === 'two-attentions' ? [whole.value, whole.value] : [whole.value];
  };
  return { at, missing: whole.missing, assumed: whole.assumed };
}

/** Layers whose indexer is that of a layer before them: by name, or all but every n-th (GLM-5.2). */
function sharedIndexers(reader: ConfigReader): (layer: number) => boolean {
  const types = reader.list('indexer_types');
  if (types !== null) return (layer) => types[layer] === 'shared';
  const every = reader.count(['index_topk_freq']) ?? 1;
  const offset = reader.whole('index_skip_topk_offset') ?? 0;
  return (layer) => Math.max(0, layer - offset) % every !== 0;
}

type LayerKind = 'full' | 'window' | 'linear' | 'mlp';

/** `layer_types` where the config has it; else the family's own pattern (transformers' configuration files). */
function layerKinds(
  config: JsonObject,
  reader: ConfigReader,
  traits: FamilyTraits,
  layers: number,
): (layer: number) => LayerKind {
  const types = reader.list('layer_types') ?? reader.list('attn_type_list');
  if (types !== null && types.length >= layers) return (layer) => kindOf(types[layer]);
  const interval = reader.count(['full_attention_interval']);
  if (interval !== null) return (layer) => ((layer + 1) % interval === 0 ? 'full' : 'linear');
  if (traits.linearEvery > 0) return (layer) => ((layer + 1) % traits.linearEvery === 0 ? 'full' : 'linear');
  const window = reader.whole('sliding_window') ?? 0;
  const chunk = reader.whole('attention_chunk_size') ?? 0;
  if ((window === 0 && chunk === 0) || config.use_sliding_window === false) return () => 'full';
  const pattern =
    reader.count([
      'sliding_window_pattern',
      '_sliding_window_pattern',
      'interleaved_sliding_window_pattern',
    ]) ?? traits.windowPattern;
  if (pattern === 0) return () => 'full';
  return (layer) => (pattern === 1 || (layer + 1) % pattern !== 0 ? 'window' : 'full');
}

function kindOf(type: unknown): LayerKind {
  const name = String(type);
  if (name === 'mlp' || name === 'moe') return 'mlp';
  if (name === '0' || name.includes('linear') || name.includes('mamba')) return 'linear';
  return name.includes('sliding') || name.includes('chunked') ? 'window' : 'full';
}

/** MLPs of each layer: where a family has one part a layer, those whose part it is. */
function mlpReader(
  config: JsonObject,
  reader: ConfigReader,
  traits: FamilyTraits,
  layers: number,
): At<readonly Mlp[]> {
  if (traits.parts === 'states') return { at: () => [], missing: [] };
  const { at, dense, missing } = mlpKinds(config, reader, traits);
  const types = reader.list('layer_types');
  // Gemma 4 E2B makes up for the keys and values that layers share.
  const wideFrom = config.use_double_wide_mlp === true ? firstSharedLayer(reader, layers) : layers;
  return {
    missing,
    at: (layer) => {
      if (layer >= wideFrom && layers > 0) return [{ ...dense, width: 2 * dense.width }];
      if (traits.parts === 'one') {
        if (types?.[layer] === 'mlp') return [dense];
        return types?.[layer] === 'moe' ? [at(layer)] : [];
      }
      const mlp = at(layer);
      if (mlp.kind === 'dense') return [mlp];
      if (traits.parts === 'two-attentions') return [mlp, dense, dense];
      return traits.denseBeside ? [mlp, dense] : [mlp];
    },
  };
}

function mlpKinds(
  config: JsonObject,
  reader: ConfigReader,
  traits: FamilyTraits,
): At<Mlp> & { readonly dense: Mlp } {
  const width = reader.count([
    'intermediate_size',
    'ffn_hidden_size',
    'n_inner',
    'ffn_dim',
    'intermediate_dim',
  ]);
  const denseWidth = reader.count(['intermediate_size_mlp', 'dense_intermediate_size']) ?? width;
  const experts =
    reader.count(['n_routed_experts', 'num_experts', 'num_local_experts', 'moe_num_experts']) ?? 1;
  const dense: Mlp = { kind: 'dense', width: denseWidth ?? 0, matrices: traits.matrices };
  if (experts <= 1) return { at: () => dense, dense, missing: width === null ? ['intermediate_size'] : [] };
  const own =
    reader.count(['moe_intermediate_size', 'expert_ffn_hidden_size', 'moe_ffn_hidden_size']) ?? width;
  const shared =
    ['n_shared_experts', 'num_shared_experts', 'moe_num_shared_experts']
      .map((name) => reader.whole(name))
      .find((number) => number !== null) ?? traits.sharedExperts;
  const sharedWidth =
    reader.whole('shared_expert_intermediate_size') ??
    reader.whole('shared_intermediate_size') ??
    reader.whole('moe_shared_expert_intermediate_size') ??
    reader.whole('share_expert_dim') ??
    shared * (own ?? 0);
  const perToken =
    reader.count([
      'num_experts_per_tok',
      'num_experts_per_token',
      'moe_top_k',
      'moe_topk',
      'moe_k',
      'top_k_experts',
    ]) ?? 1;
  const moe: Mlp = {
    kind: 'experts',
    experts,
    perToken,
    width: own ?? 0,
    matrices: traits.matrices,
    latent: reader.count(['moe_latent_size']),
    sharedWidth,
    bias: traits.expertBias,
  };
  const first = reader.whole('first_k_dense_replace') ?? 0;
  const listed = Array.isArray(config.moe_layer_freq) ? config.moe_layer_freq : null;
  const steps = ['decoder_sparse_step', 'interleave_moe_layer_step', 'moe_layer_interval'];
  const step = reader.count(listed === null ? [...steps, 'moe_layer_freq'] : steps) ?? 1;
  const only = new Set(reader.list('mlp_only_layers') ?? []);
  const isMoe = (layer: number): boolean => {
    if (listed !== null) return listed[layer] !== 0;
    return layer >= first && !only.has(layer) && (step === 1 || (layer + 1 - first) % step === 0);
  };
  const needsDense = first > 0 || step > 1 || only.size > 0 || traits.denseBeside;
  const missing = [
    ...(own === null ? ['moe_intermediate_size'] : []),
    ...(needsDense && denseWidth === null ? ['intermediate_size'] : []),
  ];
  return { at: (layer) => (isMoe(layer) ? moe : dense), dense, missing };
}
