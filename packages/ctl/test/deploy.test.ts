import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { fakeCoordinator } from './helpers/fake-coordinator.ts';
import { runCtl } from './helpers/fake-io.ts';
import { aDeployment, aPlan, aRank } from './helpers/values.ts';

test('deploy shows the plan, asks, watches every rank and ends with a request to paste', async (t) => {
  const home = t.testdir({
    'r1.yaml': 'name: r1\nengine: {kind: rehearsal, args: [--slow]}\nnodes: {count: 2}\n',
  });
  const looks = [
    aDeployment({ state: 'preparing', ranks: [] }),
    aDeployment(),
    aDeployment({
      ranks: [
        aRank({ phase: 'weights', progress: 0.5, detail: 'shard 1/2' }),
        aRank({ rank: 1, node: 'gpu2' }),
      ],
    }),
    aDeployment({
      state: 'serving',
      endpoint: 'http://10.0.0.1:30000',
      ranks: [aRank({ phase: 'serving' }), aRank({ rank: 1, node: 'gpu2', phase: 'listening' })],
    }),
  ];
  const { received } = await fakeCoordinator(t, home, {
    'POST /plans': { feasible: true, plan: aPlan(), leftOut: [] },
    'POST /deployments': aDeployment({ state: 'pending', ranks: [] }),
    'GET /deployments/r1': () => (looks.length > 1 ? looks.shift() : looks[0]),
    'GET /deployments/r1/access': { url: 'http://10.0.0.1:30000', apiKey: 'sekret', model: 'r1' },
  });
  t.match(await runCtl(['deploy', 'r1.yaml'], { home, tty: true, input: '\n' }), {
    code: 0,
    out: /nothing was started/,
  });
  t.notOk(
    received.some(({ path }) => path === '/api/v1/deployments'),
    'an empty answer starts nothing',
  );
  const { code, out } = await runCtl(
    ['deploy', 'r1.yaml', '--yes', '--arg=--fast', '--env', 'A=b=c', '--nodes', 'gpu1,gpu2,gpu3'],
    { home },
  );
  t.equal(code, 2, 'count of the file and names of the flags contradict each other');
  t.equal(out, '');
  const done = await runCtl(
    ['deploy', 'r1.yaml', '--yes', '--arg=--fast', '--env', 'A=b=c', '--head', 'gpu2'],
    { home },
  );
  t.equal(done.code, 0);
  t.strictSame(received.findLast(({ path }) => path === '/api/v1/deployments')?.body, {
    name: 'r1',
    engine: { kind: 'rehearsal', args: ['--slow', '--fast'], env: { A: 'b=c' } },
    nodes: { count: 2, head: 'gpu2' },
  });
  t.match(
    done.out,
    /preparing\n[\s\S]*starting\n.*rank 0 \(gpu1\): rendezvous\n.*rank 1 \(gpu2\): rendezvous\n.*rank 0 \(gpu1\): weights, shard 1\/2\n/,
  );
  t.match(done.out, /r1 serves model r1 at http:\/\/10\.0\.0\.1:30000/);
  t.match(
    done.out,
    /curl -sS http:\/\/10\.0\.0\.1:30000\/v1\/chat\/completions -H @<\(dsr1ctl access r1 --header\)/,
  );
  t.notMatch(done.out, /sekret/, 'the key is not echoed');
  t.match((await runCtl(['access', 'r1'], { home })).out, /not shown/);
  t.equal((await runCtl(['access', 'r1', '--key'], { home })).out, 'sekret\n');
  t.equal((await runCtl(['access', 'r1', '--header'], { home })).out, 'Authorization: Bearer sekret\n');
  t.notMatch((await runCtl(['access', 'r1', '--json'], { home })).out, /sekret/);
});

