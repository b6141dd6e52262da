/** How a model is divided: the sizes that the engines' flags set. */
import type { FitEngine } from './engine-rules.ts';

export interface Parallel {
  readonly tensor: number;
  readonly pipeline: number;
  /** Copies of the attention; with SGLang's DP attention they share the tensor group's GPUs. */
  readonly data: number;
  /** GPUs over which whole experts are spread; 1 divides every expert like a dense MLP. */
  readonly expert: number;
  /** Copies of experts beyond the model's own (EPLB). */
  readonly redundantExperts: number;
}

export const PLAIN: Parallel = { tensor: 1, pipeline: 1, data: 1, expert: 1, redundantExperts: 0 };

/** What one pipeline stage divides by. */
export interface Groups {
  /** GPUs that share attention heads. */
  readonly attention: number;
  /** GPUs that share a dense MLP and shared experts; the embeddings; the head. */
  readonly dense: number;
  readonly vocabulary: number;
  readonly head: number;
  /** GPUs over which whole experts are spread, and over which one expert is then cut. */
  readonly expertSpread: number;
  readonly expertCut: number;
}

/**
 * SGLang's `--dp-size` with DP attention splits the tensor group: attention on tp/dp GPUs, dense weights whole.
 * vLLM's data parallel ranks are tensor groups of their own that share only the experts.
 * (sglang layers/dp_attention.py; vllm model_executor/layers/fused_moe/config.py)
 */
export function groupsOf(parallel: Parallel, engine: FitEngine, hasExperts: boolean): Groups {
  const { tensor, data, expert } = parallel;
  const shared = engine === 'sglang' && data > 1;
  const attention = shared ? Math.max(1, Math.floor(tensor / data)) : tensor;
  const moe = shared ? tensor : hasExperts ? tensor * data : tensor;
  return {
    attention,
    dense: attention,
    vocabulary: attention,
    head: tensor,
    expertSpread: expert,
    expertCut: Math.max(1, Math.floor(moe / expert)),
  };
}

/** GPUs that the whole gang takes. */
export function gpuCount(parallel: Parallel, engine: FitEngine): number {
  const { tensor, pipeline, data } = parallel;
  return tensor * pipeline * (engine === 'sglang' ? 1 : data);
}

/**
 * Layers of each pipeline stage. vLLM before 0.7.2 left the remainder to the last stage; later it gives one more to the
 * stages before the last (vllm distributed/utils.py get_pp_indices); SGLang gives it to the last ones.
 */
export function stageLayers(layers: number, pipeline: number, remainder: Remainder): number[] {
  const base = Math.floor(layers / pipeline);
  const rest = layers % pipeline;
  return Array.from({ length: pipeline }, (_, stage) => {
    if (remainder === 'last') return base + (stage === pipeline - 1 ? rest : 0);
    const fromEnd = pipeline - stage;
    const first = remainder === 'before-last' ? 2 : 1;
    return base + (fromEnd >= first && fromEnd < first + rest ? 1 : 0);
  });
}

export type Remainder = 'last' | 'before-last' | 'at-the-end';
