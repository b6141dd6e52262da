/** Delays as a dependency, so that tests can run hours of a deployment's life in a second. */
export interface Timers {
  /** Calls `work` once after `delayMs`; returns the function that cancels it. */
  after(delayMs: number, work: () => void): () => void;
}

export const systemTimers: Timers = {
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
