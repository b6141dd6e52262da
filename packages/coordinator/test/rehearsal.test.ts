/** The rehearsal of a launch: when it is due, what it means, and that it tests what the plan says and nothing else. */
import type { CheckFinding, CheckReport } from '@dsr1/shared/fabric/check/model';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { LaunchPlan, PlanResult } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import { createRehearse } from '../src/checks/rehearse.ts';
import { createCheckRuns } from '../src/checks/runs.ts';
import type { NodeView } from '../src/nodes/hub.ts';
import { networkDifference } from '../src/plan/difference.ts';
import { plan as makePlan } from '../src/plan/plan.ts';
import type { AttemptRecord, DeploymentRecord, EndCause, Ending } from '../src/reconcile/model.ts';
import {
  isRehearsed,
  provenBy,
  rehearsalLimitMs,
  shakesTrust,
  verdictOf,
} from '../src/reconcile/rehearsal.ts';
import { defaultRoute, ether, factsOf, roce } from './support/hosts.ts';

const spec: DeploymentSpec = { name: 'r1', engine: { kind: 'rehearsal' }, nodes: { names: ['a', 'b'] } };

function facts(name: string, railAddress = `10.1.0.${name.charCodeAt(0)}`, mtu = 9000): NodeFacts {
  return factsOf({
    name,
    netdevs: [ether('eth0', `10.0.0.${name.charCodeAt(0)}`), { ...ether('rail0', railAddress), mtu }],
    routes: [defaultRoute('eth0', '10.0.0.254')],
    hcas: [roce('mlx5_1', 'rail0', railAddress)],
  });
}

const view = (name: string, own = facts(name)): NodeView => ({
  id: `id-${name}`,
  name,
  state: 'online',
  cordoned: false,
  facts: own,
  bootId: own.bootId,
  sessionId: 'session',
  reported: true,
  ranks: [],
});

const planOf = (nodes: readonly NodeView[]): PlanResult =>
  makePlan({
    spec,
    specHash: 'hash',
    epoch: 1,
    nodes: nodes.map((node) => ({ ...node, busyPorts: [], busyGpus: [] })),
    previousRanks: {},
    avoidPorts: {},
    endpointPort: null,
  });

function feasible(result: PlanResult): LaunchPlan {
  if (result.feasible) return result.plan;
  throw new Error(`expected a plan, found ${JSON.stringify(result.rejections)}`);
}
const plan = feasible(planOf([view('a'), view('b')]));

const finding = (more: Partial<CheckFinding> = {}): CheckFinding => ({
  severity: 'error',
  category: 'mtu-mismatch',
  culprit: { kind: 'port', nodes: ['b'], rail: 0, device: 'mlx5_1' },
  cause: 'rail 0: rail0 of b has MTU 1500, the others have 9000',
  evidence: ['b rail0: MTU 1500'],
  fix: 'on b: ip link set rail0 mtu 9000',
  ...more,
});
const report = (findings: readonly CheckFinding[], more: Partial<CheckReport> = {}): CheckReport => ({
  id: 'check-1',
  state: 'done',
  message: '',
  deployment: 'r1',
  nodes: ['a', 'b'],
  startedAt: '',
  transport: 'roce',
  ends: [],
  pairs: [],
  figures: [],
  findings: [...findings],
  ...more,
});

test('it is due with more than one rank unless it is switched off, and may take longer in larger gangs', (t) => {
  t.equal(isRehearsed(spec, plan), true);
  t.equal(isRehearsed({ ...spec, network: { rehearse: 'warn' } }, plan), true);
  t.equal(isRehearsed({ ...spec, network: { rehearse: 'off' } }, plan), false);
  t.equal(isRehearsed(spec, { ...plan, ranks: plan.ranks.slice(0, 1) }), false);
  const sized = (count: number): number =>
    rehearsalLimitMs({
      ...plan,
      ranks: Array.from({ length: count }, (_, i) => ({ ...plan.ranks[0], nodeName: `n${i}` })) as never,
    });
  t.strictSame([sized(2), sized(4), sized(16)], [195_000, 255_000, 615_000]);
  t.end();
});

