/** One suspected cause before ranking. */
import { adviceFor } from './advice.ts';
import type { FabricCategory } from './categories.ts';
import type { Confidence, Evidence, FabricDiagnosis } from './model.ts';

export interface Finding extends FabricDiagnosis {
  /** What an effect of something else shows: never ranked before a cause. */
  readonly consequence: boolean;
}

/** A finding in the category's general words, or in better ones where a rule has them. */
export function finding(
  category: FabricCategory,
  confidence: Confidence,
  evidence: readonly Evidence[],
  better: { cause?: string; fix?: string; consequence?: boolean; precaution?: true } = {},
): Finding {
  const { cause, fix } = adviceFor(category);
  return {
    category,
    cause: better.cause ?? cause,
    fix: better.fix ?? fix,
    evidence,
    confidence,
    consequence: better.consequence ?? false,
    ...(better.precaution ? { precaution: true } : {}),
  };
}
