/** No attempt lives: stay away, forget, wait, give up, or plan the next. */
import type { NodeView } from '../nodes/hub.ts';
import type { Action } from './actions.ts';
import type { Situation } from './decide.ts';
import { isReady, nodeNames } from './gang.ts';
import type { AttemptRecord } from './model.ts';
import { judge } from './relaunch.ts';
import { settle } from './settle.ts';

export function decideIdle(situation: Situation): readonly Action[] {
  const { deployment, attempt, past, nowMs, policy } = situation;
  if (deployment.desired === 'removed') return [{ kind: 'remove' }];
  if (deployment.desired === 'stopped') return settle(deployment, 'stopped', 'stopped by the operator');
  if (deployment.state === 'failed') return [];
  if (attempt === null || startedAnew(situation, attempt)) {
    return planNow(situation, attempt, [], 'the operator started it');
  }
  const verdict = judge(deployment, attempt, past, policy);
  if (verdict.kind === 'fail') return settle(deployment, 'failed', verdict.message);
  const why = attempt.ending?.message ?? 'the last attempt ended';
  if (nowMs < verdict.notBeforeMs) {
    return [
      ...settle(deployment, 'waiting', `${why}; waits before the next attempt`),
      { kind: 'wake', atMs: verdict.notBeforeMs },
    ];
  }
  return planNow(situation, attempt, verdict.avoidPorts, why);
}

const startedAnew = ({ deployment }: Situation, attempt: AttemptRecord): boolean =>
  attempt.ending?.cause === 'operator' || deployment.startedAtMs >= (attempt.endedAtMs ?? 0);

/** The ranks keep their nodes, so all of them must be back, with the facts of their present boot. */
function planNow(
  { deployment, nodes, nowMs, policy }: Situation,
  attempt: AttemptRecord | null,
  avoidPorts: readonly number[],
  why: string,
): readonly Action[] {
  const missing = (attempt?.ranks ?? [])
    .filter(({ nodeId }) => isAwaited(nodes.get(nodeId)))
    .map(({ nodeName }) => nodeName);
  if (missing.length > 0) return settle(deployment, 'waiting', `waits for ${nodeNames(missing)}`);
  if (deployment.rejections.length === 0) return [{ kind: 'plan', avoidPorts, why }];
  return nowMs >= deployment.plannedAtMs + policy.replanMs
    ? [{ kind: 'plan', avoidPorts, why }]
    : [{ kind: 'wake', atMs: deployment.plannedAtMs + policy.replanMs }];
}

/** The planner gives the rank of a node that was removed, cordoned or quarantined to another. */
const isAwaited = (node: NodeView | undefined): boolean =>
  node !== undefined && !node.cordoned && node.state !== 'quarantined' && !isReady(node);
