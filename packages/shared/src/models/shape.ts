/** A model as memory sees it: layers of mixers and MLPs, around them embeddings, a head and perhaps towers. */
import type { Quantisation } from './quantisation.ts';

export interface ModelShape {
  /** `model_type` of config.json. */
  readonly family: string;
  readonly hidden: number;
  readonly vocab: number;
  /** The head is the embedding. */
  readonly tied: boolean;
  readonly contextMax: number | null;
  readonly layers: readonly Layer[];
  /** Extra decoder layers for multi-token prediction; loaded only when they are used. */
  readonly mtpLayers: number;
  readonly perLayer: PerLayerInput | null;
  /** Elements of the tables of rotary embeddings. */
  readonly rotaryElements: number;
  readonly vision: Vision | null;
  /** `torch_dtype` of config.json, in its words. */
  readonly dtype: string | null;
  /** Bytes of a parameter that is not quantised. */
  readonly elementBytes: number;
  readonly quantisation: Quantisation;
  /** What the config does not say and a usual value stands for. */
  readonly assumed: readonly string[];
  /** Fields without which not even the cache of a token can be computed. */
  readonly cacheGaps: readonly string[];
  /** Fields without which weights cannot be computed. */
  readonly gaps: readonly string[];
}

/** Mostly one of each; Nemotron-H has one part a layer, Falcon-H1 two mixers, LongCat two and three MLPs. */
export interface Layer {
  readonly mixers: readonly Attention[];
  readonly mlps: readonly Mlp[];
}

export type Attention =
  | GroupedAttention
  | LatentAttention
  | CompressedAttention
  | LinearAttention
  | StateSpace;

/** MHA, GQA, MQA; `window` is the sliding window in tokens. */
export interface GroupedAttention {
  readonly kind: 'grouped';
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly valueDim: number;
  readonly window: number | null;
  readonly bias: boolean;
  /** A gate as wide as the queries (Qwen3-Next). */
  readonly gated: boolean;
  /** Keys and values are those of a layer before it. */
  readonly shared: boolean;
}

/** MLA (DeepSeek V2 and V3, Kimi K2, GLM-4.7-Flash), with an indexer where it is sparse (V3.2). */
export interface LatentAttention {
  readonly kind: 'latent';
  readonly heads: number;
  readonly queryRank: number | null;
  readonly kvRank: number;
  readonly ropeDim: number;
  readonly nopeDim: number;
  readonly valueDim: number;
  readonly index: Indexer | null;
}

export interface Indexer {
  readonly heads: number;
  readonly dim: number;
  /** The layer takes what a layer before it selected, and has no keys of its own (GLM-5.2). */
  readonly shared: boolean;
}

/** One shared KV head whose history is compressed `ratio` to 1 (DeepSeek V4); 0 keeps only the window. */
export interface CompressedAttention {
  readonly kind: 'compressed';
  readonly heads: number;
  readonly headDim: number;
  readonly queryRank: number;
  readonly outputGroups: number;
  readonly outputRank: number;
  readonly ratio: number;
  readonly window: number;
  /** Residual streams that hyper-connections mix. */
  readonly streams: number;
  readonly index: Indexer | null;
}

/** A state of fixed size for each request instead of a cache that grows (gated delta net, lightning attention). */
export interface LinearAttention {
  readonly kind: 'linear';
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  /** Width of the causal convolution; 0 without one. */
  readonly kernel: number;
  /** Bytes of an element of the state, where engines follow the config (vLLM). */
  readonly stateElementBytes: number;
}

/** Mamba (a step size for each channel, from a low rank) and Mamba-2 (one for each head). */
export interface StateSpace {
  readonly kind: 'state-space';
  readonly inner: number;
  readonly stateDim: number;
  readonly kernel: number;
  /** Null for Mamba, where every channel is its own. */
  readonly heads: number | null;
  /** Groups that share B and C; 1 for Mamba. */
  readonly groups: number;
  /** Rank of the step sizes; 0 for Mamba-2. */
  readonly stepRank: number;
  readonly stateElementBytes: number;
}

export type Mlp = DenseMlp | ExpertMlp;

export interface DenseMlp {
  readonly kind: 'dense';
  readonly width: number;
  /** 3 with a gate (SwiGLU), 2 without. */
  readonly matrices: 2 | 3;
}

export interface ExpertMlp {
  readonly kind: 'experts';
  readonly experts: number;
  readonly perToken: number;
  readonly width: number;
  /** 3 with a gate, 2 without. */
  readonly matrices: 2 | 3;
  /** Inputs of an expert where they are projected first (Nemotron-3 Super); null = the hidden size. */
  readonly latent: number | null;
  /** Width of the expert that every token visits; 0 without one. */
  readonly sharedWidth: number;
  readonly bias: boolean;
}

/** An embedding of each token for each layer, and what brings it into the layer (Gemma 3n, Gemma 4 E2B and E4B). */
export interface PerLayerInput {
  readonly width: number;
  readonly vocab: number;
  /** Rank of the residual beside each layer (Gemma 3n's laurel). */
  readonly sideRank: number;
  /** Square matrices that mix the copies of the hidden state (Gemma 3n's altup). */
  readonly mixes: number;
}

export interface Vision {
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
}

export const hasExperts = ({ layers }: Pick<ModelShape, 'layers'>): boolean =>
  layers.some(({ mlps }) => mlps.some(({ kind }) => kind === 'experts'));

/** Sparse attention with an indexer (DSA). */
export const isSparse = ({ layers }: Pick<ModelShape, 'layers'>): boolean =>
  layers.some(({ mixers }) => mixers.some((mixer) => 'index' in mixer && mixer.index !== null));
