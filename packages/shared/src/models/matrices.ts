/** The weights of a model as matrices: what each is for, how large it is, and along which side engines cut it. */
import { attentionMatrices } from './attention-matrices.ts';
import type { Module } from './quantisation.ts';
import type { Layer, Mlp, ModelShape } from './shape.ts';

export type Part =
  | 'embeddings'
  | 'attention'
  | 'indexer'
  | 'dense MLP'
  | 'experts'
  | 'shared experts'
  | 'router'
  | 'norms'
  | 'head'
  | 'per-layer inputs'
  | 'vision tower'
  | 'rotary tables';

/**
 * `outputs` and `inputs`: cut along that side by the attention or dense group; `kv`: cut by KV heads and copied when
 * there are fewer than GPUs; `vocabulary`: rows, padded; `experts`: whole experts spread, then cut; `whole`: a copy each.
 */
export type Cut = 'outputs' | 'inputs' | 'kv' | 'vocabulary' | 'expert-outputs' | 'expert-inputs' | 'whole';

export interface Matrix {
  readonly part: Part;
  readonly module: Module;
  /** Path in the checkpoint without its layer. */
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  /** Experts, or 1. */
  readonly copies: number;
  readonly cut: Cut;
  /** Which group divides it. */
  readonly group: 'attention' | 'dense' | 'vocabulary' | 'head' | 'experts';
  /** Heads along the cut side, where cuts must fall between heads. */
  readonly heads: number | null;
  /** Made by the engine: it is on GPUs and in no checkpoint; made from other weights, not in every version. */
  readonly derived?: 'copy' | 'product' | 'table';
  /** Bytes an element where it differs from the model's (float32 biases, kernels' own copies). */
  readonly elementBytes?: number;
}

export function layerMatrices(layer: Layer, shape: ModelShape): Matrix[] {
  return [
    ...layer.mixers.flatMap((mixer) => attentionMatrices(mixer, shape.hidden)),
    ...layer.mlps.flatMap((mlp) => mlpMatrices(mlp, shape.hidden)),
    plain('norms', 'norm', 'input_layernorm', 2, shape.hidden),
    ...(shape.perLayer === null
      ? []
      : [
          plain(
            'per-layer inputs',
            'norm',
            'per_layer_input_gate',
            2 * (shape.perLayer.width + shape.perLayer.sideRank),
            shape.hidden,
          ),
        ]),
  ];
}

/** The embeddings for all layers, the projection of the hidden state beside them, and what mixes copies of that state. */
export function perLayerMatrices({ perLayer, layers, hidden }: ModelShape): Matrix[] {
  if (perLayer === null) return [];
  const all = layers.length * perLayer.width;
  const part = (name: string, outputs: number, inputs: number, cut: Cut): Matrix => ({
    ...plain('per-layer inputs', 'embedding', name, outputs, inputs),
    cut,
    group: 'vocabulary',
  });
  return [
    part('embed_tokens_per_layer', perLayer.vocab, all, 'vocabulary'),
    part('per_layer_model_projection', all, hidden, 'outputs'),
    ...(perLayer.mixes > 0 ? [part('altup_projections', perLayer.mixes * hidden, hidden, 'outputs')] : []),
  ];
}

export const embeddingMatrix = ({ vocab, hidden }: ModelShape): Matrix => ({
  ...plain('embeddings', 'embedding', 'embed_tokens', vocab, hidden),
  cut: 'vocabulary',
  group: 'vocabulary',
});

export const headMatrix = ({ vocab, hidden }: ModelShape): Matrix => ({
  ...plain('head', 'head', 'lm_head', vocab, hidden),
  cut: 'vocabulary',
  group: 'head',
});

export const rotaryMatrix = ({ rotaryElements }: ModelShape, wide: boolean): Matrix => ({
  ...plain('rotary tables', 'norm', 'rotary_emb', rotaryElements, 1),
  ...(wide ? { elementBytes: 4 } : {}),
  derived: 'table',
});

/** Vision towers are cut like the language model (vLLM's `--mm-encoder-tp-mode weights`, the default). */
export function visionMatrix({ vision }: ModelShape): Matrix[] {
  if (vision === null) return [];
  return [{ ...plain('vision tower', 'vision', 'visual', vision.parameters, 1), cut: 'outputs' }];
}

export function plain(part: Part, module: Module, name: string, outputs: number, inputs: number): Matrix {
  return { part, module, name, outputs, inputs, copies: 1, cut: 'whole', group: 'attention', heads: null };
}

function mlpMatrices(mlp: Mlp, hidden: number): Matrix[] {
  if (mlp.kind === 'dense') return gatedMlp('dense MLP', 'mlp', 'mlp', mlp.width, hidden, mlp.matrices);
  const { experts, width, sharedWidth, matrices, latent } = mlp;
  const inputs = latent ?? hidden;
  const expert = (name: string, outputs: number, inputs: number, cut: Cut): Matrix => ({
    ...plain('experts', 'experts', `mlp.experts.${name}`, outputs, inputs),
    copies: experts,
    cut,
    group: 'experts',
  });
  return [
    ...(matrices === 3 ? [expert('gate_proj', width, inputs, 'expert-outputs')] : []),
    expert('up_proj', width, inputs, 'expert-outputs'),
    expert('down_proj', inputs, width, 'expert-inputs'),
    ...(latent === null
      ? []
      : [
          plain('shared experts', 'shared-experts', 'mlp.fc1_latent_proj', latent, hidden),
          plain('shared experts', 'shared-experts', 'mlp.fc2_latent_proj', hidden, latent),
        ]),
    ...(mlp.bias ? [biases(mlp, hidden)] : []),
    plain('router', 'router', 'mlp.gate', experts, hidden),
    ...(sharedWidth > 0
      ? gatedMlp('shared experts', 'shared-experts', 'mlp.shared_expert', sharedWidth, hidden, matrices)
      : []),
  ];
}

const biases = ({ experts, width }: { experts: number; width: number }, hidden: number): Matrix => ({
  ...plain('experts', 'norm', 'mlp.experts.bias', 2 * width + hidden, 1),
  copies: experts,
  cut: 'expert-outputs',
  group: 'experts',
});

function gatedMlp(
  part: Part,
  module: Module,
  path: string,
  width: number,
  hidden: number,
  matrices: 2 | 3,
): Matrix[] {
  const cut = (name: string, outputs: number, inputs: number, side: Cut): Matrix => ({
    ...plain(part, module, `${path}.${name}`, outputs, inputs),
    cut: side,
    group: 'dense',
  });
  return [
    ...(matrices === 3 ? [cut('gate_proj', width, hidden, 'outputs')] : []),
    cut('up_proj', width, hidden, 'outputs'),
    cut('down_proj', hidden, width, 'inputs'),
  ];
}
