/** One placement of one model on one kind of GPU: legal or not, what it takes, what is left, and whether that is enough. */
import { sizeText } from '../facts/units.ts';
import { memoryBudget, type StageBudget } from './budget.ts';
import { type CacheDtype, resolvedDtype, type StageCache, stageCaches } from './cache.ts';
import { type EngineRules, engineRules, type FitEngine } from './engine-rules.ts';
import type { GpuClass } from './gpus.ts';
import { illegalBecause } from './legality.ts';
import { sglangLoadedBytes, vllmScheduler } from './overheads.ts';
import { gpuCount, groupsOf, type Parallel } from './parallel.ts';
import { hasExperts, type ModelShape } from './shape.ts';
import { modelWeights, type Weights } from './weights.ts';

export interface FitQuestion {
  readonly shape: ModelShape;
  readonly engine: FitEngine;
  /** `0.10.2`, a date, or null for the newest. */
  readonly version: string | null;
  readonly parallel: Parallel;
  readonly gpu: GpuClass | null;
  /** GPUs at hand; null when not said. */
  readonly gpus: number | null;
  readonly nodes: number;
  /** Free on a GPU before weights load, where it is known (SGLang counts from it). */
  readonly freeBytes: number | null;
  /** `--gpu-memory-utilization` or `--mem-fraction-static`; null leaves it to dsr1. */
  readonly fraction: number | null;
  /** Tokens of the longest request; null = what the config allows. */
  readonly contextTokens: number | null;
  /** True: one request of that length must fit; false: it is only the engine's setting. */
  readonly contextNeeded: boolean;
  readonly cache: CacheDtype;
  /** `--dtype`, where it is not `auto`. */
  readonly dtype?: string;
  readonly blockTokens: number | null;
  readonly stepTokens: number | null;
  readonly sequences: number | null;
}

export type Verdict = 'fits' | 'does-not-fit' | 'illegal';

export interface FitFigures {
  readonly parameters: number | null;
  /** On one GPU of the first pipeline stage: what the head's log prints. */
  readonly weightsBytes: number | null;
  readonly stageWeightsBytes: readonly number[];
  /** In the cache of one GPU of the stage that limits, for one token. */
  readonly tokenBytes: number | null;
  readonly cacheBytes: number | null;
  readonly tokens: number | null;
  readonly contextTokens: number | null;
  /** Requests of contextTokens at once. */
  readonly concurrency: number | null;
  readonly fraction: number | null;
}

/** One line of the sum that an engineer would write down. */
export interface ArithmeticLine {
  readonly what: string;
  readonly how: string;
  readonly bytes: number | null;
}

export interface Evaluation {
  /** Null: not enough is known. */
  readonly verdict: Verdict | null;
  readonly because: readonly string[];
  readonly figures: FitFigures;
  readonly lines: readonly ArithmeticLine[];
  readonly weights: Weights | null;
}

export function evaluate(asked: FitQuestion): Evaluation {
  const question = asked.dtype?.includes('float32')
    ? { ...asked, shape: { ...asked.shape, elementBytes: 4 } }
    : asked;
  const { shape, parallel } = question;
  const rules = engineRules(question.engine, question.version);
  const weights = shape.gaps.length > 0 ? null : modelWeights(shape, parallel, rules);
  const loaded = (weights?.stageBytes ?? []).map((bytes) =>
    rules.engine === 'sglang' ? sglangLoadedBytes(bytes, gpuCount(parallel, rules.engine)) : bytes,
  );
  const caches = cachesOf(question, rules);
  const illegal = illegalBecause({
    shape,
    parallel,
    rules,
    gpus: question.gpus,
    nodes: question.nodes > 0 ? question.nodes : null,
    computeCapability: question.gpu?.computeCapability ?? null,
    dtype: question.dtype ?? null,
  });
  const context = question.contextTokens ?? shape.contextMax;
  const tokenBytes =
    shape.cacheGaps.length > 0
      ? null
      : Math.max(...caches.map((cache) => printedTokenBytes(cache, rules, context)));
  const figures: FitFigures = {
    parameters: weights?.parameters ?? null,
    weightsBytes: loaded[0] ?? null,
    stageWeightsBytes: loaded,
    tokenBytes,
    cacheBytes: null,
    tokens: null,
    contextTokens: context,
    concurrency: null,
    fraction: question.fraction,
  };
  const unanswered = { figures, lines: [], weights };
  if (question.contextNeeded && context !== null && shape.contextMax !== null && context > shape.contextMax)
    illegal.push(
      `a context of ${context} tokens is asked and the model has positions for ${shape.contextMax}`,
    );
  if (illegal.length > 0) return { ...unanswered, verdict: 'illegal', because: illegal };
  if (weights === null)
    return { ...unanswered, verdict: null, because: [`config.json does not say ${shape.gaps.join(', ')}`] };
  if (question.gpu === null && question.freeBytes === null)
    return { ...unanswered, verdict: null, because: ["the GPU's memory is not known"] };
  return answered(question, rules, weights, caches, figures);
}

