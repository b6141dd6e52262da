import type { Executors } from '@dsr1/coordinator/deployments/executor';
import type { CheckFinding } from '@dsr1/shared/fabric/check/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import { createSimCluster, type SimCluster, type SimOptions } from '../../../test/sim/sim-cluster.ts';
import type { SimNode } from '../../../test/sim/sim-node.ts';

const spec: DeploymentSpec = {
  name: 'r1',
  engine: { kind: 'rehearsal' },
  nodes: { count: 2 },
  gpusPerNode: 0,
};
const SECOND = 1_000;
const MINUTE = 60_000;

/** Two hosts, one coordinator, `r1` asked for. */
async function deployed(options: Partial<SimOptions> = {}): Promise<SimCluster> {
  const cluster = await createSimCluster({ seed: 1, nodes: 2, ...options });
  await cluster.startCoordinator();
  await cluster.time.advance(SECOND);
  await cluster.deployments().service.deploy(spec, 'test');
  return cluster;
}

async function serving(options: Partial<SimOptions> = {}): Promise<SimCluster> {
  const cluster = await deployed(options);
  await cluster.time.until(is(cluster, 'serving'), MINUTE);
  return cluster;
}

const is = (cluster: SimCluster, state: string) => async () =>
  (await cluster.stored('r1'))?.deployment.state === state;
const epochOf = async (cluster: SimCluster) => (await cluster.stored('r1'))?.deployment.epoch;
const kinds = (cluster: SimCluster) => cluster.events.map(({ kind }) => kind);
const nodeOf = (cluster: SimCluster, name: string): SimNode => {
  const node = cluster.nodes.find((one) => one.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
};
const statesOn = (cluster: SimCluster) =>
  cluster.nodes.map((node) => [...node.runs.values()].map(({ state }) => state));

test('a deployment goes from pending to serving, each phase told', async (t) => {
  const cluster = await serving();
  const detail = await cluster.deployments().service.get('r1');
  t.match(detail, {
    state: 'serving',
    epoch: 1,
    attempts: 0,
    endpoint: 'http://10.0.0.1:20000',
    nodes: ['gpu-1', 'gpu-2'],
  });
  t.strictSame(
    detail.ranks.map(({ state, phase }) => [state, phase]),
    [
      ['running', 'serving'],
      ['running', 'graphs'],
    ],
  );
  const phases = cluster.events.filter(({ kind, node }) => kind === 'deployment.phase' && node === 'gpu-1');
  t.strictSame(
    phases.map(({ data }) => data?.phase),
    ['rendezvous', 'weights', 'graphs', 'listening', 'serving'],
  );
  t.strictSame(cluster.observer.violations, []);
});

test('a rank that ends stops the gang everywhere, and it starts again once with the same ranks', async (t) => {
  const cluster = await serving();
  nodeOf(cluster, 'gpu-2').killRank('r1');
  await cluster.time.advance(SECOND);
  t.strictSame(statesOn(cluster), [['stopped'], ['exited']], 'no rank is left');
  const { message, state } = await cluster.deployments().service.get('r1');
  t.match(
    { message, state },
    { state: 'waiting', message: /rank 1 \(gpu-2\) failed while serving: ended with exit code 137/ },
  );
  t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE), 'serves again');
  const detail = await cluster.deployments().service.get('r1');
  t.match(detail, { epoch: 2, attempts: 1, nodes: ['gpu-1', 'gpu-2'], endpoint: 'http://10.0.0.1:20000' });
  t.strictSame(cluster.observer.violations, []);
});

test('the failing rank keeps its last log lines', async (t) => {
  const cluster = await serving({ policy: { maxAttempts: 0 } });
  nodeOf(cluster, 'gpu-2').killRank('r1');
  await cluster.time.until(is(cluster, 'failed'), MINUTE);
  const { ranks } = await cluster.deployments().service.get('r1');
  t.strictSame(ranks[1]?.evidence, ['Traceback (most recent call last):', 'simulated']);
});