test('what a report means for the launch', (t) => {
  const verdict = (one: CheckReport, mode: 'fail' | 'warn' = 'fail') => verdictOf(one, mode, plan);
  t.match(verdict(report([])), { kind: 'go', passed: true });
  t.match(verdict(report([finding({ severity: 'warning' })])), {
    kind: 'go',
    passed: true,
    message: /remark: rail 0/,
  });
  const rdma = report([], { ends: plan.ends ?? [] });
  t.match(verdict(rdma), { passed: true, doubt: true, message: /incomplete: RDMA itself was not tested/ });
  const tested = { test: 'verbs', outcome: 'pass' } as CheckReport['pairs'][number];
  t.match(verdict({ ...rdma, pairs: [tested] }), {
    passed: true,
    doubt: false,
    message: /1 tests of pairs passed/,
  });
  const summed = { outcome: 'pass', detail: '', backend: 'nccl', ranks: 16, sizes: [] } as const;
  t.match(verdict({ ...rdma, allReduce: { ...summed, sizes: [] } }), {
    doubt: false,
    message: /an all-reduce of 16 ranks \(nccl\)/,
  });
  t.match(verdict(report([finding(), finding()])), {
    kind: 'end',
    ending: {
      cause: 'rehearsal-failed',
      rank: 1,
      message: /rail0 of b has MTU 1500.*and 1 more/,
      failure: { code: 'REHEARSAL_FAILED', hint: finding().fix },
      evidence: finding().evidence,
    },
  });
  t.match(
    verdict(report([finding({ culprit: { kind: 'path', nodes: ['a', 'b'], rail: 0, device: null } })])),
    { ending: { rank: null } },
    'a path is nobody’s fault',
  );
  t.match(verdict(report([finding()]), 'warn'), { kind: 'go', passed: false, message: /launch goes on/ });
  const untested = finding({ category: 'untested', cause: 'a to b could not be tested' });
  t.match(verdict(report([untested])), {
    kind: 'go',
    passed: false,
    message: 'rehearsal incomplete: a to b could not be tested',
  });
  t.match(verdict(report([untested, finding()])), { kind: 'end' }, 'what is broken outweighs it');
  t.match(verdict(report([], { state: 'failed', message: 'out of paper' })), {
    kind: 'go',
    passed: false,
    message: 'rehearsal incomplete: out of paper',
  });
  t.match(verdict(report([finding(), finding({ category: 'node-silent' })])), {
    ending: { cause: 'interrupted', failure: null },
  });
  for (const mode of ['fail', 'warn'] as const)
    t.match(verdict(report([finding(), finding({ category: 'facts-changed' })]), mode), {
      ending: { cause: 'facts-changed' },
    });
  t.end();
});

test('what counts as proven, and what shakes it', (t) => {
  const hashes = { 'id-a': '1', 'id-b': '2' };
  const proven = provenBy(plan, hashes);
  t.strictSame(provenBy({ ...plan, epoch: 7, ranks: [...plan.ranks] }, { ...hashes, other: '3' }), proven);
  t.strictNotSame(provenBy(plan, { ...hashes, 'id-b': '3' }), proven, 'other facts');
  const moved = feasible(planOf([view('a'), view('b', facts('b', '10.1.0.77'))]));
  t.strictNotSame(provenBy(moved, hashes), proven, 'another address');

  const over = (cause: EndCause, evidence: readonly string[] = []): Ending => ({
    cause,
    rank: 1,
    message: '',
    failure: null,
    evidence,
  });
  t.equal(shakesTrust(over('rank-failed'), false), true, 'never served');
  t.equal(shakesTrust(over('rank-vanished'), false), true);
  t.equal(shakesTrust(over('rank-failed', ['Killed', 'Connection closed by remote peer']), true), false);
  t.equal(
    shakesTrust(over('rank-failed', ['NET/IB: Got completion with error IBV_WC_RETRY_EXC_ERR(12)']), true),
    true,
  );
  t.equal(shakesTrust(over('rehearsal-failed'), true), true);
  for (const cause of ['operator', 'port-taken', 'interrupted', 'node-removed', 'refused'] as const)
    t.equal(shakesTrust(over(cause), false), false, cause);
  t.end();
});

