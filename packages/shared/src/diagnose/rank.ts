/** Which finding is the cause. One pure function of strength, order and support. */
import type { Hit } from './log-reader.ts';
import type { Strength } from './model.ts';

const weights: Readonly<Record<Strength, number>> = {
  proof: 0.95,
  strong: 0.8,
  hint: 0.5,
  guess: 0.4,
  consequence: 0.25,
};
const PENALTY = {
  afterWitness: 0.2,
  waited: 0.35,
  chained: 0.05,
  mild: 0.1,
  later: 0.02,
  mostLater: 5,
  quiet: 0.1,
};

export interface Ranked {
  readonly hit: Hit;
  /** 0..1, told as confidence. */
  readonly score: number;
}

/**
 * Best first. A proof beats a sign, a cause beats a consequence and a wait that it explains, an exception beats the one raised while it was
 * handled, an error beats what its program calls a warning, and of equals the earlier in wall time wins. A guess that
 * comes after a witness is a consequence too.
 */
export function rank(hits: readonly Hit[]): Ranked[] {
  const ordered = inTime(hits);
  const turns = new Map<string, number>();
  for (const { rule } of ordered) if (!turns.has(rule.category)) turns.set(rule.category, turns.size);
  const witness = ordered.findIndex(({ rule }) => rule.strength === 'consequence');
  const afterWitness = (hit: Hit, at: number): number =>
    hit.rule.strength === 'guess' && witness >= 0 && at > witness ? PENALTY.afterWitness : 0;
  const waited = (hit: Hit): number =>
    hit.rule.waits === true && ordered.some((other) => explains(other, hit)) ? PENALTY.waited : 0;
  return ordered
    .map((hit, at) => ({
      hit,
      score: score(hit, turns.get(hit.rule.category) ?? 0) - afterWitness(hit, at) - waited(hit),
    }))
    .sort((a, b) => b.score - a.score);
}

/** What went wrong before a wait, or on another rank, is why it was in vain. */
function explains(cause: Hit, wait: Hit): boolean {
  const { rule, at, seconds } = cause;
  if (rule.waits === true || rule.quiet === true || rule.category === wait.rule.category) return false;
  if (rule.strength === 'consequence' || rule.strength === 'guess') return false;
  if (at.file === wait.at.file) return at.number < wait.at.number;
  if (seconds !== null && wait.seconds !== null) return seconds <= wait.seconds;
  return rule.strength !== 'hint';
}

/** Hits by wall time where all lines carry one, else file by file. */
export function inTime<T extends Pick<Hit, 'seconds' | 'at'>>(items: readonly T[]): T[] {
  const timed = items.every(({ seconds }) => seconds !== null);
  return [...items].sort(
    (a, b) =>
      (timed ? (a.seconds ?? 0) - (b.seconds ?? 0) : a.at.file.localeCompare(b.at.file)) ||
      a.at.number - b.at.number,
  );
}

function score({ rule, chained, level }: Hit, turn: number): number {
  return (
    weights[rule.strength] -
    (chained ? PENALTY.chained : 0) -
    ((level === 'info' || level === 'warning') && rule.quiet !== true ? PENALTY.mild : 0) -
    (rule.quiet === true ? PENALTY.quiet : 0) -
    Math.min(turn, PENALTY.mostLater) * PENALTY.later
  );
}