test('a failed deploy prints the failing rank with its last lines and exits with 7', async (t) => {
  const home = t.testdir();
  const failed = aDeployment({
    state: 'failed',
    message: 'rank 1 ended before it served',
    ranks: [
      aRank({ state: 'stopped' }),
      aRank({ rank: 1, node: 'gpu2', state: 'exited', exitCode: 3, evidence: ['RuntimeError: no HCA'] }),
    ],
    diagnoses: [
      {
        category: 'no-rdma-device-in-container',
        cause: 'the container sees no HCA',
        fix: '--device /dev/infiniband',
        confidence: 0.95,
        evidence: [{ file: 'rank1', line: 'RuntimeError: no HCA', number: 17 }],
        where: 'rank1',
      },
    ],
  });
  const refusal = { node: 'gpu2', category: 'gpu', because: 'GPU 0 is busy', fix: 'stop process 42' };
  let feasible = true;
  await fakeCoordinator(t, home, {
    'POST /plans': () =>
      feasible ? { feasible, plan: aPlan(), leftOut: [] } : { feasible, rejections: [refusal] },
    'POST /deployments': aDeployment({ state: 'pending' }),
    'GET /deployments/r1': failed,
  });
  const deploy = ['deploy', '--name', 'r1', '--engine', 'rehearsal', '--yes'];
  const { code, out, err } = await runCtl(deploy, { home });
  t.equal(code, 7);
  t.match(out, /rank 1 on gpu2 exited with code 3; its last lines:\n {2}RuntimeError: no HCA/);
  t.match(
    out,
    /no-rdma-device-in-container .*\n {2}rank1:17 {2}RuntimeError: no HCA/,
    "and ends with the coordinator's verdict",
  );
  t.match(err, /r1 is failed: rank 1 ended before it served \[LAUNCH_FAILED\]\n.*dsr1ctl logs r1/);
  t.match((await runCtl(['status', 'r1'], { home })).out, /RuntimeError: no HCA\n\nno-rdma-device/);
  feasible = false;
  const refused = await runCtl(deploy, { home });
  t.equal(refused.code, 7);
  t.match(
    refused.err,
    /PLAN_INFEASIBLE\]\n +gpu2: GPU 0 is busy {2}\[[a-z-]+\]\n +→ stop process 42\nnext: +stop process 42/,
  );
  t.match(await runCtl(['plan', '--json', ...deploy.slice(1, -1)], { home }), {
    code: 7,
    out: /"feasible": false/,
  });
});

test('Ctrl-C leaves the deployment alone and says how to look again', async (t) => {
  const home = t.testdir();
  const controller = new AbortController();
  const { received } = await fakeCoordinator(t, home, {
    'POST /plans': { feasible: true, plan: aPlan(), leftOut: [] },
    'POST /deployments': aDeployment(),
    'GET /deployments/r1': aDeployment(),
  });
  const ran = await runCtl(['deploy', '--name', 'r1', '--engine', 'rehearsal', '-y'], {
    home,
    interrupted: controller.signal,
    onWrite: (text) => text.includes('rank 1 (gpu2)') && controller.abort(),
  });
  t.match(ran, { code: 130, err: '', out: /detached; r1 goes on. Look again: `dsr1ctl status r1 -w`/ });
  t.notOk(received.some(({ method, path }) => method === 'DELETE' || path.endsWith('/stop')));
});

test('engine "command" takes its argv after --, and a bad deployment file is named', async (t) => {
  const home = t.testdir({
    'list.yaml': '- a\n',
    'typo.yaml': 'name: r1\nengine: {kind: rehearsal}\nnodez: {}\n',
    'bad.yaml': 'a: [',
  });
  const { received } = await fakeCoordinator(t, home, {
    'POST /plans': { feasible: true, plan: aPlan(), leftOut: [] },
  });
  const planned = await runCtl(
    [
      'plan',
      '--name',
      'x',
      '--engine',
      'command',
      '--gpus-per-node',
      '0',
      '--',
      '/bin/run',
      '--rank',
      '{rank}',
    ],
    { home },
  );
  t.equal(planned.code, 0);
  t.match(received.at(-1)?.body, {
    engine: { kind: 'command', command: ['/bin/run', '--rank', '{rank}'] },
    gpusPerNode: 0,
  });
  t.match(await runCtl(['plan', 'no.yaml'], { home }), { code: 2, err: /cannot be read \(ENOENT\)/ });
  t.match(await runCtl(['plan', 'list.yaml'], { home }), { code: 2, err: /expected keys and values/ });
  t.match(await runCtl(['plan', 'bad.yaml'], { home }), { code: 2, err: /is not YAML/ });
  t.match(await runCtl(['plan', 'typo.yaml'], { home }), { code: 2, err: /nodez.*\[UNKNOWN_KEY\]/ });
  t.match(await runCtl(['plan', '-'], { home, input: 'name: r1\nengine: {kind: rehearsal}\n' }), {
    code: 0,
    out: /rank/,
  });
  const scripts = join(home, 'scripts');
  t.match(await runCtl(['plan', '--name', 'r1', '--engine', 'rehearsal', '--script', 'scripts'], { home }), {
    code: 0,
  });
  t.ok(existsSync(scripts));
});
