/** How long weights may take to load: by their size, where the deployment does not say. */
import type { PlannedModel } from '@dsr1/shared/models/plan-fit';
import type { PlanResult } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';

/** Of one node while all read: a shared 1 Gb/s file server is slower than any disk that holds such models. */
const SLOWEST_BYTES_PER_SECOND = 100e6;
/** Beside the reading: opening shards, and turning them into what kernels want. */
const FIXED_SECONDS = 600;

/** The engine's own deadline stays where the size is not known. */
export function withWeightsDeadline(
  result: PlanResult,
  { deadlines }: DeploymentSpec,
  model: PlannedModel,
): PlanResult {
  if (!result.feasible || deadlines?.weightsSeconds !== undefined) return result;
  if ('unknown' in model || model.storedBytes === null) return result;
  const weightsSeconds = FIXED_SECONDS + Math.ceil(model.storedBytes / SLOWEST_BYTES_PER_SECOND);
  return {
    ...result,
    plan: { ...result.plan, deadlines: { ...result.plan.deadlines, weightsSeconds } },
  };
}
