/** What an engine needs on a GPU besides weights and cache: activations, contexts, communication, CUDA graphs. */
import type { EngineRules } from './engine-rules.ts';
import type { Groups, Parallel } from './parallel.ts';
import type { Attention, Mlp, ModelShape } from './shape.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

export interface OverheadInput {
  readonly shape: ModelShape;
  readonly groups: Groups;
  readonly rules: EngineRules;
  readonly gpuBytes: number;
  readonly gpuName: string | null;
  /** GPUs in the gang, and whether they are on more than one node. */
  readonly gpus: number;
  readonly nodes: number;
  readonly contextTokens: number | null;
  readonly stepTokens: number | null;
  readonly sequences: number | null;
}

export interface Scheduler {
  /** Tokens of one forward pass (`--max-num-batched-tokens`, `--chunked-prefill-size`). */
  readonly stepTokens: number;
  /** Requests of one batch (`--max-num-seqs`, `--max-running-requests`). */
  readonly sequences: number;
}

/** vLLM's defaults of the API server (vllm engine/arg_utils.py get_batch_defaults); V0 ran a whole prompt in one pass. */
export function vllmScheduler(input: Omit<OverheadInput, 'groups'>): Scheduler {
  const large = input.gpuBytes >= 70 * GIB && !(input.gpuName ?? '').toLowerCase().includes('a100');
  const huge = input.gpuBytes >= 160 * GIB && input.rules.version === null;
  const v1 = input.rules.scheduler === 'v1';
  const context = input.contextTokens ?? input.shape.contextMax ?? 8192;
  const byEngine = v1
    ? huge
      ? 16_384
      : large
        ? 8192
        : 2048
    : context > 32_768
      ? 2048
      : Math.max(2048, context);
  return {
    stepTokens: input.stepTokens ?? byEngine,
    sequences: input.sequences ?? (v1 && large ? 1024 : 256),
  };
}

/**
 * Peak of vLLM's profile run. On the last stage it is the sampler's; elsewhere, and with long steps, the widest layer's.
 * Sorting the logits of a full batch of sequences took about 39 bytes a logit, in V0 and V1 alike (seven logs from 0.6.5 to
 * 0.11: 38.5 to 39.6). Since 0.17 a kernel finds the largest: 14.2 bytes a logit beside the hidden states and what the
 * experts' kernels keep (ten models on an H100 with 0.19, each within 0.1 GiB); images are profiled before it.
 */
export function vllmActivationBytes(input: OverheadInput, isLastStage: boolean): number {
  const { shape, rules } = input;
  const { stepTokens, sequences } = vllmScheduler(input);
  const logits = isLastStage ? sequences * shape.vocab : 0;
  const forward = forwardBytes(input, stepTokens);
  if (rules.sortsLogits) return Math.max(logits * SORTED_LOGIT_BYTES, forward) + encoderBytes(shape);
  const beside = stepTokens * 2 * (shape.hidden + workspaceWidth(input)) + 0.09 * GIB;
  return Math.max(logits * LOGIT_BYTES + beside, forward, encoderBytes(shape));
}

const SORTED_LOGIT_BYTES = 38.9;
const LOGIT_BYTES = 14.2;

/** Elements that the kernels of experts keep for each token (vllm fused_moe/modular_kernel.py); those of MXFP4 keep none. */
function workspaceWidth({ shape, groups }: OverheadInput): number {
  if (shape.quantisation.experts.padded === true) return 0;
  const widths = shape.layers.flatMap(({ mlps }) =>
    mlps.map((mlp) => {
      if (mlp.kind === 'dense') return 0;
      const inner = mlp.width / groups.expertCut;
      return mlp.perToken * (Math.max(2 * inner, shape.hidden) + Math.max(inner, shape.hidden));
    }),
  );
  return widths.reduce((most, width) => Math.max(most, width), 0);
}

/** CUDA context, kernels, and the buffers of NCCL and of custom all-reduce, which appear with the first collective. */
export function vllmOtherBytes(input: OverheadInput): number {
  const { gpus, nodes, gpuBytes, rules } = input;
  if (gpus === 1) return (rules.sortsLogits ? 0.15 : 0.25) * GIB;
  if (nodes > 1) return 2.5 * GIB;
  return (gpuBytes < SMALL_CARD ? 0.4 : rules.sortsLogits ? 1 : 2.1) * GIB;
}

/** Graphs of vLLM's default capture sizes as it estimates them (0.84 GiB for 32 layers, 1.6 to 1.9 for 64). */
export const vllmGraphBytes = (layers: number): number => layers * 25 * MIB;

