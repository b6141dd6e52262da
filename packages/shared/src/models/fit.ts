/** Does it fit? The verdict with its reasons, every line of the arithmetic, and the nearest change that would make it fit. */
import { type Evaluation, evaluate, type FitQuestion } from './evaluate.ts';
import { type Change, nearestChange } from './nearest-change.ts';

export interface FitAnswer extends Evaluation {
  readonly assumed: readonly string[];
  /** What would make it fit; null when it does, or when nothing near does. */
  readonly nearest: Change | null;
}

/**
 * Without a fraction of its own the question leaves it to dsr1: vLLM measures everything that it will need, so its
 * utilisation may go up to 0.95 when the default is too little, and the answer says so.
 */
export function fit(question: FitQuestion): FitAnswer {
  const first = evaluate(question);
  const raised = first.verdict === 'does-not-fit' ? withHigherUtilisation(question) : null;
  const answer = raised ?? first;
  const asks = answer.verdict === 'does-not-fit' || answer.verdict === 'illegal';
  return {
    ...answer,
    assumed: question.shape.assumed,
    nearest: asks ? nearestChange(question, evaluate) : null,
  };
}

function withHigherUtilisation(question: FitQuestion): Evaluation | null {
  if (question.engine !== 'vllm' || question.fraction !== null) return null;
  const answer = evaluate({ ...question, fraction: HIGHEST_UTILISATION });
  if (answer.verdict !== 'fits') return null;
  return {
    ...answer,
    because: [
      ...answer.because,
      `with --gpu-memory-utilization ${HIGHEST_UTILISATION}: the default is too little`,
    ],
  };
}

const HIGHEST_UTILISATION = 0.95;
