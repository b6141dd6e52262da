/** The routes of deployments on a real coordinator, with simulated hosts on real streams. */
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'tap';
import { startWireFleet } from '../../../test/sim/wire-fleet.ts';
import { type Cluster, eventually, freshDir, startCluster } from './support/cluster.ts';

const spec = { name: 'r1', engine: { kind: 'rehearsal' }, nodes: { count: 2 }, gpusPerNode: 0 };

test('the life of a deployment over HTTP', async (t) => {
  const dir = freshDir(t);
  const cluster = await startCluster(t, {}, join(dir, 'state'));
  const fleet = await startWireFleet(cluster, 2, dir);
  t.teardown(fleet.close);
  await eventually(() => cluster.coordinator.hub.nodes().every(({ facts }) => facts !== null), 'facts');
  const viewer = (await cluster.api('POST', '/keys', { role: 'viewer', note: 'test' })).body.key;
  const asViewer = (method: string, path: string, body?: unknown) =>
    cluster.call(method, `/api/v1${path}`, { key: viewer, body });

  t.match(await asViewer('POST', '/plans', spec), {
    status: 200,
    body: { feasible: true, plan: { epoch: 1, ranks: [{ rank: 0 }, { rank: 1 }] } },
  });
  t.match(await cluster.api('GET', '/deployments'), { status: 200, body: [] }, 'a plan stores nothing');
  t.match(await asViewer('POST', '/plans', { ...spec, nodes: { count: 3 } }), {
    status: 200,
    body: { feasible: false },
  });

  t.match(await asViewer('POST', '/deployments', spec), {
    status: 403,
    body: { error: { code: 'FORBIDDEN' } },
  });
  t.match(await cluster.api('POST', '/deployments', { ...spec, gpuPerNode: 1 }), {
    status: 400,
    body: { error: { code: 'UNKNOWN_KEY', message: /gpuPerNode/ } },
  });
  t.match(await cluster.api('POST', '/deployments', { ...spec, nodes: { names: ['gpu-1', 'gpu-9'] } }), {
    status: 422,
    body: { error: { code: 'PLAN_INFEASIBLE', message: /gpu-9/, hint: String } },
  });
  t.match(await cluster.api('POST', '/deployments/r1/stop'), {
    status: 404,
    body: { error: { code: 'DEPLOYMENT_NOT_FOUND' } },
  });

  t.match(await cluster.api('POST', '/deployments', spec), { status: 202, body: { name: 'r1', spec } });
  const serving = await eventually(() => inState(cluster, 'serving'), 'serving');
  t.match(serving, {
    epoch: 1,
    nodes: ['gpu-1', 'gpu-2'],
    attempts: 0,
    ranks: [{ state: 'running' }, { state: 'running' }],
  });
  t.match((await cluster.api('GET', '/deployments')).body, [
    { name: 'r1', state: 'serving', servingSince: /^20/ },
  ]);

  t.equal((await asViewer('GET', '/deployments/r1/access')).status, 403, 'the key is not for viewers');
  const access = await cluster.api('GET', '/deployments/r1/access');
  t.match(access.body, { url: serving.endpoint, apiKey: /^sk-/, model: 'r1' });
  t.notOk(JSON.stringify(serving).includes(access.body.apiKey), 'and shows nowhere else');
  t.notOk(
    JSON.stringify((await cluster.call('GET', '/api/v1/events?after=0&limit=1000')).body).includes(
      access.body.apiKey,
    ),
  );

  t.match(await cluster.api('DELETE', '/deployments/r1'), {
    status: 409,
    body: { error: { code: 'DEPLOYMENT_RUNNING' } },
  });
  fleet.observer.stopAsked('r1');
  t.match(await cluster.api('POST', '/deployments/r1/stop'), { status: 202 });
  await eventually(() => inState(cluster, 'stopped'), 'stopped');
  t.match(await cluster.api('DELETE', '/deployments/r1'), { status: 200, body: { name: 'r1' } });
  await eventually(async () => (await cluster.api('GET', '/deployments/r1')).status === 404, 'removal');
  t.strictSame(fleet.observer.violations, []);
});

test('logs come as text, live while somebody reads', async (t) => {
  const dir = freshDir(t);
  const cluster = await startCluster(t, {}, join(dir, 'state'));
  const fleet = await startWireFleet(cluster, 2, dir);
  t.teardown(fleet.close);
  await eventually(() => cluster.coordinator.hub.nodes().every(({ facts }) => facts !== null), 'facts');
  await cluster.api('POST', '/deployments', spec);
  await eventually(
    async () => (await cluster.api('GET', '/deployments/r1')).body.ranks.length === 2,
    'a plan',
  );

  const whole = await cluster.api('GET', '/deployments/r1/logs?rank=1&lines=3');
  t.match(whole, {
    status: 200,
    headers: { 'content-type': /^text\/plain/ },
    body: 'gpu-2 line 1\ngpu-2 line 2\ngpu-2 line 3\n',
  });
  t.match(await cluster.api('GET', '/deployments/r1/logs?rank=7'), {
    status: 404,
    body: { error: { hint: 'its ranks are 0 to 1' } },
  });
  t.match(await cluster.api('GET', '/deployments/r1/logs?process=ray'), {
    status: 404,
    body: { error: { message: /no process ray/ } },
  });
  t.match(await cluster.api('GET', '/deployments/none/logs'), {
    status: 404,
    body: { error: { code: 'DEPLOYMENT_NOT_FOUND' } },
  });
  t.match(await cluster.api('GET', '/deployments/r1/logs?rank=one'), { status: 400 });

  const reader = await follow(cluster, '/deployments/r1/logs?follow=true&lines=1');
  t.equal(await reader.next(), 'gpu-1 line 1\n', 'the first bytes come before the log ends');
  reader.leave();
  await eventually(() => fleet.nodes[0]?.tails() === 0, 'the node to hear that nobody reads');

  const [first, second] = fleet.nodes;
  if (first === undefined || second === undefined) throw new Error('expected two nodes');
  fleet.cut(second);
  await eventually(
    () => cluster.coordinator.hub.nodes().some(({ sessionId }) => sessionId === null),
    'the cut',
  );
  t.match(await cluster.api('GET', '/deployments/r1/logs?rank=1'), {
    status: 503,
    body: { error: { code: 'NODE_OFFLINE', message: /gpu-2/ } },
  });
});

async function inState(cluster: Cluster, state: string) {
  const { body } = await cluster.api('GET', '/deployments/r1');
  return body.state === state ? body : null;
}

/** An answer that is read while it comes. */
async function follow(cluster: Cluster, path: string) {
  const outgoing = request(`https://127.0.0.1:${cluster.coordinator.ports.http}/api/v1${path}`, {
    ca: cluster.caPem,
    agent: false,
    headers: { authorization: `Bearer ${cluster.adminKey}` },
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  outgoing.on('error', reject);
  outgoing.on('response', (incoming) => {
    incoming.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    incoming.on('error', () => {});
  });
  outgoing.end();
  return {
    next: () => promise,
    leave: () => outgoing.destroy(),
  };
}