test('a plan that would differ now is told place by place; an MTU alone is no other plan', (t) => {
  const again = (b: NodeFacts): readonly string[] =>
    networkDifference(plan, planOf([view('a'), view('b', b)]));
  t.strictSame(again(facts('b')), []);
  t.strictSame(again(facts('b', '10.1.0.98', 1500)), []);
  t.strictSame(again(facts('b', '10.1.0.77')), [
    'b, rail 0: planned mlx5_1:1 GID 3 rail0 10.1.0.98, now mlx5_1:1 GID 3 rail0 10.1.0.77',
  ]);
  t.match(networkDifference(plan, planOf([view('a')])), [/./], 'no plan at all');
  t.end();
});

/** The real engine of checks, with nodes that answer every probe well. */
function fixture(nodes: NodeView[]) {
  const asked: { nodeId: string; name: string; request: { ends?: { address: string | null }[] } }[] = [];
  const runs = createCheckRuns({
    ask: (async (nodeId: string, name: string, request: object) => {
      asked.push({ nodeId, name, request });
      if (name === 'look') return { wallMs: 0, tools: [], lookups: [] };
      if (name === 'serve') return { tcp: [], verbs: [] };
      return name === 'end' ? { counted: [] } : { results: [] };
    }) as never,
    collect: async (id) => nodes.find((node) => node.id === id) as NodeView,
    figures: { of: async () => [], keep: async () => {} },
    clock: { wallMs: () => 0, monotonicMs: () => 0 },
  });
  const rehearse = createRehearse({
    runs,
    planner: { plan: async () => planOf(nodes) },
    nodes: () => nodes,
  });
  const request = {
    deployment: { name: 'r1', spec } as DeploymentRecord,
    attempt: { plan, epoch: 1, ranks: [], avoidPorts: [] } as unknown as AttemptRecord,
  };
  const run = (signal = new AbortController().signal): Promise<CheckReport> =>
    new Promise((resolve) => {
      rehearse(request, (told) => told.state !== 'running' && resolve(told), signal);
    });
  return { asked, runs, run, rehearse, request };
}

test('it tests the addresses and devices of the plan', async (t) => {
  const { asked, run } = fixture([view('a'), view('b')]);
  const done = await run();
  t.equal(done.state, 'done', done.message);
  t.strictSame(done.findings, []);
  t.strictSame(
    asked
      .filter(({ name }) => name === 'serve')
      .map(({ request }) => request.ends?.map(({ address }) => address)),
    [
      ['10.0.0.98', '10.1.0.98'],
      ['10.0.0.97', '10.1.0.97'],
    ],
  );
  t.strictSame(done.ends, plan.ends);
});

test('where the nodes have another network by now, nothing is tested and the plan is made again', async (t) => {
  const { asked, run } = fixture([view('a'), view('b', facts('b', '10.1.0.77'))]);
  const done = await run();
  t.match(done.findings, [{ category: 'facts-changed', evidence: [/b, rail 0: planned/] }]);
  t.notOk(asked.some(({ name }) => name === 'serve'));
});

test('it waits for a check of its nodes, refuses none, and gives up at its limit', async (t) => {
  const { rehearse, request, runs, run } = fixture([view('a'), view('b')]);
  const first = rehearse(request, () => {}, new AbortController().signal);
  const second = run();
  t.match(runs.busy(['b']), { id: first.id });
  const done = await second;
  t.equal(runs.get(first.id).state, 'done', 'one after the other');
  t.equal(done.state, 'done');
  t.match((await run(AbortSignal.abort())).findings, [
    { category: 'untested', cause: /time limit in round 1 of 1/ },
  ]);
});
