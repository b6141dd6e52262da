import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import type { ErrorBody } from '@dsr1/shared/errors';
import { type KeyRole, NodeDetail, NodeSummary } from '@dsr1/shared/http-api/resources';
import { createLogger } from '@dsr1/shared/logger';
import { test } from 'tap';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { RouteModule } from '../src/http/api-server.ts';
import { createHttpServer } from '../src/http/server.ts';
import { openSqliteStore } from '../src/store/sqlite/open-store.ts';
import { type Cluster, errorOf, eventually, freshDir, joinHost, startCluster } from './support/cluster.ts';

const ROLES: readonly KeyRole[] = ['viewer', 'operator', 'admin'];

interface Operation {
  readonly 'x-role': string;
  readonly summary?: string;
}

test('every route asks for its role: each route by each caller', async (t) => {
  const cluster = await startCluster(t);
  const document = (await cluster.api('GET', '/openapi.json')).body;
  const keys = new Map<KeyRole, string>();
  for (const role of ROLES) keys.set(role, (await cluster.api('POST', '/keys', { role })).body.key);
  const routes = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, 'none-such'),
      operation,
    })),
  );
  t.ok(routes.length >= 24, `${routes.length} routes`);
  const docs = readFileSync(join(import.meta.dirname, '../../../docs/http-api.md'), 'utf8');
  for (const { method, path, operation } of routes) {
    const needed = operation['x-role'];
    const documented = `| ${method} ${path.replaceAll('none-such', ':x')} | ${needed} |`;
    t.ok(
      docs.replaceAll(/:[a-z]+/g, ':x').includes(documented),
      `docs/http-api.md has the line ${documented}`,
    );
    t.ok(operation.summary, `${method} ${path} has a summary`);
    // Bodies that fit no schema: whoever is let in is refused for that, and nothing happens.
    const body = method === 'POST' ? { noSuchKey: 1 } : undefined;
    const anonymous = await cluster.call(method, path, { key: null, body });
    t.equal(anonymous.status, needed === 'open' ? 200 : 401, `${method} ${path} without a key`);
    for (const role of ROLES) {
      const { status } = await cluster.call(method, path, { key: keys.get(role) ?? '', body });
      const allowed = needed === 'open' || ROLES.indexOf(role) >= ROLES.indexOf(needed as KeyRole);
      t.equal(status === 403, !allowed, `${method} ${path} as ${role} gives ${status}`);
      t.notOk([401, 500].includes(status), `${method} ${path} as ${role} gives ${status}`);
    }
  }
});

test('a route without declared authorisation stops the boot', async (t) => {
  const store = openSqliteStore(join(freshDir(t), 'state'));
  t.teardown(() => store.close());
  const open: RouteModule = (api) => void api.get('/oops', async () => 'everything');
  const boot = createHttpServer({
    keys: store.keys,
    log: createLogger('test', 'silent'),
    tls: null,
    requestsPerMinute: 10,
    modules: [open],
    rootModules: [],
  });
  t.match(await errorOf(boot), { message: /\/api\/v1\/oops declares no authorisation/ });
});

