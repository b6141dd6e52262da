import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentStatus } from '@dsr1/shared/agent-status';
import { Dsr1Error } from '@dsr1/shared/errors';
import { openIdentityStore } from '@dsr1/shared/identity/store';
import { type Test, test } from 'tap';
import { aRankReport } from '../../shared/test/helpers/rank-report.ts';
import { explainConnection } from '../src/session/explain.ts';
import { createOutbox } from '../src/session/outbox.ts';
import { createStallGuard } from '../src/session/stall.ts';
import { liveStat, membersOf } from '../src/workload/runtimes/proc.ts';
import { aPlan, DEADLINES } from './helpers/a-plan.ts';
import { fakeCoordinator, joinedState } from './helpers/fake-coordinator.ts';
import { waitFor } from './helpers/wait-for.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const prepare = {
  kind: 'prepare',
  plan: aPlan({}, 'say:hello', 'stay'),
  specHash: 'spec',
  apiKey: 'attempt-key-0123456789',
  gangKey: 'gang-key-0123456789',
  expiresMs: 60_000,
} as const;
const commit = { kind: 'commit', specHash: 'spec', deadlines: DEADLINES } as const;
const stop = { kind: 'stop', graceMs: 300, reason: 'test' } as const;

/** The real program, as a service manager would start it. */
function startAgent(t: Test, stateDir: string) {
  const child = spawn(process.execPath, [MAIN, 'run', '--state-dir', stateDir, '--log-level', 'info'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  t.teardown(() => kill('SIGKILL'));
  return { log: () => log, kill, ended, pid: child.pid ?? 0 };
}

const statusOf = (stateDir: string): AgentStatus =>
  JSON.parse(readFileSync(join(stateDir, 'status.json'), 'utf8'));

test('one life: session, facts, heartbeats, a rank, kill -9 of the agent, adoption, stop', async (t) => {
  const coordinator = await fakeCoordinator(t);
  const stateDir = join(t.testdir(), 'state');
  await joinedState(stateDir, coordinator);
  const agent = startAgent(t, stateDir);
  await waitFor(
    'facts and heartbeats',
    () => coordinator.of('facts').length > 0 && coordinator.of('heartbeat').length > 2,
  );
  const [hello] = coordinator.of('hello');
  t.match(hello?.hello, { agentVersion: '0.1.0', ranks: [], factsHash: '', maxLeaderEpoch: 0 });
  t.match(coordinator.of('facts')[0]?.facts, {
    schema: 1,
    agentCommand: [process.execPath, MAIN],
    bootId: hello?.hello.bootId,
  });
  await waitFor('status', () => statusOf(stateDir).factsSeenAt);
  t.match(statusOf(stateDir), { session: 'connected', pid: agent.pid, nodeName: 'alpha', problem: null });

  t.match(await coordinator.command(prepare), { failure: null, prepared: { bootId: hello?.hello.bootId } });
  t.match(await coordinator.command(commit), { failure: null, prepared: null });
  const { pid } = await waitFor('the rank', () =>
    coordinator
      .of('rank')
      .map(({ report }) => report)
      .find(({ state }) => state === 'running'),
  );
  const rank = liveStat(pid ?? 0);
  t.ok(rank);

  await agent.kill('SIGKILL');
  const second = startAgent(t, stateDir);
  const again = await waitFor('the second hello', () => coordinator.of('hello')[1]);
  t.match(again.hello, {
    maxLeaderEpoch: 1,
    ranks: [{ deployment: 'dep', epoch: 1, state: 'running', pid, adopted: true }],
  });
  t.strictSame(liveStat(pid ?? 0)?.startTicks, rank?.startTicks, 'the very same process');
  t.equal((await coordinator.command(stop, { leaderEpoch: 0 })).failure?.code, 'STALE_EPOCH');
  t.match(await coordinator.command(stop), { failure: null });
  t.match(coordinator.latestReport(), { state: 'stopped' });
  t.equal(liveStat(pid ?? 0), null);
  t.equal(await second.kill('SIGTERM'), 0, 'ends in order');
  t.notOk(existsSync(join(stateDir, 'status.json')));
});

test('a rank survives the end of its agent, and a log can be read and followed', async (t) => {
  const coordinator = await fakeCoordinator(t);
  const stateDir = join(t.testdir(), 'state');
  await joinedState(stateDir, coordinator);
  const agent = startAgent(t, stateDir);
  await waitFor('a session', () => coordinator.of('hello').length > 0);
  const plan = aPlan({}, 'say:first', 'say:key attempt-key-0123456789', 'wait:700', 'say:later', 'stay');
  await coordinator.command({ ...prepare, plan });
  await coordinator.command(commit);
  const { pid } = await waitFor('the rank', () =>
    coordinator
      .of('rank')
      .map(({ report }) => report)
      .find(({ state }) => state === 'running'),
  );
  coordinator.send({
    kind: 'command',
    command: {
      leaderEpoch: 1,
      deployment: 'dep',
      epoch: 1,
      commandId: 'tail',
      ttlMs: 0,
      action: { kind: 'tailLog', process: 'main', lastLines: 10, follow: true },
    },
  });
  const text = (): string =>
    coordinator
      .of('log')
      .map(({ data }) => Buffer.from(data).toString())
      .join('');
  await waitFor('the later line', () => text().includes('later\n'));
  t.equal(text(), 'first\nkey ***\nlater\n');
  coordinator.send({
    kind: 'command',
    command: {
      leaderEpoch: 1,
      deployment: '',
      epoch: 0,
      commandId: 'tail',
      ttlMs: 0,
      action: { kind: 'abort', reason: 'read' },
    },
  });
  t.equal(
    (await coordinator.command({ kind: 'tailLog', process: 'none', lastLines: 1, follow: false })).failure
      ?.code,
    'NOT_FOUND',
  );
  t.equal(
    (await coordinator.command({ kind: 'probe', probe: 'nonsense', arguments: null })).failure?.code,
    'INVALID_ARGUMENT',
  );
  const factsBefore = coordinator.of('facts').length;
  t.equal((await coordinator.command({ kind: 'collectFacts' })).failure, null);
  t.equal(coordinator.of('facts').length, factsBefore + 1);

  t.equal(await agent.kill('SIGTERM'), 0);
  t.ok(liveStat(pid ?? 0), 'the rank runs on');
  startAgent(t, stateDir);
  await waitFor('the second hello', () => coordinator.of('hello')[1]);
  // The operator removes the node: everything of the cluster goes.
  coordinator.send({ kind: 'removed', reason: 'dsr1ctl node remove alpha' });
  await waitFor('the end of the rank', () => liveStat(pid ?? 0) === null);
  await waitFor('the identity to go', () => openIdentityStore(stateDir).load() === null);
  t.equal(membersOf('dep-1-r0-node1', []).length, 0);
});

test('a coordinator that refuses or is away costs no rank: it is said, and tried again', async (t) => {
  const coordinator = await fakeCoordinator(t);
  const stateDir = join(t.testdir(), 'state');
  await joinedState(stateDir, coordinator);
  coordinator.welcome = new Dsr1Error('UNAUTHENTICATED', 'this certificate is not known here', {
    hint: 'was the database restored?',
  });
  const agent = startAgent(t, stateDir);
  await waitFor(
    'the refusal',
    () => existsSync(join(stateDir, 'status.json')) && statusOf(stateDir).session === 'refused',
  );
  t.match(statusOf(stateDir), {
    problem: {
      code: 'UNAUTHENTICATED',
      message: 'this certificate is not known here',
      hint: 'was the database restored?',
    },
  });
  t.ok(openIdentityStore(stateDir).load(), 'the identity stays');
  coordinator.welcome = { coordinatorVersion: '9.0.0' };
  await waitFor('the other refusal', () => agent.log().includes('VERSION_SKEW'));
  coordinator.welcome = {};
  await waitFor('a session', () => coordinator.of('heartbeat').length > 0);
  await coordinator.command(prepare);
  await coordinator.command(commit);
  const { pid } = await waitFor('the rank', () =>
    coordinator
      .of('rank')
      .map(({ report }) => report)
      .find(({ state }) => state === 'running'),
  );
  coordinator.close();
  await waitFor('its loss to be noticed', () => statusOf(stateDir).session === 'connecting');
  t.ok(liveStat(pid ?? 0));
  const back = await fakeCoordinator(t, { port: coordinator.port, ca: coordinator.ca });
  t.match((await waitFor('the hello', () => back.of('hello')[0])).hello.ranks, [
    { state: 'running', pid, adopted: false },
  ]);
  t.match(await back.command(stop), { failure: null });
});

test('a certificate is renewed at half of its life, with a new key, and used at once', async (t) => {
  const coordinator = await fakeCoordinator(t);
  const stateDir = join(t.testdir(), 'state');
  const identity = await joinedState(stateDir, coordinator, {
    from: new Date(Date.now() - 3_600_000),
    to: new Date(Date.now() + 600_000),
  });
  startAgent(t, stateDir);
  const { csrDer } = await waitFor('the request', () => coordinator.of('renew')[0]);
  coordinator.send({
    kind: 'renewed',
    certificatePem: await coordinator.ca.issueNode(csrDer, 'node-1'),
    caPem: coordinator.ca.caPem,
  });
  await waitFor('a session with it', () => coordinator.of('hello')[1]);
  const stored = openIdentityStore(stateDir).load();
  t.not(stored?.privateKeyPem, identity.privateKeyPem);
  t.not(stored?.certificatePem, identity.certificatePem);
  t.equal(coordinator.of('renew').length, 1);
});

test('on a slow line the newest report of each rank waits, heartbeats are left out, readers are held', async (t) => {
  const written: string[] = [];
  let full = false;
  let drain = (): void => {};
  const outbox = createOutbox({
    write: (message) => {
      written.push(
        message.rank ? `rank ${message.rank.epoch}/${message.rank.sequence}` : (message.body ?? ''),
      );
      return !full;
    },
    once: (_event, listener) => {
      drain = listener;
    },
  });
  const report = (epoch: number, sequence: number) =>
    outbox.report(aRankReport({ epoch, sequence, pid: null }));
  const heartbeat = () =>
    outbox.heartbeat({ sequence: 1, clockMs: 1, load1: 0, memoryAvailableBytes: 1, gpus: [] });
  heartbeat();
  full = true;
  report(1, 1);
  let released = false;
  const held = outbox.ready().then(() => {
    released = true;
  });
  for (let sequence = 2; sequence < 1000; sequence++) report(1, sequence);
  report(2, 1000);
  heartbeat();
  await new Promise(setImmediate);
  t.equal(released, false);
  full = false;
  drain();
  await held;
  t.strictSame(written, ['heartbeat', 'rank 1/1', 'rank 1/999', 'rank 2/1000']);
});

test('an agent that stood still notices, and connection errors are put in words', async (t) => {
  let nowMs = 0;
  const guard = createStallGuard(
    () => nowMs,
    15_000,
    () => {},
  );
  t.teardown(guard.close);
  nowMs = 19_000;
  t.equal(guard.stalled(), false);
  nowMs = 21_000;
  t.equal(guard.stalled(), true);

  const coordinator = await fakeCoordinator(t);
  const identity = await joinedState(join(t.testdir(), 'state'), coordinator);
  const why = (message: string, atMs: number) => {
    const { code, message: text } = explainConnection(
      new Dsr1Error('COORDINATOR_UNREACHABLE', message),
      identity,
      atMs,
    );
    return `${code} ${text}`;
  };
  const now = Date.now();
  t.match(why('x', now), /^COORDINATOR_UNREACHABLE x/);
  t.match(why('x', now + 7_200_000), /^UNAUTHENTICATED the certificate of alpha ended at/);
  t.match(why('x', now - 7_200_000), /^CLOCK_SKEW this host's clock says/);
  t.match(why('Last error: certificate is not yet valid', now), /^CLOCK_SKEW the coordinator's certificate/);
  t.match(why('Last error: unable to verify the first certificate', now), /^CA_MISMATCH/);
});
