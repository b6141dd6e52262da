/** One thing that is missing or wrong on a node, why it matters to a launch, and exactly what to do about it. */
export interface Finding {
  /** `error`: launches on this node fail or fall back badly; `warning`: they may. */
  readonly severity: 'error' | 'warning';
  /** Stable name for scripts (`uverbs-closed`). */
  readonly check: string;
  readonly found: string;
  readonly matters: string;
  /** Commands or settings, one a line. */
  readonly fix: readonly string[];
}

export interface DoctorConfig {
  /** Ports that launches take; must lie outside what the kernel hands out by itself. */
  readonly portPool: { readonly low: number; readonly high: number };
  readonly engineRoots: readonly string[];
}

/** Where launches take their ports from unless configured otherwise. */
export const DEFAULT_PORT_POOL = { low: 20_000, high: 29_999 } as const;
