/** One field told by several sources: the first of the order is believed, others that differ are reported. */
import type { Contradiction } from '../../facts/node.ts';

export interface Claim<Value> {
  readonly source: string;
  readonly value: Value | null | undefined;
}

/** Collects contradictions while fields are settled. */
export interface Ledger {
  /** The first value that some source gives, in the order of `claims`; null when none does. */
  believe<Value extends string | number | boolean>(
    subject: string,
    claims: readonly Claim<Value>[],
  ): Value | null;
  readonly contradictions: readonly Contradiction[];
}

/** `because` says why the order is what it is. */
export function openLedger(because: string): Ledger {
  const contradictions: Contradiction[] = [];
  return {
    contradictions,
    believe(subject, claims) {
      const told = claims.filter((claim) => claim.value !== null && claim.value !== undefined);
      const first = told[0];
      const other = told.find((claim) => claim.value !== first?.value);
      if (first && other) {
        contradictions.push({
          subject,
          believed: { source: first.source, value: String(first.value) },
          rejected: { source: other.source, value: String(other.value) },
          because,
        });
      }
      return first?.value ?? null;
    },
  };
}
