import { X509Certificate } from 'node:crypto';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { spkiSha256Hex } from '@dsr1/shared/identity/ca-pin';
import { test } from 'tap';
import { createTestCa } from '../../shared/test/helpers/test-ca.ts';
import { fakeCoordinator, KEY } from './helpers/fake-coordinator.ts';
import { runCtl } from './helpers/fake-io.ts';
import { aDeployment, aNode, anEvent, aPlan, aRank } from './helpers/values.ts';

const NO_STACK = /\n\s+at /;

test('a wrong command line names the nearest right one and exits with 2', async (t) => {
  const home = t.testdir();
  for (const [argv, message, hint] of [
    [['depoy'], /unknown command 'depoy'/, /Did you mean deploy\?/],
    [['node', 'lst'], /unknown command 'lst'/, /Did you mean list\?/],
    [['ls', '--jsn'], /unknown option '--jsn'/, /Did you mean --json\?/],
    [['status'], /missing required argument 'name'/, /dsr1ctl --help/],
    [['wait', 'r1', '--for', 'ready'], /'ready' is invalid.*serving, stopped/, /dsr1ctl --help/],
    [['wait', 'r1', '--timeout', 'soon'], /expected a duration such as 90s/, /dsr1ctl --help/],
    [['node'], /expected a subcommand, found none/, /listed above/],
    [['deploy'], /expected a deployment file or at least --name and --engine/, /deploy FILE/],
    [
      ['context', 'add', 'x', '--server', 'a b', '--key-file', '-'],
      /expected HOST or HOST:PORT, found 'a b'/,
      /10\.0\.0\.1/,
    ],
  ] as const) {
    const { code, out, err } = await runCtl(argv, { home });
    t.equal(code, 2, argv.join(' '));
    t.match(err, message);
    t.match(err, hint);
    t.notMatch(out + err, NO_STACK);
  }
  t.equal((await runCtl(['--help'], { home })).code, 0);
  t.match((await runCtl(['deploy', '--help'], { home })).out, /--tp <n>/);
});

test('without a usable context every command says how to get one', async (t) => {
  const home = t.testdir();
  const path = join(home, '.config/dsr1/contexts.yaml');
  t.match(await runCtl(['ls'], { home }), {
    code: 2,
    err: /expected a context in .*contexts\.yaml, found none[\s\S]*dsr1ctl init/,
  });
  const { address } = await fakeCoordinator(t, home, { 'GET /deployments': [] });
  t.match(await runCtl(['ls'], { home }), { code: 0, out: /no deployment/ });
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.match(await runCtl(['ls', '--context', 'prod'], { home }), {
    code: 2,
    err: /no context is named 'prod'; known: test/,
  });
  t.match(await runCtl(['ls'], { home, env: { DSR1_CONTEXT: 'prod' } }), { code: 2, err: /'prod'/ });
  chmodSync(path, 0o644);
  t.match(await runCtl(['ls'], { home }), { code: 2, err: /expected mode 0600, found 0644[\s\S]*chmod 600/ });
  chmodSync(path, 0o600);
  for (const [content, problem] of [
    ['contexts: [', /is no contexts file/],
    ['contexts: {}\ncurent: x\n', /curent is not a known key/],
    [`contexts: {a: {server: 'https://h:1', key: k}}\ncurrent: a\n`, /without a pinned CA/],
    [`contexts: {a: {server: 'http://10.0.0.1:1', key: k}}\ncurrent: a\n`, /without a pinned CA/],
    [`contexts: {a: {server: '${address}'}}\ncurrent: a\n`, /has no API key/],
  ] as const) {
    writeFileSync(path, content);
    t.match(await runCtl(['ls'], { home }), { code: 2, err: problem });
  }
  const keyFile = join(home, 'key');
  writeFileSync(keyFile, `${KEY}\n`);
  t.match(await runCtl(['ls'], { home, env: { DSR1_API_KEY_FILE: keyFile } }), { code: 0 });
  t.match(await runCtl(['ls'], { home, env: { DSR1_API_KEY_FILE: `${keyFile}.no` } }), {
    code: 2,
    err: /key\.no/,
  });
});

