/** The planner as the deployments see it; wiring gives it the facts, the policy and what others hold. */
import type { PlanResult } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { AttemptRecord } from '../reconcile/model.ts';

export interface PlanRequest {
  readonly spec: DeploymentSpec;
  readonly epoch: number;
  /** Its ranks keep their nodes, and its endpoint its port. */
  readonly previous: AttemptRecord | null;
  readonly avoidPorts: readonly number[];
}

export interface Planner {
  plan(request: PlanRequest): Promise<PlanResult>;
}
