import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCsr, createPrivateKeyPem } from '@dsr1/shared/identity/keys';
import type { NodeIdentity } from '@dsr1/shared/identity/store';
import { test } from 'tap';
import { aRankReport } from '../../shared/test/helpers/rank-report.ts';
import { type Cluster, errorOf, eventually, freshDir, joinHost, startCluster } from './support/cluster.ts';
import { factsOf } from './support/hosts.ts';
import { connectNode } from './support/wire-node.ts';

test('a node says hello, is online, reports facts, and is lost when it falls silent', async (t) => {
  const { cluster, identity } = await clusterWithNode(t, { heartbeatIntervalMs: 1000, lostAfterMs: 9000 });
  const node = connectNode(cluster, identity);
  t.teardown(node.leave);
  t.match(await node.hello({ factsHash: 'h1' }), {
    leaderEpoch: 1,
    heartbeatIntervalMs: 1000,
    sendFacts: true,
    nodeName: 'gpu-1',
  });
  t.equal(await state(cluster), 'online');

  const facts = factsOf({ name: 'gpu-1', netdevs: [] });
  node.say({ kind: 'facts', hash: 'h1', facts, collectedAtMs: Date.now() });
  const detail = await eventually(async () => {
    const { body } = await cluster.api('GET', '/nodes/gpu-1');
    return body.facts === null ? null : body;
  }, 'facts');
  t.same(detail.facts, facts);
  node.say({ kind: 'facts', hash: 'h2', facts: { ...facts, gpus: 'many' }, collectedAtMs: Date.now() });
  t.match(await eventually(async () => (await cluster.events('node.facts-refused'))[0], 'a refusal'), {
    message: /gpus/,
  });
  t.same((await cluster.api('GET', '/nodes/gpu-1')).body.facts, facts, 'the older facts stay');

  cluster.clock.forward(3000);
  t.equal(await state(cluster), 'suspect', 'three intervals of silence');
  node.heartbeat();
  await eventually(async () => (await state(cluster)) === 'online', 'a heartbeat to count');
  cluster.clock.forward(9000);
  await eventually(async () => (await cluster.events('node.lost')).length === 1, 'the loss to be told');
  t.equal(await state(cluster), 'lost');
  node.heartbeat(2);
  await eventually(async () => (await cluster.events('node.back')).length === 1, 'the return to be told');

  node.leave();
  await eventually(async () => (await state(cluster)) === 'suspect', 'no session, no new work');
  const again = connectNode(cluster, identity);
  t.teardown(again.leave);
  t.match(
    await again.hello({ factsHash: 'h1' }),
    { sendFacts: false },
    'known facts are not asked for again',
  );
  t.equal(await state(cluster), 'online');
});

test('commands get their results, and a cut or missing session is a result too', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  const { hub } = cluster.coordinator;
  const stop = {
    deployment: 'd',
    epoch: 3,
    ttlMs: 5000,
    action: { kind: 'stop', graceMs: 1000, reason: 'test' },
  } as const;
  const send = (timeoutMs = 5000) => hub.send(identity.nodeId, stop, timeoutMs);
  t.match(await send(), { failure: { code: 'NODE_OFFLINE' } });

  const node = connectNode(cluster, identity);
  t.teardown(node.leave);
  await node.hello();
  const answered = send();
  const { command } = await node.next('command');
  t.match(command, { ...stop, leaderEpoch: 1 });
  const failure = { code: 'STALE_EPOCH', message: 'older', hint: null };
  node.say({
    kind: 'result',
    result: { commandId: command.commandId, failure, prepared: null, probe: null },
  });
  t.match(await answered, { commandId: command.commandId, failure: { code: 'STALE_EPOCH' } });

  t.match(await send(30), { failure: { code: 'TIMEOUT' } });
  const cut = send();
  await node.next('command');
  node.leave();
  t.match(await cut, { failure: { code: 'NODE_OFFLINE' } });
});