test('contexts are added by pin or CA, listed without keys, used and removed', async (t) => {
  const home = t.testdir({ key: `${KEY}\n` });
  const ca = await createTestCa('c0ffee');
  const { keyPem, certPem } = await ca.issueServer();
  const info = { version: '0.1.0', clusterId: 'c0ffee', clusterName: 'lab' };
  const { address } = await fakeCoordinator(
    t,
    home,
    { 'GET /version': info },
    { key: keyPem, cert: certPem, ca: ca.caPem },
  );
  const pin = spkiSha256Hex(new X509Certificate(ca.caPem));
  const add = (name: string, ...args: string[]) =>
    runCtl(['context', 'add', name, '--server', address, '--key-file', 'key', ...args], { home });
  const cwdKey = join(home, 'key');
  t.match(await add('none', '--key-file', cwdKey), { code: 2, err: /expected --ca FILE or --ca-pin/ });
  t.match(await add('bad', '--key-file', cwdKey, '--ca-pin', '0'.repeat(64)), {
    code: 4,
    err: /CA_MISMATCH/,
  });
  t.match(await add('lab', '--key-file', cwdKey, '--ca-pin', pin), {
    code: 0,
    out: /context lab .* is now the current one/,
  });
  t.match(await runCtl(['version'], { home }), { code: 0, out: /cluster lab \(c0ffee\)/ });
  const listed = await runCtl(['context', 'list', '--json'], { home });
  t.notMatch(listed.out, KEY);
  t.match(JSON.parse(listed.out), [
    { name: 'test', current: false },
    { name: 'lab', current: true, key: 'stored' },
  ]);
  t.match(await runCtl(['context', 'use', 'test'], { home }), { code: 0 });
  t.match(await runCtl(['context', 'remove', 'test'], { home }), { code: 0 });
  t.match(await runCtl(['version'], { home }), { code: 0, out: /none configured/ });
});

test('a server that is not the pinned coordinator gets no key', async (t) => {
  const home = t.testdir();
  const [ca, other] = await Promise.all([createTestCa('c0ffee'), createTestCa('c0ffee')]);
  const strange = await other.issueServer();
  const first = await fakeCoordinator(
    t,
    home,
    {},
    { key: strange.keyPem, cert: strange.certPem, ca: ca.caPem },
  );
  t.match(await runCtl(['ls'], { home }), { code: 4, err: /CA_MISMATCH/ });
  const node = await ca.issueServer({ uri: 'dsr1://c0ffee/node/n-1' });
  const second = await fakeCoordinator(t, home, {}, { key: node.keyPem, cert: node.certPem, ca: ca.caPem });
  t.match(await runCtl(['ls'], { home }), { code: 4, err: /CA_MISMATCH[\s\S]*nothing was sent/ });
  t.strictSame([...first.received, ...second.received], []);
});

test('answers of another form, refusals and silence are named errors with their exit codes', async (t) => {
  const home = t.testdir();
  await fakeCoordinator(t, home, {
    'GET /nodes': [{ name: 'gpu1' }],
    'GET /deployments/x': new Dsr1Error('DEPLOYMENT_NOT_FOUND', "no deployment is named 'x'", {
      hint: 'see ls',
    }),
    'GET /deployments': 'gateway says no',
    'GET /events': () => {
      throw new Error('boom');
    },
  });
  t.match(await runCtl(['node', 'list'], { home }), { code: 4, err: /VERSION_SKEW/ });
  t.match(await runCtl(['ls'], { home }), { code: 4, err: /VERSION_SKEW/ });
  t.match(await runCtl(['events'], { home }), {
    code: 1,
    err: /answered with HTTP 500 and no explanation \[INTERNAL\]\nnext: .*DSR1_DEBUG=1/,
  });
  const missing = await runCtl(['status', 'x', '--json'], { home });
  t.equal(missing.code, 5);
  t.match(JSON.parse(missing.err), { error: { code: 'DEPLOYMENT_NOT_FOUND', hint: 'see ls' } });
  const wrongKey = join(home, 'wrong');
  writeFileSync(wrongKey, 'nobody');
  t.match(await runCtl(['ls'], { home, env: { DSR1_API_KEY_FILE: wrongKey } }), {
    code: 4,
    err: /UNAUTHENTICATED/,
  });
  writeFileSync(
    join(home, '.config/dsr1/contexts.yaml'),
    `current: a\ncontexts: {a: {server: 'http://127.0.0.1:1', key: k}}\n`,
  );
  t.match(await runCtl(['ls'], { home }), {
    code: 8,
    err: /no answer from the coordinator at http:\/\/127\.0\.0\.1:1: ECONNREFUSED/,
  });
  t.match(await runCtl(['ls'], { home, env: { DSR1_DEBUG: '1' } }), { err: NO_STACK });
});

