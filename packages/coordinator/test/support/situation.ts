/** Situations for the reconciler's tests: two nodes, rank 0 on gpu-1 and rank 1 on gpu-2, which serve. */
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { RankReport } from '@dsr1/shared/wire/messages';
import { simFacts } from '../../../../test/sim/sim-facts.ts';
import { simPlan } from '../../../../test/sim/sim-plan.ts';
import { aRankReport } from '../../../shared/test/helpers/rank-report.ts';
import type { NodeView } from '../../src/nodes/hub.ts';
import { decide, type Situation } from '../../src/reconcile/decide.ts';
import {
  type AttemptRecord,
  type DeploymentRecord,
  defaultPolicy,
  type EndCause,
  type Ending,
  type RankRecord,
} from '../../src/reconcile/model.ts';

export const NOW = 10_000_000;
export const spec: DeploymentSpec = { name: 'r1', engine: { kind: 'rehearsal' }, nodes: { count: 2 } };

export const view = (id: string, more: Partial<NodeView> = {}): NodeView => ({
  id,
  name: id,
  state: 'online',
  cordoned: false,
  facts: simFacts(id, 'boot-1'),
  bootId: 'boot-1',
  sessionId: 'session',
  reported: true,
  ranks: [],
  ...more,
});

export const report = (rank: number, more: Partial<RankReport> = {}): RankReport =>
  aRankReport({ deployment: 'r1', rank, phase: rank === 0 ? 'serving' : 'graphs', ...more });

const planned = simPlan({
  spec,
  specHash: 'hash',
  epoch: 1,
  nodes: [view('gpu-1'), view('gpu-2')].map((node) => ({ ...node, busyPorts: [], busyGpus: [] })),
  previousRanks: {},
  avoidPorts: {},
  endpointPort: null,
});
if (!planned.feasible) throw new Error('expected a plan for two nodes');
export const { plan } = planned;

export const rank = (index: number, more: Partial<RankRecord> = {}): RankRecord => ({
  rank: index,
  nodeId: `gpu-${index + 1}`,
  nodeName: `gpu-${index + 1}`,
  bootId: 'boot-1',
  committed: true,
  stopAcknowledged: false,
  stopSentAtMs: null,
  toldState: 'running',
  toldPhase: index === 0 ? 'serving' : 'graphs',
  ...more,
});

export const attempt = (more: Partial<AttemptRecord> = {}): AttemptRecord => ({
  epoch: 1,
  plan,
  step: 'running',
  ranks: [rank(0), rank(1)],
  avoidPorts: [],
  commitAtMs: NOW - 600_000,
  servedAtMs: NOW - 500_000,
  servedAtWallMs: 0,
  ending: null,
  endedAtMs: null,
  closed: false,
  ...more,
});

export const deployment = (more: Partial<DeploymentRecord> = {}): DeploymentRecord => ({
  name: 'r1',
  spec,
  desired: 'running',
  state: 'serving',
  message: 'serving',
  rejections: [],
  plannedAtMs: 0,
  provenNetwork: null,
  epoch: 1,
  startedAtMs: NOW - 900_000,
  createdAtWallMs: 0,
  ...more,
});

export const ending = (cause: EndCause, more: Partial<Ending> = {}): Ending => ({
  cause,
  rank: 1,
  message: `because of ${cause}`,
  failure: null,
  evidence: [],
  ...more,
});

export function actions(more: Partial<Situation> & { readonly views?: readonly NodeView[] }) {
  const views = more.views ?? [view('gpu-1', { ranks: [report(0)] }), view('gpu-2', { ranks: [report(1)] })];
  return decide({
    deployment: deployment(),
    attempt: attempt(),
    past: [],
    nodes: new Map(views.map((node) => [node.id, node])),
    rehearsal: null,
    gateCall: null,
    nowMs: NOW,
    policy: defaultPolicy,
    ...more,
  });
}