test('log tails stream until the node ends them or the reader leaves', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  const { hub } = cluster.coordinator;
  const node = connectNode(cluster, identity);
  t.teardown(node.leave);
  await node.hello();
  const request = { deployment: 'd', epoch: 1, process: 'main', lastLines: 10, follow: true };
  const read = async (signal: AbortSignal) => {
    let seen = '';
    for await (const chunk of hub.tailLog(identity.nodeId, request, signal))
      seen += Buffer.from(chunk).toString();
    return seen;
  };
  const whole = read(new AbortController().signal);
  const { command } = await node.next('command');
  t.match(command.action, { kind: 'tailLog', process: 'main', lastLines: 10, follow: true });
  for (const text of ['one ', 'two'])
    node.say({ kind: 'log', commandId: command.commandId, data: Buffer.from(text), end: text === 'two' });
  t.equal(await whole, 'one two');

  const leaving = new AbortController();
  const part = read(leaving.signal);
  const tail = (await node.next('command')).command;
  node.say({ kind: 'log', commandId: tail.commandId, data: Buffer.from('part'), end: false });
  setTimeout(() => leaving.abort(), 50);
  t.equal(await part, 'part');
  t.match(
    (await node.next('command')).command,
    { commandId: tail.commandId, deployment: '', action: { kind: 'abort' } },
    'the node is told to stop',
  );

  const refused = errorOf(read(new AbortController().signal));
  const third = (await node.next('command')).command;
  const failure = { code: 'NOT_FOUND', message: 'no such log', hint: null };
  node.say({ kind: 'result', result: { commandId: third.commandId, failure, prepared: null, probe: null } });
  t.match(await refused, { code: 'NOT_FOUND', message: 'no such log' });
});

test('removing a node cuts its stream at once, and it is told so whenever it comes again', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  const node = connectNode(cluster, identity);
  await node.hello();
  const before = performance.now();
  t.match(await cluster.api('DELETE', '/nodes/gpu-1'), { status: 200, body: { name: 'gpu-1' } });
  t.match(await node.next('removed'), { reason: /operator/ });
  t.equal((await node.ended).code, 'NODE_REMOVED');
  t.ok(performance.now() - before < 1000, 'within a second');

  const later = connectNode(cluster, identity);
  later.say({
    kind: 'heartbeat',
    heartbeat: { sequence: 1, clockMs: 0, load1: 0, memoryAvailableBytes: 0, gpus: [] },
  });
  await later.next('removed');
  t.equal((await later.ended).code, 'NODE_REMOVED');
});

test('no certificate, a foreign one, an expired one and one that this database does not know are refused', async (t) => {
  const { cluster, identity } = await clusterWithNode(t, { certificateTtlSeconds: 600 });
  const other = await clusterWithNode(t);
  for (const refused of [null, other.identity]) {
    t.equal((await connectNode(cluster, refused).ended).code, 'COORDINATOR_UNREACHABLE', 'TLS refuses it');
  }
  // The same CA over an empty database, as after the loss of one.
  const stateDir = join(freshDir(t), 'state');
  mkdirSync(stateDir);
  for (const name of ['ca.crt', 'ca.key']) copyFileSync(join(cluster.stateDir, name), join(stateDir, name));
  const amnesiac = connectNode(await startCluster(t, {}, stateDir), identity);
  t.match(
    await amnesiac.ended,
    { code: 'UNAUTHENTICATED', hint: /join/ },
    'which is no order to forget the identity',
  );

  const node = connectNode(cluster, identity);
  await node.hello();
  cluster.clock.forward(601_000);
  node.heartbeat();
  t.match(
    await node.ended,
    { code: 'UNAUTHENTICATED', message: /expired/ },
    'also on a stream that was opened before',
  );
  t.match(await connectNode(cluster, identity).ended, { code: 'UNAUTHENTICATED' });
});

test('a renewed certificate replaces the old one when it is used, and the old one then gives a copy away', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  const node = connectNode(cluster, identity);
  await node.hello();
  const privateKeyPem = createPrivateKeyPem();
  node.say({ kind: 'renew', csrDer: await createCsr(privateKeyPem) });
  const { certificatePem, caPem } = await node.next('renewed');
  t.equal(caPem.trim(), cluster.caPem.trim());

  const still = connectNode(cluster, identity);
  await still.hello();
  still.leave();
  const renewed = connectNode(cluster, { ...identity, privateKeyPem, certificatePem });
  t.teardown(renewed.leave);
  await renewed.hello();
  t.match(await connectNode(cluster, identity).ended, { code: 'DUPLICATE_IDENTITY', hint: /token/ });
  t.equal((await cluster.events('node.stale-certificate')).length, 1);
  t.equal(await state(cluster), 'online', 'the good host is not touched');
});