test('every failure has one shape, a code and the security headers', async (t) => {
  const cluster = await startCluster(t);
  const post = (options: Parameters<Cluster['call']>[2]) => cluster.call('POST', '/api/v1/tokens', options);
  const cases: readonly (readonly [
    string,
    Promise<{ status: number; body: ErrorBody; headers: NodeJS.Dict<string | string[]> }>,
    number,
    string,
    RegExp,
  ])[] = [
    ['unknown path', cluster.call('GET', '/nope'), 404, 'NOT_FOUND', /GET \/nope/],
    ['unknown method', cluster.call('PUT', '/api/v1/nodes'), 404, 'NOT_FOUND', /PUT/],
    ['unknown node', cluster.api('GET', '/nodes/gpu-9'), 404, 'NODE_NOT_FOUND', /gpu-9/],
    ['unknown token', cluster.api('DELETE', '/tokens/abcdefgh'), 404, 'NOT_FOUND', /abcdefgh/],
    [
      'unknown key in the body',
      post({ body: { ttl: 5 } }),
      400,
      'UNKNOWN_KEY',
      /ttl is not a known key \(known: ttlSeconds, maxUses, note\)/,
    ],
    [
      'wrong type',
      post({ body: { ttlSeconds: '60' } }),
      400,
      'INVALID_ARGUMENT',
      /ttlSeconds must be integer, found "60"/,
    ],
    ['out of range', post({ body: { maxUses: 0 } }), 400, 'INVALID_ARGUMENT', /maxUses/],
    ['unknown key in the query', cluster.api('GET', '/events?since=5'), 400, 'UNKNOWN_KEY', /since/],
    ['broken JSON', post({ raw: '{' }), 400, 'INVALID_ARGUMENT', /JSON/],
    [
      'a body over the limit',
      post({ raw: `{"note":"${'x'.repeat(1_100_000)}"}` }),
      400,
      'INVALID_ARGUMENT',
      /too large/,
    ],
    [
      'wrong content type',
      post({ raw: 'a=b', headers: { 'content-type': 'application/xml' } }),
      400,
      'INVALID_ARGUMENT',
      /xml|media/i,
    ],
    [
      'malformed key',
      cluster.call('GET', '/api/v1/nodes', { key: 'dsr1_zz' }),
      401,
      'UNAUTHENTICATED',
      /key/,
    ],
  ];
  for (const [name, pending, status, code, message] of cases) {
    const { body, ...answer } = await pending;
    t.equal(answer.status, status, name);
    t.equal(body.error.code, code, name);
    t.match(body.error.message, message, name);
    t.notMatch(JSON.stringify(body), /at .*\.ts:\d/, 'no stack trace');
    t.match(answer.headers, {
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
    });
  }
});

test('bytes that are no HTTP and a path that is no URL get the same shape', async (t) => {
  const cluster = await startCluster(t);
  t.match(await cluster.call('GET', '/api/v1/nodes/%zz'), {
    status: 400,
    body: { error: { code: 'INVALID_ARGUMENT' } },
  });
  const socket = connect({
    host: '127.0.0.1',
    port: cluster.coordinator.ports.http,
    ca: cluster.caPem,
    servername: 'localhost',
  });
  socket.end('\u0016 nonsense\r\n\r\n');
  t.match(await text(socket), /^HTTP\/1\.1 400 [\s\S]*"code":"INVALID_ARGUMENT"/);
});

test('keys are shown once, stored hashed, and dead when revoked', async (t) => {
  const cluster = await startCluster(t);
  const { body: made } = await cluster.api('POST', '/keys', { role: 'viewer', note: 'wall' });
  t.match(made.key, /^dsr1_[0-9a-f]{8}_[\w-]{43}$/);
  t.notMatch(JSON.stringify((await cluster.api('GET', '/keys')).body), made.key);
  t.equal((await cluster.call('GET', '/api/v1/nodes', { key: made.key })).status, 200);
  t.equal(
    (
      await cluster.call('GET', '/api/v1/nodes', {
        key: made.key.replace(/.$/, made.key.endsWith('x') ? 'y' : 'x'),
      })
    ).status,
    401,
  );
  t.equal((await cluster.api('DELETE', `/keys/${made.id}`)).body.revoked, true);
  t.equal((await cluster.call('GET', '/api/v1/nodes', { key: made.key })).status, 401);
  t.equal(
    (await cluster.api('DELETE', `/keys/${cluster.adminKey.split('_')[1]}`)).status,
    400,
    'the last door is not locked from inside',
  );
});

test('one address is limited, wrong keys included', async (t) => {
  const cluster = await startCluster(t, { requestsPerMinute: 3 });
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++)
    statuses.push((await cluster.call('GET', '/api/v1/nodes', { key: 'wrong' })).status);
  t.same(statuses, [401, 401, 401, 429]);
  t.match((await cluster.api('GET', '/version')).body, { error: { code: 'OVERLOADED', hint: /try again/ } });
});

test('nodes are listed, shown, cordoned and removed; answers fit their schemas', async (t) => {
  const cluster = await startCluster(t);
  const { nodeId } = await joinHost(cluster, await cluster.token(), { name: 'gpu-1', stateDir: freshDir(t) });
  const list = (await cluster.api('GET', '/nodes')).body;
  t.ok(Value.Check(Type.Array(NodeSummary), list));
  t.ok(Value.Check(NodeDetail, (await cluster.api('GET', `/nodes/${nodeId}`)).body), 'by id too');
  t.equal((await cluster.api('POST', '/nodes/gpu-1/cordon')).body.cordoned, true);
  t.equal((await cluster.api('POST', '/nodes/gpu-1/uncordon')).body.cordoned, false);
  t.match(await cluster.api('POST', '/nodes/gpu-1/collect'), {
    status: 503,
    body: { error: { code: 'NODE_OFFLINE' } },
  });
  t.equal((await cluster.api('DELETE', '/nodes/gpu-1')).body.name, 'gpu-1');
  t.same((await cluster.api('GET', '/nodes')).body, []);
  const kinds = (await cluster.api('GET', '/events?node=gpu-1')).body.map(
    (event: { kind: string }) => event.kind,
  );
  t.same(kinds, ['node.joined', 'node.cordoned', 'node.uncordoned', 'node.removed']);
});

