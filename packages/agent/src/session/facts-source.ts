/** The node's facts for its sessions: collected once at the start while the session comes up, then watched. */
import type { FactsWatch, WatchedFacts } from '../facts/watch.ts';

export interface FactsSource {
  current(): WatchedFacts | null;
  refresh(): Promise<WatchedFacts>;
  onChange(listener: (facts: WatchedFacts) => void): () => void;
  stop(): Promise<void>;
}

/** `start` begins the watch; its callback tells of changes, its result of the first facts. */
export function createFactsSource(
  start: (onChange: (facts: WatchedFacts) => void) => Promise<FactsWatch>,
): FactsSource {
  const listeners = new Set<(facts: WatchedFacts) => void>();
  let current: WatchedFacts | null = null;
  const tell = (facts: WatchedFacts): void => {
    current = facts;
    for (const listener of listeners) listener(facts);
  };
  const watch = start(tell).then((started) => {
    tell(started.current());
    return started;
  });
  return {
    current: () => current,
    refresh: async () => (await watch).refresh(),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => (await watch).stop(),
  };
}
