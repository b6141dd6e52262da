/** What a watcher saw of a deployment, with how long each rank has been where it is. Pure. */
import { type Phase, phaseIndex } from '@dsr1/shared/engines/phases';
import type { DeploymentDetail, RankStatus } from '@dsr1/shared/http-api/resources';

export interface Observation {
  readonly detail: DeploymentDetail;
  readonly atMs: number;
  /** When each rank was first seen in its present state and phase, by rank. */
  readonly sinceMs: Readonly<Record<number, number>>;
}

/** `atMs` is monotonic. */
export function observe(previous: Observation | null, detail: DeploymentDetail, atMs: number): Observation {
  const sinceMs: Record<number, number> = {};
  for (const rank of detail.ranks) {
    const before = previous?.detail.ranks.find((each) => each.rank === rank.rank);
    const same = before !== undefined && samePlace(before, rank) && previous?.detail.epoch === detail.epoch;
    sinceMs[rank.rank] = same ? (previous?.sinceMs[rank.rank] ?? atMs) : atMs;
  }
  return { detail, atMs, sinceMs };
}

export const samePlace = (a: RankStatus, b: RankStatus): boolean =>
  a.state === b.state && a.phase === b.phase;

export interface Laggard {
  readonly rank: number;
  /** Phase that the others have reached and this one has not. */
  readonly missing: Phase;
  readonly waiting: number;
  readonly waitingMs: number;
}

/** Phases that all ranks go through together: who is behind there holds the others up. */
const COLLECTIVE: readonly Phase[] = ['rendezvous', 'weights', 'graphs'];

/** Ranks that others have waited for at least `patienceMs`, seen from the rank that waits longest. */
export function laggards({ detail, atMs, sinceMs }: Observation, patienceMs: number): Laggard[] {
  const running = detail.ranks.filter((rank) => rank.state === 'running' && rank.phase !== null);
  const [ahead] = running.toSorted(
    (a, b) => index(b) - index(a) || (sinceMs[a.rank] ?? atMs) - (sinceMs[b.rank] ?? atMs),
  );
  if (!ahead?.phase || !COLLECTIVE.includes(ahead.phase)) return [];
  const waitingMs = atMs - (sinceMs[ahead.rank] ?? atMs);
  if (waitingMs < patienceMs) return [];
  const missing = ahead.phase;
  return detail.ranks
    .filter((rank) => index(rank) < index(ahead))
    .map(({ rank }) => ({ rank, missing, waiting: ahead.rank, waitingMs }));
}

const index = (rank: RankStatus): number => (rank.phase === null ? -1 : phaseIndex(rank.phase));