test('a gang that fails again and again is given up after its budget, and start tries anew', async (t) => {
  const cluster = await serving();
  for (let i = 0; i < 4; i += 1) {
    t.ok(await cluster.time.until(is(cluster, 'serving'), 2 * MINUTE), `serves, attempt ${i + 1}`);
    nodeOf(cluster, 'gpu-1').killRank('r1');
    await cluster.time.advance(SECOND);
  }
  t.ok(await cluster.time.until(is(cluster, 'failed'), MINUTE), 'given up');
  t.match(
    (await cluster.stored('r1'))?.deployment.message,
    /failed 4 times within 600 s \(3 relaunches allowed\)/,
  );
  await cluster.time.advance(10 * MINUTE);
  t.equal(await epochOf(cluster), 4, 'stays given up');
  await cluster.deployments().service.start('r1', 'test');
  t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE), 'serves after start');
  t.strictSame(cluster.observer.violations, []);
});

test('an attempt that never served is not repeated', async (t) => {
  const cluster = await deployed();
  const started = () => cluster.events.some(({ kind }) => kind === 'deployment.started');
  t.ok(await cluster.time.until(started, MINUTE));
  nodeOf(cluster, 'gpu-2').killRank('r1');
  t.ok(await cluster.time.until(is(cluster, 'failed'), MINUTE));
  await cluster.time.advance(MINUTE);
  t.equal(await epochOf(cluster), 1);
  t.strictSame(statesOn(cluster), [['stopped'], ['exited']], 'nothing is left running');
});

test('a node that reboots comes back with the same rank, whatever the budget', async (t) => {
  const cluster = await serving({ policy: { maxAttempts: 0 } });
  const node = nodeOf(cluster, 'gpu-2');
  for (let i = 0; i < 3; i += 1) {
    cluster.powerOff(node);
    await cluster.time.advance(40 * SECOND);
    cluster.powerOn(node);
    await cluster.time.advance(SECOND);
    t.ok(await cluster.time.until(is(cluster, 'serving'), 2 * MINUTE), 'serves without a hand');
    t.strictSame((await cluster.deployments().service.get('r1')).nodes, ['gpu-1', 'gpu-2']);
  }
  t.equal(await epochOf(cluster), 4);
  t.strictSame(cluster.observer.violations, []);
});

test('a deployment whose node is off says what it waits for', async (t) => {
  const cluster = await serving();
  cluster.powerOff(nodeOf(cluster, 'gpu-2'));
  nodeOf(cluster, 'gpu-1').killRank('r1');
  t.ok(await cluster.time.until(is(cluster, 'waiting'), MINUTE));
  t.match((await cluster.stored('r1'))?.deployment.message, /waits for gpu-2 to stop its rank/);
  await cluster.time.advance(5 * MINUTE);
  t.equal(await epochOf(cluster), 1, 'nothing new is launched while the old rank may live');
  t.strictSame(statesOn(cluster)[0], ['exited']);
});

test('a cut session changes nothing, and the ranks are known again when it heals', async (t) => {
  const cluster = await serving();
  const node = nodeOf(cluster, 'gpu-2');
  cluster.cut(node);
  await cluster.time.advance(5 * MINUTE);
  t.match(await cluster.deployments().service.get('r1'), {
    state: 'serving',
    message: /gpu-2 is silent/,
    ranks: [{}, { nodeState: 'suspect' }],
  });
  cluster.heal(node);
  await cluster.time.advance(10 * SECOND);
  t.match(await cluster.deployments().service.get('r1'), { state: 'serving', message: 'serving', epoch: 1 });
  t.notOk(
    cluster.observer.history.some((line) => line.includes(' stops ')),
    'nothing was stopped',
  );
});

test('a coordinator that restarts knows the ranks again and relaunches nothing', async (t) => {
  const cluster = await serving();
  cluster.crashCoordinator();
  await cluster.time.advance(10 * MINUTE);
  await cluster.startCoordinator();
  await cluster.time.advance(MINUTE);
  t.match(await cluster.deployments().service.get('r1'), {
    state: 'serving',
    epoch: 1,
    ranks: [{ state: 'running' }, { state: 'running' }],
  });
  t.notOk(cluster.observer.history.some((line) => line.includes(' stops ')));
});

