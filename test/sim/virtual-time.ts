/** Time that passes only when a test says so: hours of a cluster's life in a second, in one order for one seed. */

import type { Timers } from '@dsr1/coordinator/deployments/timers';
import type { Clock } from '@dsr1/shared/clock';

export interface VirtualTime extends Timers {
  readonly clock: Clock;
  /** Runs everything that is due within the next `ms`. */
  advance(ms: number): Promise<void>;
  /** Advances until `done()` or until `limitMs` have passed; returns whether it was done. */
  until(done: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean>;
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly work: () => void;
}

const START_WALL_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 250;

export function createVirtualTime(): VirtualTime {
  const due: Due[] = [];
  let nowMs = 0;
  let order = 0;

  async function advance(ms: number): Promise<void> {
    const endMs = nowMs + ms;
    await settled();
    for (let next = take(due, endMs); next !== null; next = take(due, endMs)) {
      nowMs = Math.max(nowMs, next.atMs);
      next.work();
      await settled();
    }
    nowMs = endMs;
  }

  return {
    clock: { wallMs: () => Math.floor(START_WALL_MS + nowMs), monotonicMs: () => nowMs },
    after(delayMs, work) {
      order += 1;
      const entry = { atMs: nowMs + Math.max(0, delayMs), order, work };
      due.push(entry);
      return () => {
        const index = due.indexOf(entry);
        if (index >= 0) due.splice(index, 1);
      };
    },
    advance,
    async until(done, limitMs) {
      const endMs = nowMs + limitMs;
      while (nowMs < endMs) {
        if (await done()) return true;
        await advance(STEP_MS);
      }
      return done();
    },
  };
}

/** The earliest entry that is due by then, removed from the list. */
function take(due: Due[], byMs: number): Due | null {
  let first: Due | null = null;
  for (const entry of due) {
    if (entry.atMs > byMs) continue;
    if (first === null || entry.atMs < first.atMs || (entry.atMs === first.atMs && entry.order < first.order))
      first = entry;
  }
  if (first !== null) due.splice(due.indexOf(first), 1);
  return first;
}

/** Everything that only waits for promises has run once a macrotask comes. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