test('a second session of the same boot takes over; of another boot only a talking old one makes it a duplicate', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  const first = connectNode(cluster, identity);
  await first.hello();
  const second = connectNode(cluster, identity);
  await second.hello();
  t.equal((await first.ended).code, 'STALE_EPOCH', 'an agent that restarted');

  const rebooted = connectNode(cluster, identity);
  await rebooted.hello({ bootId: 'boot-2' });
  second.heartbeat();
  await eventually(async () => (await cluster.events('node.rebooted')).length === 1, 'the reboot');
  t.equal(await state(cluster), 'online', 'what was in flight does no harm');

  cluster.clock.forward(2500);
  second.heartbeat(2);
  t.equal((await second.ended).code, 'DUPLICATE_IDENTITY');
  t.equal((await rebooted.ended).code, 'DUPLICATE_IDENTITY');
  t.equal(await state(cluster), 'quarantined');
  t.match(await connectNode(cluster, identity).ended, { code: 'DUPLICATE_IDENTITY', hint: /uncordon gpu-1/ });

  await cluster.api('POST', '/nodes/gpu-1/uncordon');
  const cleared = connectNode(cluster, identity);
  t.teardown(cleared.leave);
  await cleared.hello({ bootId: 'boot-2' });
  t.equal(await state(cluster), 'online');
});

test('the leader epoch rises at every start and above what any agent has obeyed', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  await cluster.close();
  const next = await startCluster(t, {}, cluster.stateDir);
  const node = connectNode(next, identity);
  t.teardown(node.leave);
  t.match(await node.hello({ maxLeaderEpoch: 1 }), { leaderEpoch: 2 });
  const restored = connectNode(next, identity);
  t.teardown(restored.leave);
  t.match(await restored.hello({ maxLeaderEpoch: 40 }), { leaderEpoch: 41 });
});

test('rank reports replace older ones only', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  const node = connectNode(cluster, identity);
  t.teardown(node.leave);
  await node.hello({ ranks: [aRankReport({ sequence: 5, phase: 'weights' })] });
  const phases = () => cluster.coordinator.hub.nodes()[0]?.ranks.map((report) => report.phase);
  t.same(phases(), ['weights']);
  node.say({ kind: 'rank', report: aRankReport({ sequence: 4, phase: 'rendezvous' }) });
  node.say({ kind: 'rank', report: aRankReport({ sequence: 6, phase: 'serving' }) });
  await eventually(() => phases()?.[0] === 'serving', 'the newer report');
});

test('a peer that breaks the protocol is told and cut', async (t) => {
  const { cluster, identity } = await clusterWithNode(t);
  const rude = connectNode(cluster, identity);
  rude.heartbeat();
  t.match(await rude.ended, { code: 'INVALID_ARGUMENT', message: /hello/ });
  const old = connectNode(cluster, identity);
  old.say({
    kind: 'hello',
    hello: {
      bootId: 'b',
      agentVersion: '7.1.0',
      fingerprint: '',
      maxLeaderEpoch: 0,
      ranks: [],
      factsHash: '',
      clockMs: Date.now(),
    },
  });
  t.match(await old.ended, { code: 'VERSION_SKEW' });
});

async function clusterWithNode(
  t: Parameters<typeof startCluster>[0],
  settings: Parameters<typeof startCluster>[1] = {},
): Promise<{ cluster: Cluster; identity: NodeIdentity }> {
  const cluster = await startCluster(t, settings);
  const identity = await joinHost(cluster, await cluster.token(), {
    name: 'gpu-1',
    stateDir: join(freshDir(t), 'agent'),
  });
  return { cluster, identity };
}

const state = async (cluster: Cluster): Promise<string> =>
  (await cluster.api('GET', '/nodes/gpu-1')).body.state;