test('nodes and tokens are listed, changed and removed', async (t) => {
  const home = t.testdir();
  const token = {
    id: 'abcd1234',
    createdAt: '2026-01-01T00:00:00Z',
    expiresAt: '2099-01-01T00:00:00Z',
    maxUses: 3,
    uses: 1,
    revoked: false,
    note: '',
  };
  const { received } = await fakeCoordinator(t, home, {
    'GET /nodes': [aNode(), aNode({ name: 'gpu2', state: 'lost', cordoned: true, gpus: null })],
    'GET /nodes/gpu1': { ...aNode(), facts: null, factsAt: null },
    'POST /nodes/gpu1/cordon': aNode({ cordoned: true }),
    'POST /nodes/gpu1/uncordon': aNode(),
    'DELETE /nodes/gpu1': aNode(),
    'POST /tokens': { ...token, token: 'DJ1…', joinLine: 'dsr1ctl join --server h --token DJ1…' },
    'GET /tokens': [
      token,
      { ...token, id: 'usedused', uses: 3 },
      { ...token, expiresAt: '2026-01-02T00:00:00Z' },
    ],
    'DELETE /tokens/abcd1234': { ...token, revoked: true },
  });
  const list = await runCtl(['node', 'list'], { home });
  t.match(list.out, /^NAME +STATE +ADDRESS/);
  t.match(list.out, /gpu2 +lost, cordoned +10\.0\.0\.1 +- /);
  t.match(JSON.parse((await runCtl(['node', 'list', '--json'], { home })).out), [
    { name: 'gpu1' },
    { name: 'gpu2' },
  ]);
  t.match((await runCtl(['node', 'show', 'gpu1'], { home })).out, /GPUs +8 × H20-96/);
  t.match((await runCtl(['node', 'cordon', 'gpu1'], { home })).out, /takes no new work/);
  t.match((await runCtl(['node', 'uncordon', 'gpu1'], { home })).out, /takes work again/);
  t.match(await runCtl(['facts', 'gpu1'], { home }), { code: 5, err: /has not reported its facts yet/ });
  t.match(await runCtl(['node', 'remove', 'gpu1'], { home }), {
    code: 2,
    err: /standard input is no terminal[\s\S]*--yes/,
  });
  t.match(await runCtl(['node', 'remove', 'gpu1'], { home, tty: true, input: 'n\n' }), { code: 0, out: '' });
  t.notOk(
    received.some(({ method }) => method === 'DELETE'),
    'no means no',
  );
  t.match(await runCtl(['node', 'remove', 'gpu1', '--force', '-y'], { home }), {
    code: 0,
    out: /gpu1 removed/,
  });
  t.equal(received.at(-1)?.path, '/api/v1/nodes/gpu1?force=true');
  const made = await runCtl(['token', 'create', '--ttl', '2h', '--max-uses', '3'], { home });
  t.match(made.out, /^dsr1ctl join --server h --token DJ1…\n\ngood for 2 hosts/);
  t.strictSame(received.at(-1)?.body, { ttlSeconds: 7200, maxUses: 3 });
  const tokens = (await runCtl(['token', 'list'], { home })).out;
  for (const state of [/valid for/, /used up/, /expired/]) t.match(tokens, state);
  t.match((await runCtl(['token', 'revoke', 'abcd1234'], { home })).out, /abcd1234 revoked/);
});

