/** The smallest change of a question that makes it fit: first settings, then another division, then more GPUs. */
import type { Evaluation, FitQuestion } from './evaluate.ts';
import { gpuCount } from './parallel.ts';

export interface Change {
  /** For people: `context 16384`, `tensor parallel 8`. */
  readonly change: string;
  /** The same as engine flags, where there are some. */
  readonly flags: readonly string[];
  readonly tokens: number | null;
}

type Evaluate = (question: FitQuestion) => Evaluation;

/** Null when nothing near fits. */
export function nearestChange(question: FitQuestion, evaluate: Evaluate): Change | null {
  for (const [change, flags, changed] of candidates(question, evaluate)) {
    const answer = evaluate(changed);
    if (answer.verdict === 'fits' && answer.figures.tokens !== 0)
      return { change, flags, tokens: answer.figures.tokens };
  }
  return null;
}

type Candidate = readonly [change: string, flags: readonly string[], question: FitQuestion];

function* candidates(question: FitQuestion, evaluate: Evaluate): Generator<Candidate> {
  const contextFlag = question.engine === 'vllm' ? '--max-model-len' : '--context-length';
  const fractionFlag = question.engine === 'vllm' ? '--gpu-memory-utilization' : '--mem-fraction-static';
  const now = evaluate(question);
  if (now.verdict === 'does-not-fit') {
    const shorter = longestContext(question, now);
    if (shorter !== null)
      yield [`context ${shorter}`, [contextFlag, `${shorter}`], { ...question, contextTokens: shorter }];
    if (question.engine === 'vllm' && question.fraction !== null && question.fraction < 0.95)
      yield ['utilisation 0.95', [fractionFlag, '0.95'], { ...question, fraction: 0.95 }];
    if (question.cache.kind === 'auto')
      yield [
        'cache in FP8',
        ['--kv-cache-dtype', fp8Name(question)],
        { ...question, cache: { kind: 'fp8' } },
      ];
  }
  yield* divisions(question);
}

/** Other tensor and pipeline sizes, fewest GPUs first; more nodes last. */
function* divisions(question: FitQuestion): Generator<Candidate> {
  const { parallel, gpus, nodes } = question;
  const here = gpus ?? gpuCount(parallel, question.engine);
  const perNode = Math.max(1, Math.floor(here / Math.max(1, nodes)));
  const sizes = [1, 2, 4, 8, 16, 32, 64];
  const pairs = sizes
    .flatMap((tensor) => [1, 2, 3, 4, 6, 8, 12, 16].map((pipeline) => ({ tensor, pipeline })))
    .filter(({ tensor, pipeline }) => tensor !== parallel.tensor || pipeline !== parallel.pipeline)
    .map((pair) => ({ ...pair, total: pair.tensor * pair.pipeline }))
    .filter(({ total }) => total <= here * 16)
    .toSorted(
      (a, b) =>
        Number(a.total > here) - Number(b.total > here) || a.total - b.total || a.pipeline - b.pipeline,
    );
  for (const { tensor, pipeline, total } of pairs) {
    const needed = Math.ceil(total / perNode);
    const changed: FitQuestion = {
      ...question,
      gpus: Math.max(here, needed * perNode),
      nodes: Math.max(nodes, needed),
      parallel: { ...parallel, tensor, pipeline, data: 1, expert: 1 },
    };
    yield [
      `tensor parallel ${tensor}${pipeline > 1 ? `, pipeline parallel ${pipeline}` : ''} on ${total} GPUs`,
      ['--tensor-parallel-size', `${tensor}`, '--pipeline-parallel-size', `${pipeline}`],
      changed,
    ];
  }
}

/** Largest whole thousand of tokens that the cache holds once. */
function longestContext(question: FitQuestion, { figures }: Evaluation): number | null {
  const most = Math.min(figures.tokens ?? 0, question.contextTokens ?? figures.contextTokens ?? 0);
  const rounded = Math.floor(most / 1024) * 1024;
  return rounded >= 1024 ? rounded : null;
}

const fp8Name = ({ engine }: FitQuestion): string => (engine === 'vllm' ? 'fp8' : 'fp8_e4m3');