test('events stream live, resume without a gap, and end when the coordinator does', async (t) => {
  const cluster = await startCluster(t);
  await joinHost(cluster, await cluster.token(), { name: 'gpu-1', stateDir: freshDir(t) });
  const flip = () => cluster.api('POST', '/nodes/gpu-1/cordon');
  const live = await openEvents(cluster, '/api/v1/events');
  await flip();
  const [first] = await eventually(() => (live.events.length === 1 ? live.events : null), 'the live event');
  t.match(first, { kind: 'node.cordoned', node: 'gpu-1' });
  live.close();

  for (let i = 0; i < 3; i++) await flip();
  const resumed = await openEvents(cluster, '/api/v1/events?node=gpu-1', {
    'last-event-id': String(first?.sequence),
  });
  await eventually(() => resumed.events.length === 3, 'what was missed');
  await flip();
  await eventually(() => resumed.events.length === 4, 'and what comes now');
  const sequences = resumed.events.map((event) => event.sequence);
  t.same(
    sequences,
    sequences.toSorted((a, b) => a - b),
  );
  t.equal(new Set(sequences).size, 4);
  const others = await openEvents(cluster, '/api/v1/events?after=0&node=gpu-2');
  await flip();
  await eventually(() => resumed.events.length === 5, 'the next one');
  t.equal(others.events.length, 0, 'filtered');

  const before = performance.now();
  await cluster.close();
  await resumed.ended;
  t.ok(performance.now() - before < 3000, 'close does not wait for readers');
});

test('metrics, health, version and the docs page', async (t) => {
  const cluster = await startCluster(t, { clusterName: 'lab' });
  t.match((await cluster.call('GET', '/healthz', { key: null })).body, { ok: true });
  t.match(
    (await cluster.call('GET', '/metrics')).body,
    /dsr1_nodes\{state="online"\} 0[\s\S]*dsr1_leader_epoch 1/,
  );
  t.match((await cluster.api('GET', '/version')).body, {
    clusterName: 'lab',
    clusterId: cluster.coordinator.clusterId,
  });
  const basic = { authorization: `Basic ${Buffer.from(`me:${cluster.adminKey}`).toString('base64')}` };
  const page = await cluster.call('GET', '/api/v1/docs', { key: null, headers: basic });
  t.equal(page.status, 200, 'a browser can open it');
  const forged = await cluster.call('POST', '/api/v1/tokens', { key: null, body: {}, headers: basic });
  t.equal(forged.status, 401, 'but a foreign page cannot change anything with its remembered password');
  t.match(page.body, /<b>POST<\/b> \/api\/v1\/tokens/);
  t.notMatch(page.body, /<script/);
});

test('plain HTTP is for loopback only', async (t) => {
  const error = await errorOf(startCluster(t, { httpTls: false, listen: '0.0.0.0' }));
  t.match(error, { code: 'CONFIG_INVALID', message: /clear/ });
});

interface Streamed {
  readonly sequence: number;
  readonly kind: string;
  readonly node: string | null;
}

async function openEvents(cluster: Cluster, path: string, headers: Record<string, string> = {}) {
  const events: Streamed[] = [];
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const outgoing = get(
    `https://127.0.0.1:${cluster.coordinator.ports.http}${path}`,
    {
      ca: cluster.caPem,
      agent: false,
      headers: { authorization: `Bearer ${cluster.adminKey}`, accept: 'text/event-stream', ...headers },
    },
    (incoming) => {
      let rest = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, data] = /^data: (.*)$/m.exec(block) ?? [];
          if (data !== undefined) events.push(JSON.parse(data));
        }
        opened.resolve();
      });
      incoming.on('close', () => ended.resolve());
      incoming.on('error', () => {});
    },
  );
  outgoing.on('error', () => {});
  await opened.promise;
  return { events, ended: ended.promise, close: () => outgoing.destroy() };
}