function cachesOf(question: FitQuestion, rules: EngineRules): StageCache[] {
  const { shape, parallel } = question;
  const experts = hasExperts(shape);
  const scheduler = vllmScheduler({
    shape,
    rules,
    gpuBytes: question.gpu?.memoryBytes ?? 0,
    gpuName: question.gpu?.name ?? null,
    gpus: question.gpus ?? 1,
    nodes: question.nodes,
    contextTokens: question.contextTokens,
    stepTokens: question.stepTokens,
    sequences: question.sequences,
  });
  return stageCaches({
    shape,
    pipeline: parallel.pipeline,
    groups: groupsOf(parallel, rules.engine, experts),
    rules,
    dtype: resolvedDtype(question.cache, shape, rules, question.gpu?.computeCapability ?? null),
    blockTokens: question.blockTokens ?? 16,
    stepTokens: scheduler.stepTokens,
  });
}

function answered(
  question: FitQuestion,
  rules: EngineRules,
  weights: Weights,
  caches: readonly StageCache[],
  figures: FitFigures,
): Evaluation {
  const stages = memoryBudget(question, rules, figures.stageWeightsBytes, caches);
  const limiting = stages.reduce((least, stage) => (stage.tokens < least.tokens ? stage : least));
  const { cache } = limiting;
  const context = figures.contextTokens;
  const concurrency =
    context === null ? null : limiting.cacheBytes / Math.max(1, cache.requestBytes(context));
  const full: FitFigures = {
    ...figures,
    tokenBytes: printedTokenBytes(cache, rules, context),
    cacheBytes: limiting.cacheBytes,
    tokens: cache.tokenBytes === 0 ? null : Math.max(0, limiting.tokens),
    concurrency: concurrency === null ? null : Math.max(0, concurrency),
    fraction: limiting.fraction,
  };
  const because = shortfall(question, limiting, concurrency, context);
  return {
    verdict: because === null ? 'fits' : 'does-not-fit',
    because: [because ?? enough(full, limiting)],
    figures: full,
    lines: limiting.lines,
    weights,
  };
}

/** Bytes of the pool for each token that the engine prints: in newer versions of vLLM what a request of full length shares out. */
const printedTokenBytes = (cache: StageCache, rules: EngineRules, context: number | null): number =>
  rules.tokensByRequests && cache.tokenBytes > 0 && context !== null
    ? cache.requestBytes(context) / context
    : cache.tokenBytes;

/** Why it is not enough, or null. vLLM refuses a context that the cache cannot hold once; SGLang serves shorter requests. */
function shortfall(
  { engine, contextNeeded }: FitQuestion,
  stage: StageBudget,
  concurrency: number | null,
  context: number | null,
): string | null {
  if (stage.cacheBytes <= 0)
    return `weights and what the engine needs beside them take ${sizeText(-stage.cacheBytes)} more than ${sizeText(stage.usableBytes)}`;
  const refuses = engine === 'vllm' || contextNeeded;
  if (refuses && context !== null && concurrency !== null && concurrency < 1)
    return `the cache holds ${stage.tokens} tokens, one request of ${context} tokens needs ${sizeText(stage.cache.requestBytes(context))} of ${sizeText(stage.cacheBytes)}`;
  return null;
}

function enough(figures: FitFigures, stage: StageBudget): string {
  const times =
    figures.concurrency === null || figures.contextTokens === null
      ? ''
      : `, ${figures.concurrency.toFixed(2)} requests of ${figures.contextTokens}`;
  const tokens =
    figures.tokens === null ? 'states, which do not grow with tokens' : `${figures.tokens} tokens`;
  return `${sizeText(stage.cacheBytes)} are left on each GPU for ${tokens}${times}`;
}