test('a rank that ended while the coordinator was down is seen at its return', async (t) => {
  const cluster = await serving();
  cluster.crashCoordinator();
  nodeOf(cluster, 'gpu-2').killRank('r1');
  await cluster.time.advance(MINUTE);
  await cluster.startCoordinator();
  await cluster.time.advance(SECOND);
  t.ok(await cluster.time.until(is(cluster, 'serving'), 2 * MINUTE));
  t.equal(await epochOf(cluster), 2);
  t.strictSame(cluster.observer.violations, []);
});

test('stop and start, the key and the endpoint stay', async (t) => {
  const cluster = await serving();
  const { service } = cluster.deployments();
  const before = await service.access('r1');
  t.match(before, { model: 'r1', apiKey: /^key-/ });
  cluster.observer.stopAsked('r1');
  await service.stop('r1', 'test');
  t.ok(await cluster.time.until(is(cluster, 'stopped'), MINUTE));
  t.strictSame(statesOn(cluster), [['stopped'], ['stopped']]);
  await cluster.time.advance(5 * MINUTE);
  t.strictSame(statesOn(cluster), [['stopped'], ['stopped']], 'stays stopped');
  await service.start('r1', 'test');
  t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE));
  t.strictSame(await service.access('r1'), before);
  t.strictSame(cluster.observer.violations, []);
});

test('a stop stays owed to a node that is cut off, and is sent when it is back', async (t) => {
  const cluster = await serving();
  const node = nodeOf(cluster, 'gpu-2');
  cluster.cut(node);
  await cluster.deployments().service.stop('r1', 'test');
  await cluster.time.advance(MINUTE);
  t.match((await cluster.stored('r1'))?.deployment, { state: 'stopping', message: /waits for gpu-2/ });
  t.strictSame(statesOn(cluster), [['stopped'], ['running']]);
  cluster.crashCoordinator();
  await cluster.startCoordinator();
  cluster.heal(node);
  t.ok(await cluster.time.until(is(cluster, 'stopped'), MINUTE));
  t.strictSame(statesOn(cluster), [['stopped'], ['stopped']]);
});

test('a stop that is cut off on its way is sent again', async (t) => {
  const cluster = await serving();
  const node = nodeOf(cluster, 'gpu-2');
  await cluster.deployments().service.stop('r1', 'test');
  await cluster.time.advance(0.5);
  cluster.cut(node);
  await cluster.time.advance(MINUTE);
  t.strictSame(statesOn(cluster), [['stopped'], ['running']], 'it was on its way');
  t.match((await cluster.stored('r1'))?.deployment.state, 'stopping', 'so nobody believes in it');
  cluster.heal(node);
  t.ok(await cluster.time.until(is(cluster, 'stopped'), MINUTE));
  t.strictSame(statesOn(cluster), [['stopped'], ['stopped']]);
});

test('removal: refused while it runs, forced on request, and the name goes on with higher epochs', async (t) => {
  const cluster = await serving();
  const { service } = cluster.deployments();
  await t.rejects(service.remove('r1', false, 'test'), { code: 'DEPLOYMENT_RUNNING', hint: /rm --force r1/ });
  await service.remove('r1', true, 'test');
  t.ok(await cluster.time.until(async () => (await cluster.stored('r1')) === null, MINUTE));
  t.strictSame(statesOn(cluster), [['stopped'], ['stopped']]);
  await service.deploy(spec, 'test');
  t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE));
  t.equal(await epochOf(cluster), 2);
});

test('deploying the same again is harmless, another spec under the same name is refused', async (t) => {
  const cluster = await serving();
  const { service } = cluster.deployments();
  t.match(await service.deploy({ ...spec }, 'test'), { state: 'serving', epoch: 1 });
  await t.rejects(service.deploy({ ...spec, stopGraceSeconds: 1 }, 'test'), { code: 'ALREADY_EXISTS' });
  await t.rejects(service.deploy({ ...spec, name: 'big', nodes: { count: 3 } }, 'test'), {
    code: 'PLAN_INFEASIBLE',
    details: { rejections: [{ category: 'too-few-nodes' }] },
  });
  await t.rejects(service.get('big'), { code: 'DEPLOYMENT_NOT_FOUND' }, 'an infeasible one is not stored');
});

