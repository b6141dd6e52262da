import type { Clock } from '@dsr1/shared/clock';

/**
 * Milliseconds that never go back, not even over a restart of the coordinator: the wall clock once (or the latest stored
 * time, when that is later), the monotonic clock from there. Durations between stored times are safe to use.
 */
export function createSteadyClock(clock: Clock, latestStoredMs: number): () => number {
  const startMs = Math.max(clock.wallMs(), latestStoredMs);
  const startMonotonicMs = clock.monotonicMs();
  return () => startMs + (clock.monotonicMs() - startMonotonicMs);
}
