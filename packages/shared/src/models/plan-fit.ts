/** Does the model of a plan fit on its gang? The same sum as `dsr1ctl fit`, asked with the arguments that the plan starts. */
import type { Category } from '../diagnose/categories.ts';
import type { NodeFacts } from '../facts/node.ts';
import type { PlanFit } from '../plan/fit.ts';
import type { LaunchPlan, RankPlan } from '../plan/model.ts';
import type { FitEngine } from './engine-rules.ts';
import { type Evaluation, evaluate, type FitQuestion } from './evaluate.ts';
import { type ModelFiles, readModelFiles } from './model-files.ts';
import { type Change, nearestChange } from './nearest-change.ts';
import { PLAIN } from './parallel.ts';
import { fitEngineOf, OTHER_WAYS, wordsOf } from './plan-legality.ts';
import { setNode } from './set-node.ts';
import type { ModelShape } from './shape.ts';

/** What the gang's nodes said of the folder; or why they said nothing. */
export type PlannedModel = ModelFiles | { readonly unknown: string };

/**
 * Null for engines that load no model. What is not certain is never refused: an unknown family or GPU, CPU ranks and
 * arguments that change the sum are `not-judged`, and a lack smaller than the error of the sum is `near`.
 */
export function judgePlan(
  { ranks, world }: Pick<LaunchPlan, 'ranks' | 'world'>,
  facts: readonly NodeFacts[],
  model: PlannedModel,
): PlanFit | null {
  const [head] = ranks;
  if (head === undefined || head.engine === 'command' || head.engine === 'rehearsal') return null;
  const engine = fitEngineOf(head);
  if (engine === null || head.gpuIndices.length === 0) return notJudged('ranks on CPUs are not counted');
  if ('unknown' in model) return notJudged(model.unknown);
  const other = wordsOf(head).find((word) => OTHER_WAYS.test(word) || OTHER_SUMS.test(word));
  if (other !== undefined) return notJudged(`${other} changes the sum`);
  const reading = readModelFiles(model);
  if (!reading.known) {
    const fields = reading.refusals.map(({ field, found }) => `${field} is ${found}`);
    return notJudged([...fields, ...reading.because].join('; '));
  }
  const { shape } = reading;
  if (shape.assumed.length > 0) return notJudged(shape.assumed.join('; '));
  const nodes = facts.map((fact, index) => setNode(String(index), fact));
  const [gpu] = nodes.flatMap((node) => node.gpu ?? []).toSorted((a, b) => a.memoryBytes - b.memoryBytes);
  if (gpu === undefined) return notJudged("the memory of the nodes' GPUs is not known");
  const isLonger =
    SCALED_POSITIONS.test(model.config) ||
    head.processes.some(({ env }) => env.VLLM_ALLOW_LONG_MAX_MODEL_LEN !== undefined);
  return judged({
    ...askedBy(head, engine, shape, isLonger),
    gpu,
    gpus: ranks.reduce((sum, { gpuIndices }) => sum + gpuIndices.length, 0),
    nodes: world.nodes,
    parallel: { ...PLAIN, tensor: world.tensor, pipeline: world.pipeline },
  });
}

/** Of which vLLM derives a longest context of its own. */
const SCALED_POSITIONS = /"rope_(?:scaling|parameters)"\s*:\s*\{[^}]*"factor"/;

/** Arguments after which other things than weights and cache take memory. */
const OTHER_SUMS =
  /^--(?:cpu-offload|speculative|enable-lora|lora|swap-space|kv-transfer|mamba|enable-hierarchical|limit-mm|language-model-only|max-total-tokens|num-gpu-blocks|kv-cache-memory)/;