/** Hidden states, and the widest of attention and MLP, for one step. */
function forwardBytes({ shape, groups }: OverheadInput, tokens: number): number {
  const widest = [...new Set(shape.layers)].reduce(
    (most, { mixers, mlps }) =>
      Math.max(
        most,
        ...mixers.map((mixer) => attentionWidth(mixer, groups)),
        ...mlps.map((mlp) => mlpWidth(mlp, shape.hidden, groups)),
      ),
    0,
  );
  return tokens * 2 * (3 * shape.hidden + widest);
}

function attentionWidth(attention: Attention, groups: Groups): number {
  if (attention.kind === 'grouped')
    return ((2 * attention.heads + 2 * attention.kvHeads) * attention.headDim) / groups.attention;
  if (attention.kind === 'latent')
    return (
      (attention.heads * (3 * (attention.nopeDim + attention.ropeDim) + 2 * attention.valueDim)) /
      groups.attention
    );
  if (attention.kind === 'compressed') return (2 * attention.heads * attention.headDim) / groups.attention;
  if (attention.kind === 'state-space') return (4 * attention.inner) / groups.attention;
  return (
    (2 * attention.keyHeads * attention.keyDim + 3 * attention.valueHeads * attention.valueDim) /
    groups.attention
  );
}

function mlpWidth(mlp: Mlp, hidden: number, groups: Groups): number {
  if (mlp.kind === 'dense') return (3 * mlp.width) / groups.dense;
  const inner = mlp.width / groups.expertCut;
  return mlp.perToken * (Math.max(2 * inner, hidden) + inner);
}

/** Profiling images at their largest: the tower's activations and the embeddings that wait for the language model. */
function encoderBytes({ vision, hidden }: ModelShape): number {
  if (vision === null) return 0;
  return IMAGE_PATCHES * vision.hidden * 2 * 8 + (IMAGE_PATCHES / 4) * hidden * 2;
}
const IMAGE_PATCHES = 65_536;

/**
 * Free memory before the weights load. The context is there already, and the buffers of NCCL and of all-reduce, which on
 * NVSwitch hosts grow with the peers (0.5 to 0.8 GiB gone with 1 GPU or small cards, 2.3 to 2.5 with 8, by six logs).
 */
export function sglangFreeBytes(gpuBytes: number, gpus: number): number {
  const peers = gpuBytes < SMALL_CARD ? 0 : Math.min(gpus, 8) - 1;
  return gpuBytes - (0.6 + 0.25 * peers) * GIB;
}

/** Cards below this have no NVLink switch. */
const SMALL_CARD = 50 * GIB;

/**
 * SGLang's weights are what is gone from the device after loading: besides the tensors the allocator's segments, kernels
 * and communicators (0.02 to 0.06 GiB on one GPU, about 2 % in tensor groups, by five logs).
 */
export const sglangLoadedBytes = (weightsBytes: number, gpus: number): number =>
  gpus === 1 ? weightsBytes + 0.04 * GIB : weightsBytes * 1.02;

/**
 * The fraction when it is not set. SGLang leaves room for activations and graphs: by the size of the GPU (sglang
 * arg_groups/memory_hook.py handle_gpu_memory_settings; MiB), before 0.4.7 by the tensor size.
 */
export function defaultFraction(input: OverheadInput, { tensor, pipeline, data }: Parallel): number {
  const { fraction } = input.rules;
  if (typeof fraction === 'number') return fraction;
  if (fraction === 'by-tensor') return BY_TENSOR.find(([least]) => tensor >= least)?.[1] ?? 0.88;
  const gpuMib = input.gpuBytes / MIB;
  const { chunk, batch } = sglangSizes(gpuMib, tensor);
  const step = Math.max(input.stepTokens ?? chunk, 2048);
  let reserved = 512 + 1.5 * step + (tensor * pipeline * 1024) / 8 + 2 * batch;
  if (data > 1) reserved += batch * data * (batch > 300 ? 4.5 : 3);
  if (gpuMib > 60 * 1024) reserved = Math.max(reserved, 10 * 1024);
  return Math.round(((gpuMib - reserved) / gpuMib) * (input.shape.vision === null ? 1 : 0.95) * 1000) / 1000;
}

/** sglang server_args.py until 0.4.6. */
const BY_TENSOR: readonly (readonly [tensor: number, fraction: number])[] = [
  [16, 0.79],
  [8, 0.81],
  [4, 0.85],
  [2, 0.87],
];

function sglangSizes(gpuMib: number, tensor: number): { readonly chunk: number; readonly batch: number } {
  const gib = gpuMib / 1024;
  if (gib < 20) return { chunk: 2048, batch: 8 };
  if (gib < 35) return { chunk: 4096, batch: tensor < 4 ? 48 : 160 };
  if (gib < 60) return { chunk: 4096, batch: tensor < 4 ? 32 : 160 };
  if (gib < 160) return { chunk: 8192, batch: tensor < 4 ? 256 : 512 };
  return { chunk: 16_384, batch: 512 };
}
