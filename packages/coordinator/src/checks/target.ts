/** Which nodes a check is about, and with which wishes their fabric is chosen. */

import type { Engine } from '@dsr1/shared/engines/engine';
import { engineOf } from '@dsr1/shared/engines/registry';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CheckRequest } from '@dsr1/shared/fabric/check/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { DeploymentService } from '../deployments/service.ts';
import type { NodeView } from '../nodes/hub.ts';
import { gpusFor } from '../plan/eligibility.ts';
import { gangSelection, gangViews } from '../plan/fabric.ts';
import type { UsableNode } from '../plan/input.ts';
import { installOf } from '../plan/installs.ts';

export interface CheckTarget {
  readonly deployment: string | null;
  readonly spec: DeploymentSpec;
  readonly engine: Engine;
  readonly nodes: readonly NodeView[];
}

export interface TargetDeps {
  readonly nodes: () => readonly NodeView[];
  readonly deployments: Pick<DeploymentService, 'get'>;
}

/** @throws NODE_NOT_FOUND, DEPLOYMENT_NOT_FOUND, INVALID_ARGUMENT */
export async function targetOf(
  request: CheckRequest,
  { nodes, deployments }: TargetDeps,
): Promise<CheckTarget> {
  if ((request.nodes === undefined) === (request.deployment === undefined))
    throw new Dsr1Error('INVALID_ARGUMENT', 'expected either nodes or a deployment to check');
  const detail = request.deployment === undefined ? null : await deployments.get(request.deployment);
  const names = request.nodes ?? detail?.nodes ?? [];
  const spec = detail?.spec ?? rehearsal(names);
  const engine = engineOf(spec.engine.kind);
  if (engine === null)
    throw new Dsr1Error('INVALID_ARGUMENT', `this coordinator has no engine ${spec.engine.kind}`);
  const all = nodes();
  return {
    deployment: detail?.name ?? null,
    spec,
    engine,
    nodes: names.map((name) => {
      const node = all.find((one) => one.name === name || one.id === name);
      if (node !== undefined) return node;
      throw new Dsr1Error('NODE_NOT_FOUND', `no node is called ${name}`, {
        hint: '`dsr1ctl node list` shows all',
      });
    }),
  };
}

/** The gang's fabric, chosen as the planner would. */
export function fabricOf({ spec, engine }: CheckTarget, gang: readonly UsableNode[]) {
  const [first] = gang;
  const gpus = first === undefined ? 0 : gpusFor(first, spec, engine).length;
  const install = first === undefined ? null : installOf(spec, engine, first);
  return { selection: gangSelection(spec, engine, gang, gpus, install), views: gangViews(gang) };
}

/** Nodes without a deployment are checked as a rehearsal would use them: with every rail that they have. */
const rehearsal = (names: readonly string[]): DeploymentSpec => ({
  name: 'check',
  engine: { kind: 'rehearsal' },
  nodes: { names: [...names] },
});