/** @param isLonger the model may be asked for more than its positions: scaled ones, or vLLM is told to allow it */
function askedBy(rank: RankPlan, engine: FitEngine, shape: ModelShape, isLonger: boolean) {
  const words = wordsOf(rank);
  const after = (...flags: readonly string[]): string | null => {
    const at = words.findLastIndex((word) => flags.includes(word));
    return at < 0 ? null : (words[at + 1] ?? null);
  };
  const number = (...flags: readonly string[]): number | null => {
    const value = Number(after(...flags) ?? Number.NaN);
    return Number.isFinite(value) && value > 0 ? value : null;
  };
  const context = after('--max-model-len', '--context-length');
  const dtype = after('--dtype') ?? 'auto';
  return {
    shape,
    engine,
    version: rank.engineVersion,
    freeBytes: null,
    fraction: number('--gpu-memory-utilization', '--mem-fraction-static'),
    // `auto` and -1 let vLLM take what the cache holds.
    contextTokens: context === null ? null : (tokens(context) ?? 1),
    contextNeeded: engine === 'vllm' && context !== null && !isLonger,
    ...(dtype === 'auto' ? {} : { dtype }),
    cache: { kind: /fp8/.test(after('--kv-cache-dtype') ?? '') ? 'fp8' : 'auto' },
    blockTokens: number('--block-size', '--page-size'),
    stepTokens: number('--max-num-batched-tokens', '--chunked-prefill-size'),
    sequences: number('--max-num-seqs', '--max-running-requests'),
  } satisfies Partial<FitQuestion>;
}

/** `32768`, `32k` (thousands), `32K` (of 1024), as vLLM reads them. */
function tokens(text: string): number | null {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([kKmM]?)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const units: Readonly<Record<string, number>> = { k: 1000, K: 1024, m: 1e6, M: 1024 ** 2 };
  return Math.max(1, Math.floor(Number(digits) * (units[unit] ?? 1)));
}

function judged(question: FitQuestion & { readonly gpu: NonNullable<FitQuestion['gpu']> }): PlanFit {
  const answer = evaluate(question);
  const { verdict, figures } = answer;
  if (verdict === null) return notJudged(answer.because.join('; '));
  if (verdict === 'fits') return told(answer, { verdict, because: answer.because });
  const nearest = nearestChange({ ...question, fraction: figures.fraction }, evaluate);
  if (verdict === 'illegal') {
    return told(answer, { verdict, because: answer.because, category: refusedFor(question), nearest });
  }
  const spare = (KNOWN_ERROR * Math.max(...figures.stageWeightsBytes)) / (figures.fraction ?? 1);
  const lenient = evaluate({
    ...question,
    gpu: { ...question.gpu, memoryBytes: question.gpu.memoryBytes + spare },
  });
  const category = figures.tokens === 0 ? 'oom' : 'kv-cache-too-small';
  if (lenient.verdict !== 'fits')
    return told(answer, { verdict, because: answer.because, category, nearest });
  const because = [...answer.because, 'this is within the error of the sum (5 % of the weights)'];
  return told(answer, { verdict: 'near', because, category, nearest });
}

/** What an engine would refuse it for: what is illegal no more once it is left out of the question. */
function refusedFor(question: FitQuestion & { readonly gpu: NonNullable<FitQuestion['gpu']> }): Category {
  const without = (change: Partial<FitQuestion>) =>
    evaluate({ ...question, ...change }).verdict !== 'illegal';
  if (without({ contextNeeded: false })) return 'bad-flag';
  const anyGpu = { ...question.gpu, computeCapability: null };
  return without({ gpu: anyGpu }) ? 'hardware-unsupported' : 'parallel-size-invalid';
}

/** Of weights, against what engines printed (docs/fit.md). */
const KNOWN_ERROR = 0.05;

interface Judgement {
  readonly verdict: PlanFit['verdict'];
  readonly because: readonly string[];
  /** As diagnose/categories.ts names what the engine would end with. */
  readonly category?: Category;
  readonly nearest?: Change | null;
}

function told({ figures, lines }: Evaluation, { verdict, because, category, nearest }: Judgement): PlanFit {
  const { weightsBytes, tokenBytes, tokens: held, contextTokens, concurrency } = figures;
  return {
    verdict,
    because: [...because],
    category: category ?? null,
    nearest: nearest == null ? null : { ...nearest, flags: [...nearest.flags] },
    weightsBytes,
    tokenBytes,
    tokens: held,
    contextTokens,
    concurrency,
    lines: [...lines],
  };
}

const notJudged = (because: string): PlanFit => ({
  verdict: 'not-judged',
  because: [because],
  category: null,
  nearest: null,
  weightsBytes: null,
  tokenBytes: null,
  tokens: null,
  contextTokens: null,
  concurrency: null,
  lines: [],
});
