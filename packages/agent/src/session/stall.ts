/**
 * Notices that this process stood still (SIGSTOP, a swapping host, a paused VM) for longer than the coordinator waits:
 * what then lies in the socket was sent to an agent that has been given up, and must not be obeyed.
 */
export interface StallGuard {
  /** True when time passed without this process running. */
  stalled(): boolean;
  close(): void;
}

const TICK_MS = 5_000;

/** `limitMs`: how long the other side keeps a silent stream. */
export function createStallGuard(
  monotonicMs: () => number,
  limitMs: number,
  onStall: () => void,
): StallGuard {
  let lastMs = monotonicMs();
  const stalled = (): boolean => monotonicMs() - lastMs > TICK_MS + limitMs;
  const timer = setInterval(() => {
    if (stalled()) onStall();
    lastMs = monotonicMs();
  }, TICK_MS);
  timer.unref();
  return { stalled, close: () => clearInterval(timer) };
}
