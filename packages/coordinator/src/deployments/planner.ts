/** The planner as the deployments see it: the pure plan, fed with the nodes of now and what other deployments hold. */
import { hashOf } from '@dsr1/shared/hash';
import type { PlanResult } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { modelPathOf } from '@dsr1/shared/weights/plan-model';
import { plannedModel } from '../models/planned-model.ts';
import type { NodeHub } from '../nodes/hub.ts';
import type { PlanInput } from '../plan/input.ts';
import { withWeightsDeadline } from '../plan/weights-deadline.ts';
import { withFit } from '../plan/with-fit.ts';
import type { AttemptRecord } from '../reconcile/model.ts';
import { planWithReadings } from './engine-readings.ts';
import { withNamedEngine } from './named-engine.ts';
import type { DeploymentStore } from './store.ts';

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

export interface PlannerDeps {
  readonly store: Pick<DeploymentStore, 'names' | 'load'>;
  readonly hub: Pick<NodeHub, 'nodes' | 'send'>;
  /** plan/plan.ts */
  readonly plan: (input: PlanInput) => PlanResult;
}

export const createPlanner = ({ store, hub, plan }: PlannerDeps): Planner => ({
  async plan({ spec, epoch, previous, avoidPorts }) {
    const others = await liveAttempts(store, spec.name);
    const nodes = await withNamedEngine(spec, hub.nodes(), hub);
    const input = {
      spec,
      specHash: hashOf(spec),
      epoch,
      nodes: nodes.map(({ id, name, state, cordoned, facts }) => ({
        id,
        name,
        state,
        cordoned,
        facts,
        ...heldOn(id, others),
      })),
      previousRanks: Object.fromEntries(previous?.ranks.map(({ nodeId, rank }) => [nodeId, rank]) ?? []),
      avoidPorts: Object.fromEntries(nodes.map(({ id }) => [id, avoidPorts])),
      endpointPort: previous?.plan.endpoint?.port ?? null,
    };
    const result = await planWithReadings(input, plan, hub);
    const head = result.feasible ? result.plan.ranks[0] : undefined;
    const path = head === undefined ? null : modelPathOf(head);
    if (!result.feasible || path === null) return result;
    const gang = result.plan.ranks.map(({ nodeId, nodeName }) => ({ id: nodeId, name: nodeName }));
    // What has served fits, whatever a sum says.
    const enforce = spec.model?.fit !== 'warn' && previous?.servedAtWallMs == null;
    const model = await plannedModel(hub, path, gang);
    return withWeightsDeadline(withFit(result, input.nodes, model, enforce), spec, model);
  },
});

/** An attempt holds its GPUs and ports until every rank is known to be stopped. */
async function liveAttempts(store: PlannerDeps['store'], except: string): Promise<readonly AttemptRecord[]> {
  const names = (await store.names()).filter((name) => name !== except);
  const stored = await Promise.all(names.map((name) => store.load(name)));
  return stored.flatMap((one) =>
    one === null || one.attempt === null || one.attempt.closed ? [] : [one.attempt],
  );
}

function heldOn(nodeId: string, attempts: readonly AttemptRecord[]) {
  const ranks = attempts.flatMap(({ plan }) => plan.ranks.filter((rank) => rank.nodeId === nodeId));
  return {
    busyPorts: ranks.flatMap(({ ports }) => ports.map(({ port }) => port)),
    busyGpus: ranks.flatMap(({ gpuIndices }) => gpuIndices),
  };
}
