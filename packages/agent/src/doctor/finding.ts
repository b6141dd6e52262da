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
  readonly engineRoots: readonly string[];
}
