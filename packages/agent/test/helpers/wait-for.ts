import { setTimeout as sleep } from 'node:timers/promises';

/** The first truthy answer of `look`, asked every 20 ms for at most 10 s. @throws with `what` when there is none */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<Exclude<NonNullable<T>, false>> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await look();
    if (answer) return answer as Exclude<NonNullable<T>, false>;
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(20);
  }
}