const broken: CheckFinding = {
  severity: 'error',
  category: 'firewall-or-route',
  culprit: { kind: 'port', nodes: ['gpu-2'], rail: null, device: null },
  cause: 'the control path of gpu-2 carries no TCP',
  evidence: ['gpu-1 > gpu-2 on the control path, tcp: ECONNREFUSED'],
  fix: 'open the firewall of gpu-2',
};

test('a network that the rehearsal finds broken starts nothing, and the launch fails by the name of the culprit', async (t) => {
  const cluster = await deployed({ finds: () => [broken] });
  t.ok(await cluster.time.until(is(cluster, 'failed'), MINUTE));
  t.match(await cluster.deployments().service.get('r1'), {
    message: broken.cause,
    failure: { code: 'REHEARSAL_FAILED', hint: broken.fix, evidence: broken.evidence },
    ranks: [{ evidence: [] }, { evidence: [] }],
  });
  t.notOk(kinds(cluster).includes('deployment.started'), 'no rank was told to start');
  t.strictSame(statesOn(cluster), [['stopped'], ['stopped']]);
  await cluster.time.advance(MINUTE);
  t.equal(await epochOf(cluster), 1, 'it never served: nothing is tried again');
});

test('what once served is tried until its network is back, at growing distances', async (t) => {
  const cluster = await serving({ finds: (epoch) => (epoch > 1 && epoch < 8 ? [broken] : []) });
  cluster.powerOff(nodeOf(cluster, 'gpu-2'));
  await cluster.time.advance(SECOND);
  cluster.powerOn(nodeOf(cluster, 'gpu-2'));
  t.ok(await cluster.time.until(async () => (await epochOf(cluster)) === 5, MINUTE));
  t.ok(
    await cluster.time.until(is(cluster, 'serving'), 5 * MINUTE),
    'the budget of relaunches is not touched',
  );
  t.equal(await epochOf(cluster), 8);
});

test('warn tells and goes on; off does not test; what could not be tested stops nothing', async (t) => {
  const untested = { ...broken, category: 'untested', cause: 'this agent knows no probe check.serve' };
  const cases = [
    ['warn', [broken], /rehearsal: the control path of gpu-2 carries no TCP; .* goes on/, 'warning'],
    ['off', [broken], null, null],
    ['fail', [untested], /rehearsal incomplete: this agent knows no probe/, 'warning'],
    ['fail', [{ ...broken, severity: 'warning' as const }], /rehearsed: .*remark/, 'info'],
  ] as const;
  for (const [rehearse, findings, message, level] of cases) {
    const cluster = await createSimCluster({ seed: 1, nodes: 2, finds: () => findings });
    await cluster.startCoordinator();
    await cluster.time.advance(SECOND);
    await cluster.deployments().service.deploy({ ...spec, network: { rehearse } }, 'test');
    t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE), `${rehearse}: serves`);
    const told = cluster.events.find(({ kind }) => kind === 'deployment.rehearsed');
    if (message === null) t.equal(told, undefined, 'nothing to tell');
    else t.match(told, { level, message, data: { check: 'check-1' } });
  }
});

test('a relaunch on a proven network is not rehearsed again, one after a doubtful end is', async (t) => {
  const cluster = await serving();
  const told = () =>
    cluster.events.filter(({ kind }) => kind === 'deployment.rehearsed').map(({ message }) => message);
  nodeOf(cluster, 'gpu-2').killRank('r1');
  t.ok(await cluster.time.until(async () => (await epochOf(cluster)) === 2, MINUTE));
  t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE));
  t.match(told(), [/^rehearsed/, /^not rehearsed again/], 'it had served');
  cluster.powerOff(nodeOf(cluster, 'gpu-2'));
  await cluster.time.advance(SECOND);
  cluster.powerOn(nodeOf(cluster, 'gpu-2'));
  t.ok(await cluster.time.until(async () => (await epochOf(cluster)) === 3, MINUTE));
  t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE));
  t.match(told()[2], /^rehearsed/, 'another boot, other facts');
  await cluster.deployments().service.stop('r1', 'test');
  t.ok(await cluster.time.until(is(cluster, 'stopped'), MINUTE));
  await cluster.deployments().service.start('r1', 'test');
  t.ok(await cluster.time.until(is(cluster, 'serving'), MINUTE));
  t.match(told()[3], /^rehearsed/, 'the operator started it');
});

