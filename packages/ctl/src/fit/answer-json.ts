/** An answer as JSON: figures in GiB under the names that records of engines' logs use, then everything else. */
import type { FitAnswer } from '@dsr1/shared/models/fit';

export function answerJson(answer: FitAnswer): object {
  const { verdict, because, assumed, nearest, figures, lines, weights } = answer;
  return {
    verdict,
    because,
    weights_gib_per_gpu: gib(figures.weightsBytes),
    kv_bytes_per_token: figures.tokenBytes,
    kv_available_gib: gib(figures.cacheBytes),
    kv_tokens: figures.tokens,
    max_concurrency: figures.concurrency,
    assumed,
    nearest,
    figures,
    lines,
    parts: weights?.parts ?? [],
  };
}

const gib = (bytes: number | null): number | null => (bytes === null ? null : bytes / 2 ** 30);