test('diagnose reads a folder with facts, a file, standard input and a deployment', async (t) => {
  const home = t.testdir({
    logs: {
      'facts.json': JSON.stringify({ nodes: 2, facts: { ulimit_l: 'unlimited' } }),
      'rank0.log': 'RuntimeError: [pair.cc:5] Connection closed by peer [10.0.0.2]:1\n',
      'rank1.log': 'NCCL WARN Call to ibv_reg_mr failed with error Cannot allocate memory\n',
      'core.bin': Buffer.from([0, 1, 2, 255, 254, 10]),
    },
    bad: { 'facts.json': '{', 'a.log': '' },
    'one.log': '\u001b[31mOSError: [Errno 98] Address already in use\u001b[0m\n',
  });
  const json = await runCtl(['diagnose', 'logs', '--json'], { home });
  t.equal(json.code, 0);
  const { diagnoses } = JSON.parse(json.out);
  t.same(
    diagnoses.map(({ category }: { category: string }) => category),
    ['os-kernel-bug', 'peer-died'],
    'facts tell a kernel from a limit',
  );
  t.match(diagnoses[0], {
    where: 'rank1.log',
    evidence: [{ file: 'rank1.log', number: 1, line: /ibv_reg_mr/ }],
  });
  const one = await runCtl(['diagnose', 'one.log'], { home });
  t.match(one.out, /port-in-use .*\n.*one\.log:1 {2}OSError.*\n.*\n {2}fix {2}.*ss -ltnp/);
  t.notMatch(one.out, /\u001b/, 'a log cannot speak to the terminal');
  const pasted = await runCtl(['diagnose', '-'], {
    home,
    input: 'torch.OutOfMemoryError: CUDA out of memory.',
  });
  t.match(pasted.out, /^oom /);
  t.match((await runCtl(['diagnose', '-'], { home, input: 'all is well\n' })).out, /nothing wrong/);
  t.match(await runCtl(['diagnose', '-'], { home, input: 'mlx5_0 port 1 ==> ib0 (Up)\n' }), {
    code: 2,
    err: /logs in standard input, found the output of ibdev2netdev and no log[\s\S]*fabric explain/,
  });
  const both = 'mlx5_0 port 1 ==> ib0 (Up)\n5: eth7    inet 10.0.0.1/24 scope global eth7\n';
  t.match(
    (await runCtl(['diagnose', '-'], { home, input: both })).err,
    /output of ibdev2netdev and ip addr and/,
  );
  t.match(await runCtl(['diagnose', '-'], { home, input: '\n' }), { err: /found no line/ });
  const socket = 'n1:4:5 [0] NCCL INFO Using network Socket\n';
  t.match(
    (await runCtl(['diagnose', '-'], { home, input: socket })).out,
    /^nothing.*ended[\s\S]*tcp-fallback/,
  );
  t.match(await runCtl(['diagnose', 'bad'], { home }), { err: /facts\.json: expected JSON/ });
  t.match(await runCtl(['diagnose', './nowhere'], { home }), { err: /NOT_FOUND/ });

  await fakeCoordinator(t, home, {
    'GET /deployments/r1': aDeployment({
      state: 'failed',
      message: 'rank 1 ended',
      ranks: [aRank({}), aRank({ rank: 1, node: 'gpu2', state: 'exited', exitCode: 1 })],
    }),
    'GET /deployments/r1/logs': ({ query }: { query: { rank: string } }) =>
      query.rank === '1' ? 'FileNotFoundError: /models/r1 (invalid repository id)\n' : 'INFO well\n',
  });
  const live = await runCtl(['diagnose', 'r1'], { home });
  t.match(live.out, /^model-files-missing {2}this node has nothing at \/models\/r1/);
  t.match(live.out, /rank1:1/);
});

