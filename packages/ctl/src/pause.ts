import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; Ctrl-C ends it at once (it rejects with an AbortError). */
export const pause = (ms: number, interrupted: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal: interrupted });
