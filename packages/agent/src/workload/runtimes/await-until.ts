import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every `stepMs` until `done` says so (true) or the time is over (false). Never rejects on its own. */
export async function awaitUntil(
  done: () => boolean | Promise<boolean>,
  timeoutMs: number,
  stepMs: number,
): Promise<boolean> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    if (await done()) return true;
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) return false;
    await sleep(Math.min(stepMs, leftMs));
  }
}
