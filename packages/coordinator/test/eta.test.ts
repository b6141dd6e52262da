import type { DeploymentDetail, RankStatus } from '@dsr1/shared/http-api/resources';
import type { RankReport } from '@dsr1/shared/wire/messages';
import { test } from 'tap';
import { etaOf, timesOf } from '../src/deployments/eta.ts';
import type { Executors, Scene } from '../src/deployments/executor.ts';
import { keepingTimes, withEta } from '../src/deployments/phase-times.ts';
import type { NodeView } from '../src/nodes/hub.ts';
import type { AttemptRecord, DeploymentRecord } from '../src/reconcile/model.ts';
import { openSqliteStore } from '../src/store/sqlite/open-store.ts';
import { freshDir } from './support/cluster.ts';

const rank = (change: Partial<RankStatus>): RankStatus => ({
  rank: 0,
  node: 'gpu-1',
  nodeState: 'online',
  state: 'running',
  phase: 'starting',
  progress: null,
  detail: null,
  phaseSeconds: {},
  pid: 1,
  exitCode: null,
  exitSignal: null,
  evidence: [],
  ...change,
});
/** The head of a start of 600 s: rendezvous 10 … 20, weights … 500, graphs … 590. */
const last = timesOf([
  rank({ phaseSeconds: { rendezvous: 10, weights: 20, graphs: 500, listening: 590, serving: 600 } }),
  rank({ rank: 1, phaseSeconds: { rendezvous: 12, weights: 22, graphs: 505 } }),
]);
const left = (ranks: readonly Partial<RankStatus>[], now: number) =>
  etaOf({ state: 'starting', ranks: ranks.map(rank) }, last, now)?.secondsLeft;

test('what is left: the rest of this phase, then what the last start took after it', async (t) => {
  t.equal(left([{}], 0), 600);
  t.equal(left([{ phase: 'weights', phaseSeconds: { weights: 30 } }], 150), 360 + 100, 'by time');
  t.equal(
    left([{ phase: 'weights', progress: 0.75, phaseSeconds: { weights: 30 } }], 150),
    120 + 100,
    'by progress',
  );
  t.equal(
    left([{ phase: 'weights', phaseSeconds: { weights: 30 } }], 5000),
    100,
    'late: never less than what follows',
  );
  t.equal(left([{ phase: 'serving', phaseSeconds: { serving: 580 } }], 581), 0);
  t.equal(
    left(
      [
        { phase: 'graphs', phaseSeconds: { graphs: 400 } },
        { rank: 1, phase: 'weights', progress: 0 },
      ],
      400,
    ),
    483,
    'the slowest rank',
  );
  t.equal(
    left(
      [
        { phase: 'listening', phaseSeconds: { listening: 500 } },
        { rank: 1, phase: 'graphs' },
      ],
      505,
    ),
    5,
  );
  t.equal(left([{ rank: 7 }], 5), 0, 'a rank that the last start did not have says nothing');
});

test('without anything to go by there is no estimate', async (t) => {
  t.equal(etaOf({ state: 'starting', ranks: [rank({})] }, null, 5), null);
  t.equal(etaOf({ state: 'starting', ranks: [rank({})] }, last, null), null);
  t.equal(etaOf({ state: 'serving', ranks: [rank({})] }, last, 5), null);
  t.same(etaOf({ state: 'starting', ranks: [rank({})] }, last, 5), { secondsLeft: 595, lastSeconds: 600 });
});

test('times are kept once a gang serves, and outlive the coordinator', async (t) => {
  const stateDir = freshDir(t);
  const deployment = { name: 'r1', spec: { name: 'r1', model: { path: '/models/r1' } } } as DeploymentRecord;
  const attempt = {
    epoch: 3,
    plan: {
      engine: 'vllm',
      world: { nodes: 1, gpusPerNode: 8, tensor: 8, pipeline: 1 },
      ranks: [{ engineVersion: '0.32.0' }],
    },
    ranks: [{ rank: 0, nodeId: 'id-1', nodeName: 'gpu-1' }],
    commitAtMs: 1_000,
  } as unknown as AttemptRecord;
  const report = {
    deployment: 'r1',
    epoch: 3,
    rank: 0,
    phaseSeconds: { weights: 20, serving: 600 },
  } as unknown as RankReport;
  const hub = { nodes: () => [{ id: 'id-1', ranks: [report] } as unknown as NodeView] };
  const first = openSqliteStore(stateDir);
  const served: Scene[] = [];
  const bare = { serve: async (scene: Scene) => void served.push(scene) } as unknown as Executors;
  const scene = { deployment, attempt, alarm: () => {} };
  const starting = { state: 'starting', ranks: [rank({})] } as DeploymentDetail;
  const stored = { deployment, attempt, past: [] };
  t.equal((await withEta(starting, stored, first.deployments, 6_000)).eta, undefined, 'nothing is known yet');
  await keepingTimes(bare, { store: first.deployments, hub }).serve(scene, { kind: 'serve' } as never);
  t.equal(served.length, 1);
  await first.close();
  const second = openSqliteStore(stateDir);
  t.teardown(() => second.close());
  t.same((await withEta(starting, stored, second.deployments, 6_000)).eta, {
    secondsLeft: 595,
    lastSeconds: 600,
  });
  const other = { ...attempt, plan: { ...attempt.plan, engine: 'sglang' } } as AttemptRecord;
  t.equal(
    (await withEta(starting, { ...stored, attempt: other }, second.deployments, 6_000)).eta,
    undefined,
    'another engine is another start',
  );
});
