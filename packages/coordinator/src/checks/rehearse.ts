/** A launch's rehearsal as a check: the same engine as `dsr1ctl fabric check`, on exactly what the attempt's plan says. */
import { engineOf } from '@dsr1/shared/engines/registry';
import type { CheckFinding } from '@dsr1/shared/fabric/check/model';
import type { LaunchPlan } from '@dsr1/shared/plan/model';
import type { Planner } from '../deployments/planner.ts';
import type { RehearsalRequest, Rehearse } from '../deployments/rehearsals.ts';
import type { NodeView } from '../nodes/hub.ts';
import { networkDifference } from '../plan/difference.ts';
import { gangViews } from '../plan/fabric.ts';
import type { UsableNode } from '../plan/input.ts';
import { FACTS_CHANGED } from '../reconcile/rehearsal.ts';
import { planAllReduce } from './all-reduce-plan.ts';
import type { CheckRuns } from './runs.ts';
import type { CheckTarget } from './target.ts';

export interface RehearseDeps {
  readonly runs: CheckRuns;
  readonly planner: Planner;
  readonly nodes: () => readonly NodeView[];
}

export const createRehearse =
  (deps: RehearseDeps): Rehearse =>
  (request, told, signal) =>
    deps.runs.begin(targetOf(request, deps), told, signal);

function targetOf({ deployment, attempt }: RehearsalRequest, { planner, nodes }: RehearseDeps): CheckTarget {
  const { epoch, avoidPorts, plan } = attempt;
  const all = new Map(nodes().map((node) => [node.id, node]));
  return {
    deployment: deployment.name,
    nodes: plan.ranks.flatMap(({ nodeId }) => all.get(nodeId) ?? []),
    async fabricOf(gang) {
      const views = gangViews(gang);
      const given = { transport: plan.transport, selection: null, views };
      if (gang.length < plan.ranks.length) return { ...given, ends: plan.ends ?? [], changed: null };
      // What the next plan would say: an attempt that ends for a difference is followed by one that has none.
      const again = await planner.plan({ spec: deployment.spec, epoch, previous: attempt, avoidPorts });
      const lines = networkDifference(plan, again);
      const ends = again.feasible ? (again.plan.ends ?? []) : [];
      return { ...given, ends, changed: lines.length === 0 ? null : changedSince(plan, lines) };
    },
    allReduceOf(gang, freshness) {
      const { spec } = deployment;
      const engine = engineOf(spec.engine.kind);
      if (engine === null) return { untested: `this coordinator has no engine ${spec.engine.kind}` };
      const gpus = ({ id }: UsableNode) => plan.ranks.find(({ nodeId }) => nodeId === id)?.gpuIndices ?? [];
      return planAllReduce({ spec, engine, gang, gpus }, freshness);
    },
    needsOf({ id }) {
      const rank = plan.ranks.find(({ nodeId }) => nodeId === id);
      return { memlockBytes: rank?.minMemlockBytes ?? null, shmBytes: rank?.minShmBytes ?? null };
    },
  };
}

const changedSince = ({ ranks }: LaunchPlan, lines: readonly string[]): CheckFinding => ({
  severity: 'error',
  category: FACTS_CHANGED,
  culprit: { kind: 'gang', nodes: ranks.map(({ nodeName }) => nodeName), rail: null, device: null },
  cause: `the network changed after it was planned: ${lines[0]}`,
  evidence: [...lines],
  fix: 'nothing: the deployment is planned again with what the nodes have now',
});
