/** What is left for the cache on one GPU of each pipeline stage, and how many tokens that is: vLLM's way and SGLang's. */
import type { StageCache } from './cache.ts';
import type { EngineRules } from './engine-rules.ts';
import type { ArithmeticLine, FitQuestion } from './evaluate.ts';
import {
  defaultFraction,
  type OverheadInput,
  sglangFreeBytes,
  vllmActivationBytes,
  vllmGraphBytes,
  vllmOtherBytes,
} from './overheads.ts';
import { gpuCount, groupsOf } from './parallel.ts';
import { hasExperts } from './shape.ts';

export interface StageBudget {
  readonly cache: StageCache;
  /** What the fraction leaves to the engine, weights included. */
  readonly usableBytes: number;
  /** For the cache; below zero when it does not even hold the weights. */
  readonly cacheBytes: number;
  readonly tokens: number;
  readonly fraction: number;
  readonly lines: readonly ArithmeticLine[];
}

/** At least one stage. Either `question.gpu` or `question.freeBytes` is known. */
export function memoryBudget(
  question: FitQuestion,
  rules: EngineRules,
  weightsBytes: readonly number[],
  caches: readonly StageCache[],
): StageBudget[] {
  return caches.map((cache, stage) => {
    const taken = weightsBytes[stage] ?? 0;
    const isLast = stage === caches.length - 1;
    return rules.engine === 'vllm'
      ? vllmStage(question, rules, cache, taken, isLast)
      : sglangStage(question, rules, cache, taken);
  });
}

function overheadInput(question: FitQuestion, rules: EngineRules): OverheadInput {
  const { shape, parallel, gpu, freeBytes } = question;
  const experts = hasExperts(shape);
  return {
    shape,
    groups: groupsOf(parallel, rules.engine, experts),
    rules,
    gpuBytes: gpu?.memoryBytes ?? freeBytes ?? 0,
    gpuName: gpu?.name ?? null,
    gpus: gpuCount(parallel, rules.engine),
    nodes: question.nodes,
    contextTokens: question.contextTokens,
    stepTokens: question.stepTokens,
    sequences: question.sequences,
  };
}

/** utilisation × total − weights − activations − context and communication (− CUDA graphs), in whole blocks. */
function vllmStage(
  question: FitQuestion,
  rules: EngineRules,
  cache: StageCache,
  weightsBytes: number,
  isLast: boolean,
): StageBudget {
  const input = overheadInput(question, rules);
  const fraction = question.fraction ?? defaultFraction(input, question.parallel);
  const usable = input.gpuBytes * fraction;
  const activations = vllmActivationBytes(input, isLast);
  const other = vllmOtherBytes(input);
  const graphs = rules.graphsInBudget ? vllmGraphBytes(cache.layers) : 0;
  const left = usable - weightsBytes - activations - other - graphs;
  const block = question.blockTokens ?? 16;
  const tokens = tokensOf(question, rules, cache, left, block);
  return {
    cache,
    usableBytes: usable,
    cacheBytes: left,
    tokens,
    fraction,
    lines: [
      { what: 'memory of one GPU', how: input.gpuName ?? '', bytes: input.gpuBytes },
      { what: 'vLLM may use', how: `× ${fraction} (--gpu-memory-utilization)`, bytes: usable },
      { what: 'weights', how: '', bytes: -weightsBytes },
      { what: 'activations', how: 'peak of the profile run', bytes: -activations },
      {
        what: 'context and communication',
        how: input.gpus > 1 ? 'NCCL, all-reduce buffers' : '',
        bytes: -other,
      },
      ...(graphs > 0 ? [{ what: 'CUDA graphs', how: `${cache.layers} layers`, bytes: -graphs }] : []),
      ...cacheLines(left, tokens, cache),
    ],
  };
}

/** What the engine prints: whole blocks; in newer versions requests of full length times that length. */
function tokensOf(
  question: FitQuestion,
  rules: EngineRules,
  cache: StageCache,
  left: number,
  block: number,
): number {
  if (cache.tokenBytes === 0) return tokensIn(left, 0);
  const context = question.contextTokens ?? question.shape.contextMax;
  const hybrid = context !== null && cache.requestBytes(context) !== context * cache.tokenBytes;
  if (rules.tokensByRequests && hybrid) return Math.floor((left / cache.requestBytes(context)) * context);
  return Math.floor(left / (cache.tokenBytes * block)) * block;
}

/** Layers that only keep states hold any number of tokens. */
const tokensIn = (bytes: number, tokenBytes: number): number =>
  tokenBytes > 0 ? Math.floor(bytes / tokenBytes) : bytes > 0 ? Number.MAX_SAFE_INTEGER : 0;

/** free after loading − free before × (1 − fraction); weights are inside the fraction, activations outside. */
function sglangStage(
  question: FitQuestion,
  rules: EngineRules,
  cache: StageCache,
  weightsBytes: number,
): StageBudget {
  const input = overheadInput(question, rules);
  const free = question.freeBytes ?? sglangFreeBytes(input.gpuBytes, input.gpus);
  const fraction = question.fraction ?? defaultFraction(input, question.parallel);
  const usable = free * fraction;
  const left = (usable - weightsBytes) * (1 - cache.stateShare);
  const tokens = tokensIn(left, cache.tokenBytes);
  return {
    cache,
    usableBytes: usable,
    cacheBytes: left,
    tokens,
    fraction,
    lines: [
      { what: 'free before weights load', how: input.gpuName ?? '', bytes: free },
      { what: 'SGLang may use', how: `× ${fraction} (--mem-fraction-static)`, bytes: usable },
      { what: 'weights', how: '', bytes: -weightsBytes },
      ...(cache.stateShare > 0
        ? [
            {
              what: 'states of linear layers',
              how: '0.9 parts for 1 part of cache',
              bytes: left - (usable - weightsBytes),
            },
          ]
        : []),
      ...cacheLines(left, tokens, cache),
    ],
  };
}

const cacheLines = (left: number, tokens: number, cache: StageCache): ArithmeticLine[] => [
  { what: 'left for the cache', how: '', bytes: left },
  { what: 'one token', how: `${cache.layers} layers on this GPU`, bytes: cache.tokenBytes },
  ...(cache.tokenBytes === 0 ? [] : [{ what: 'tokens', how: `${Math.max(0, tokens)}`, bytes: null }]),
];