test('logs come per rank, and follow the story of every rank at once', async (t) => {
  const home = t.testdir();
  const { received } = await fakeCoordinator(t, home, {
    'GET /deployments/r1': aDeployment(),
    'GET /deployments/r1/logs': ({ query }: { query: { rank: string } }) => `from ${query.rank}\nlast`,
  });
  t.equal((await runCtl(['logs', 'r1'], { home })).out, '[0] from 0\n[0] last\n[1] from 1\n[1] last\n');
  t.equal((await runCtl(['logs', 'r1', '--rank', '1', '-n', '5'], { home })).out, 'from 1\nlast\n');
  t.equal(received.at(-1)?.path, '/api/v1/deployments/r1/logs?rank=1&lines=5&follow=false');
  t.equal(
    (await runCtl(['logs', 'r1', '--rank', '0', '--json'], { home })).out,
    '{"rank":0,"line":"from 0"}\n{"rank":0,"line":"last"}\n',
  );
});

test('events go on over a broken stream without a gap or a repeat', async (t) => {
  const home = t.testdir();
  const controller = new AbortController();
  const sse = (...events: object[]) =>
    `: hello\n\n${events.map((event) => `id: 1\ndata: ${JSON.stringify(event)}\n\n`).join('')}`;
  const streams = [sse(anEvent(2, 'two'), anEvent(3, 'three')), sse(anEvent(3, 'three'), anEvent(4, 'four'))];
  const { received } = await fakeCoordinator(t, home, {
    'GET /events': ({ headers }: { headers: { accept: string } }) =>
      headers.accept === 'text/event-stream' ? (streams.shift() ?? '') : [anEvent(1, 'one')],
  });
  const ran = await runCtl(['events', '-f'], {
    home,
    interrupted: controller.signal,
    onWrite: (text) => text.includes('four') && controller.abort(),
  });
  t.equal(ran.code, 130);
  t.strictSame(
    ran.out
      .trim()
      .split('\n')
      .map((line) => line.split('  ').at(-1)),
    ['one', 'two', 'three', 'four'],
  );
  t.match(received.at(-1)?.path, /after=3/);
  t.match(JSON.parse((await runCtl(['events', '--json'], { home })).out), { sequence: 1 });
});

test('wait ends at the goal, at failure, or at its time limit', async (t) => {
  const home = t.testdir();
  let state: 'starting' | 'serving' | 'stopped' = 'starting';
  await fakeCoordinator(t, home, {
    'GET /deployments/r1': () => aDeployment({ state, message: 'for rank 1' }),
    'POST /deployments/r1/stop': aDeployment({ state: 'stopping' }),
    'POST /plans': { feasible: true, plan: aPlan(), leftOut: [] },
    'POST /deployments': () => aDeployment({ state }),
    'POST /deployments/r1/start': aDeployment({ state: 'pending' }),
    'DELETE /deployments/r1': aDeployment({ state: 'stopped' }),
  });
  t.match(await runCtl(['wait', 'r1', '--timeout', '0s'], { home }), {
    code: 8,
    err: /r1 is not serving after 0 s; it is starting: for rank 1/,
  });
  t.match(await runCtl(['stop', 'r1'], { home }), { code: 0, out: /wait r1 --for stopped/ });
  state = 'stopped';
  t.match(await runCtl(['wait', 'r1', '--for', 'stopped'], { home }), { code: 0 });
  t.match(await runCtl(['wait', 'r1'], { home }), { code: 7, err: /r1 is stopped/ });
  state = 'serving';
  t.match(await runCtl(['wait', 'r1', '--json'], { home }), { code: 0, out: /"state": "serving"/ });
  t.match(await runCtl(['deploy', '--name', 'r1', '--engine', 'rehearsal', '-y'], { home }), {
    code: 0,
    out: /all ranks of r1 run; it has no HTTP endpoint/,
  });
  t.match(await runCtl(['start', 'r1'], { home }), { code: 0 });
  t.match(await runCtl(['rm', 'r1', '--force'], { home }), { code: 0, out: /r1 removed/ });
});
