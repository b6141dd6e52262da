/** A model as memory sees it: per layer an attention and an MLP, around them embeddings, a head and perhaps a vision tower. */
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
  readonly vision: Vision | null;
  /** Bytes of a parameter that is not quantised (2, or 4 for float32 checkpoints). */
  readonly elementBytes: number;
  readonly quantisation: Quantisation;
  /** What the config does not say and a usual value stands for. */
  readonly assumed: readonly string[];
  /** Fields without which not even the cache of a token can be computed. */
  readonly cacheGaps: readonly string[];
  /** Fields without which weights cannot be computed. */
  readonly gaps: readonly string[];
}

export interface Layer {
  readonly attention: Attention;
  readonly mlp: Mlp;
}

export type Attention = GroupedAttention | LatentAttention | CompressedAttention | LinearAttention;

/** MHA, GQA, MQA; `window` is the sliding window in tokens. */
export interface GroupedAttention {
  readonly kind: 'grouped';
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly window: number | null;
  readonly bias: boolean;
  /** A gate as wide as the queries (Qwen3-Next). */
  readonly gated: boolean;
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
  /** Width of the expert that every token visits; 0 without one. */
  readonly sharedWidth: number;
  readonly bias: boolean;
}

export interface Vision {
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
}