test('a stop is obeyed in the middle of a rehearsal', async (t) => {
  const cluster = await deployed();
  t.ok(await cluster.time.until(is(cluster, 'rehearsing'), MINUTE));
  await cluster.deployments().service.stop('r1', 'test');
  await cluster.time.advance(500);
  t.notMatch((await cluster.stored('r1'))?.deployment.state, 'rehearsing');
  t.ok(await cluster.time.until(is(cluster, 'stopped'), MINUTE));
  t.notOk(kinds(cluster).includes('deployment.started'));
});

test('taken ports are avoided, and given up after some tries', async (t) => {
  const cluster = await deployed({ portTakenShare: 1 });
  t.ok(await cluster.time.until(is(cluster, 'failed'), 5 * MINUTE));
  t.match(
    (await cluster.stored('r1'))?.deployment.message,
    /did not prepare: port of rank 0 is in use; 5 more tries/,
  );
  const plans = cluster.events.filter(({ kind }) => kind === 'deployment.planned').length;
  t.equal(plans, 6);
  t.ok(
    ((await cluster.stored('r1'))?.attempt?.avoidPorts.length ?? 0) >= 5,
    'each try avoids what was taken before',
  );
});

test('a coordinator that dies before or after any step goes on and ends at the same place', async (t) => {
  for (const when of ['before', 'after'] as const) {
    for (let step = 1; step <= 30; step += 1) {
      const cluster = await createSimCluster({ seed: step, nodes: 2 });
      let steps = 0;
      let died = false;
      const around = (executors: Executors, crash: () => void): Executors =>
        dyingAt(executors, when, () => {
          steps += 1;
          if (steps !== step) return false;
          died = true;
          crash();
          return true;
        });
      await cluster.startCoordinator(around);
      await cluster.time.advance(SECOND);
      void cluster.deployments().service.deploy(spec, 'test');
      await cluster.time.advance(20 * SECOND);
      if (cluster.isCoordinatorUp()) nodeOf(cluster, 'gpu-1').killRank('r1');
      await cluster.time.advance(20 * SECOND);
      if (cluster.isCoordinatorUp() && !died) break;
      if (!cluster.isCoordinatorUp()) await cluster.startCoordinator();
      const name = `${when} step ${step}`;
      t.ok(await cluster.time.until(is(cluster, 'serving'), 5 * MINUTE), `${name}: serves`);
      t.strictSame(statesOn(cluster), [['running'], ['running']], `${name}: all ranks run`);
      t.strictSame(cluster.observer.violations, [], name);
    }
  }
});

/** Executors that die, as by SIGKILL, when `isDeath` says so: nothing after that point ever happens. */
function dyingAt(executors: Executors, when: 'before' | 'after', isDeath: () => boolean): Executors {
  const never = () => new Promise<void>(() => {});
  return new Proxy(executors, {
    get: (target, kind) => {
      const execute = Reflect.get(target, kind);
      return async (...args: unknown[]) => {
        if (when === 'before' && isDeath()) return never();
        await execute(...args);
        if (when === 'after' && isDeath()) return never();
      };
    },
  });
}

test('events tell the whole story in order', async (t) => {
  const cluster = await serving();
  await cluster.deployments().service.stop('r1', 'key 7');
  await cluster.time.until(is(cluster, 'stopped'), MINUTE);
  const story = kinds(cluster).filter(
    (kind) => kind.startsWith('deployment.') && kind !== 'deployment.phase',
  );
  t.strictSame(story, [
    'deployment.created',
    'deployment.planned',
    'deployment.prepared',
    'deployment.rehearsed',
    'deployment.started',
    'deployment.serving',
    'deployment.stop-requested',
    'deployment.ended',
    'deployment.closed',
    'deployment.stopped',
  ]);
  t.match(
    cluster.events.find(({ kind }) => kind === 'deployment.stop-requested'),
    { data: { by: 'key 7' } },
  );
});
