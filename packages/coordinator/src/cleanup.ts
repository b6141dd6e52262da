/** What was opened, to be closed in the opposite order. */
export interface Cleanup {
  add(step: () => unknown): void;
  /** Each step once, also when it is called again. */
  run(): Promise<void>;
}

export function createCleanup(): Cleanup {
  const steps: (() => unknown)[] = [];
  return {
    add: (step) => void steps.push(step),
    async run() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
    },
  };
}
