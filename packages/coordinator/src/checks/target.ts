/** Which nodes a check is about, and with which wishes their fabric is chosen. */

import type { Engine } from '@dsr1/shared/engines/engine';
import { engineOf } from '@dsr1/shared/engines/registry';
import { Dsr1Error } from '@dsr1/shared/errors';
import { checkEnds } from '@dsr1/shared/fabric/check/ends';
import type { CheckEnd, CheckFinding, CheckRequest } from '@dsr1/shared/fabric/check/model';
import type { FabricNode, FabricSelection } from '@dsr1/shared/fabric/model';
import { probed } from '@dsr1/shared/facts/nullable';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { DeploymentService } from '../deployments/service.ts';
import type { NodeView } from '../nodes/hub.ts';
import { gpusFor } from '../plan/eligibility.ts';
import { gangSelection, gangViews } from '../plan/fabric.ts';
import type { UsableNode } from '../plan/input.ts';
import { installOf } from '../plan/installs.ts';
import { MIN_MEMLOCK_BYTES, MIN_SHM_BYTES } from '../plan/rank-plan.ts';
import { type AllReducePlan, gpusOf, type NoAllReduce, planAllReduce } from './all-reduce-plan.ts';
import type { Needs } from './states.ts';

export interface CheckTarget {
  readonly deployment: string | null;
  readonly nodes: readonly NodeView[];
  /** What is to be tested between the nodes that answered, by their facts of now. */
  readonly fabricOf: (gang: readonly UsableNode[]) => TargetFabric | Promise<TargetFabric>;
  /** The ranks that sum at last, as a launch would start them; `freshness` moves their port on. */
  readonly allReduceOf: (gang: readonly UsableNode[], freshness: number) => AllReducePlan | NoAllReduce;
  /** `rdma`: some end is an RDMA device. */
  readonly needsOf: (node: UsableNode, rdma: boolean) => Needs;
}

export interface TargetFabric {
  readonly transport: string | null;
  /** Judged for what it leaves out; null when the fabric is a given. */
  readonly selection: FabricSelection | null;
  readonly views: readonly FabricNode[];
  readonly ends: readonly CheckEnd[];
  /** These ends are not what was to be tested, so nothing is; null = they are. */
  readonly changed: CheckFinding | null;
}

/** Named nodes, or those of a deployment. */
export interface RequestTarget extends CheckTarget {
  readonly selectionOf: (gang: readonly UsableNode[]) => FabricSelection;
}

export interface TargetDeps {
  readonly nodes: () => readonly NodeView[];
  readonly deployments: Pick<DeploymentService, 'get'>;
}

/** @throws NODE_NOT_FOUND, DEPLOYMENT_NOT_FOUND, INVALID_ARGUMENT */
export async function targetOf(
  request: CheckRequest,
  { nodes, deployments }: TargetDeps,
): Promise<RequestTarget> {
  if ((request.nodes === undefined) === (request.deployment === undefined))
    throw new Dsr1Error('INVALID_ARGUMENT', 'expected either nodes or a deployment to check');
  const detail = request.deployment === undefined ? null : await deployments.get(request.deployment);
  const names = request.nodes ?? detail?.nodes ?? [];
  const spec = detail?.spec ?? rehearsal(names);
  const engine = engineOf(spec.engine.kind);
  if (engine === null)
    throw new Dsr1Error('INVALID_ARGUMENT', `this coordinator has no engine ${spec.engine.kind}`);
  const all = nodes();
  const selectionOf = (gang: readonly UsableNode[]) => selectionFor(spec, engine, gang);
  return {
    deployment: detail?.name ?? null,
    nodes: names.map((name) => {
      const node = all.find((one) => one.name === name || one.id === name);
      if (node !== undefined) return node;
      throw new Dsr1Error('NODE_NOT_FOUND', `no node is called ${name}`, {
        hint: '`dsr1ctl node list` shows all',
      });
    }),
    selectionOf,
    fabricOf(gang) {
      const [selection, views] = [selectionOf(gang), gangViews(gang)];
      const ends = checkEnds(selection, views);
      return { transport: selection.transport, selection, views, ends, changed: null };
    },
    allReduceOf: (gang, freshness) => planAllReduce({ spec, engine, gang, gpus: gpusOf(spec) }, freshness),
    needsOf: ({ facts }, rdma) => ({
      memlockBytes: rdma ? MIN_MEMLOCK_BYTES : null,
      shmBytes: (probed(facts.gpus, null)?.gpus.length ?? 0) > 1 ? MIN_SHM_BYTES : null,
    }),
  };
}

/** The gang's fabric, chosen as the planner would. */
function selectionFor(spec: DeploymentSpec, engine: Engine, gang: readonly UsableNode[]): FabricSelection {
  const [first] = gang;
  const gpus = first === undefined ? 0 : gpusFor(first, spec, engine).length;
  const install = first === undefined ? null : installOf(spec, engine, first);
  return gangSelection(spec, engine, gang, gpus, install);
}

/** Nodes without a deployment are checked as a rehearsal would use them: with every rail that they have. */
const rehearsal = (names: readonly string[]): DeploymentSpec => ({
  name: 'check',
  engine: { kind: 'rehearsal' },
  nodes: { names: [...names] },
});
