import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { probeRuntimes } from '../src/facts/probes/runtimes.ts';
import { linuxHost } from '../src/host/linux.ts';
import { dockerRuntime } from '../src/workload/runtimes/docker.ts';
import { containerBody } from '../src/workload/runtimes/docker-container.ts';
import { frameReader } from '../src/workload/runtimes/docker-log.ts';
import { liveStat, membersOf, variableOf } from '../src/workload/runtimes/proc.ts';
import { processRuntime } from '../src/workload/runtimes/process.ts';
import {
  environmentFile,
  exitFromUnit,
  parseProperties,
  unitNameOf,
} from '../src/workload/runtimes/systemd-text.ts';
import { aPlan, standIn } from './helpers/a-plan.ts';
import { waitFor } from './helpers/wait-for.ts';

const never = new AbortController().signal;

async function aProcess(t: Test, runId: string, ...orders: readonly string[]) {
  const folder = t.testdir();
  const logFile = join(folder, 'main.log');
  const runtime = processRuntime();
  const request = {
    runId,
    processId: 'main',
    argv: standIn(...orders),
    env: { GREETING: 'hello' },
    folder,
    cacheDir: join(folder, 'cache'),
    logFile,
    alone: true,
    deployment: 'dep',
    epoch: 1,
    plan: aPlan(),
  };
  const handle = await runtime.start(request);
  // Ranks do not keep the agent alive; the test has to.
  const alive = setInterval(() => {}, 1000);
  t.teardown(async () => {
    clearInterval(alive);
    await runtime.stop(runId, [handle], 0);
  });
  return { runtime, handle, folder, log: () => readFileSync(logFile, 'utf8') };
}

test('a process has its own environment and nothing of its starter, its own session, its log in a file, and an exit that is waited for', async (t) => {
  // What an operator may have in the environment of the agent; the loader would take the second one into every rank.
  const starters = { NODE_RANK: '7', LD_PRELOAD: '/none/hook.so', OF_THE_AGENT: 'secret' };
  Object.assign(process.env, starters);
  t.teardown(() => {
    for (const name of Object.keys(starters)) delete process.env[name];
  });
  const { runtime, handle, log } = await aProcess(
    t,
    'run-env',
    'env:GREETING',
    ...Object.keys(starters).map((name) => `env:${name}`),
    'env:PATH',
    'env:DSR1_RUN_ID',
    'wait:200',
    'exit:7',
  );
  t.equal(liveStat(handle.pid)?.session, handle.pid, 'leads a session of its own');
  t.equal(readFileSync(`/proc/${handle.pid}/oom_score_adj`, 'utf8').trim(), '0');
  t.strictSame(await runtime.waitForExit(handle, never), { code: 7, signal: null, detail: null });
  t.match(
    log(),
    /^GREETING=hello\nNODE_RANK=unset\nLD_PRELOAD=unset\nOF_THE_AGENT=unset\nPATH=.*:\/usr\/local\/cuda\/bin:.*:\/bin\nDSR1_RUN_ID=run-env\n$/,
  );
});

test('a program that cannot be started is a named error', async (t) => {
  const folder = t.testdir();
  const request = {
    runId: 'run-x',
    processId: 'main',
    argv: [join(folder, 'none')],
    env: {},
    folder,
    cacheDir: join(folder, 'cache'),
    logFile: join(folder, 'log'),
    alone: true,
    deployment: 'dep',
    epoch: 1,
    plan: aPlan(),
  };
  await t.rejects(processRuntime().start(request), {
    code: 'LAUNCH_FAILED',
    message: /none could not be started \(ENOENT\)/,
  });
});

test('another agent process finds it by run id, sees it end, and never takes a recycled pid for it', async (t) => {
  const { handle } = await aProcess(t, 'run-adopt', 'stay');
  const other = processRuntime();
  t.strictSame(await other.find('run-adopt', 'main', null), handle, 'by environment');
  t.strictSame(await other.find('run-adopt', 'main', handle), handle, 'by handle');
  t.equal(await other.find('run-adopt', 'ray', null), null);
  const recycled = { ...handle, startTicks: handle.startTicks - 1 };
  t.equal(await other.find('run-adopt', 'main', recycled), null);
  t.strictSame(await other.stop('run-other', [recycled], 50), [], 'nothing of that run');
  t.ok(liveStat(handle.pid), 'a foreign process with the same pid is left alone');
  const exit = other.waitForExit(handle, never);
  process.kill(handle.pid, 'SIGKILL');
  t.match(await exit, { code: null, signal: null, detail: /unknown/ });
});

test('stop ends everything: children, what ignores SIGTERM, and what left the session', async (t) => {
  const { runtime, handle, log } = await aProcess(
    t,
    'run-tree',
    'ignore-term',
    'child',
    'orphan',
    'say:up',
    'stay',
  );
  await waitFor('the tree', () => log().includes('up') && membersOf('run-tree', [handle]).length === 3);
  const orphan = Number(/orphan (\d+)/.exec(log())?.[1]);
  t.not(liveStat(orphan)?.session, handle.pid, 'the orphan has a session of its own');
  const beganMs = performance.now();
  t.strictSame(await runtime.stop('run-tree', [handle], 300), []);
  t.ok(performance.now() - beganMs >= 290, 'the grace was given');
  t.equal(membersOf('run-tree', [handle]).length, 0);
  t.equal(liveStat(orphan), null);
});

test('what a killed main process left behind is found by its session, even without the run id', async (t) => {
  const { runtime, handle } = await aProcess(t, 'run-left', 'child', 'stay');
  const child = await waitFor('the child', () =>
    membersOf('run-left', [handle]).find(({ pid }) => pid !== handle.pid),
  );
  process.kill(handle.pid, 'SIGKILL');
  await waitFor('its end', () => liveStat(handle.pid) === null);
  t.equal(variableOf(child.pid, 'DSR1_RUN_ID'), 'run-left');
  t.strictSame(
    membersOf('another-name', [handle]).length,
    0,
    'a process that carries another run id is never ours',
  );
  t.strictSame(await runtime.stop('run-left', [handle], 5_000), []);
  t.equal(liveStat(child.pid), null);
});

test('texts for and from systemd', async (t) => {
  t.equal(unitNameOf('dep-3-r0-ab12', 'main'), 'dsr1-run-dep-3-r0-ab12-main.service');
  t.equal(
    environmentFile({ A: 'plain', B: 'a "b" $c \\ `d`' }),
    'A="plain"\nB="a \\"b\\" \\$c \\\\ \\`d\\`"\n',
  );
  t.strictSame(parseProperties('MainPID=12\nControlGroup=/dsr1.slice/a=b\n\n'), {
    MainPID: '12',
    ControlGroup: '/dsr1.slice/a=b',
  });
  t.strictSame(exitFromUnit({ ExecMainCode: '1', ExecMainStatus: '3', Result: 'exit-code' }), {
    code: 3,
    signal: null,
    detail: null,
  });
  t.match(exitFromUnit({ ExecMainCode: '2', ExecMainStatus: '9', Result: 'oom-kill' }), {
    code: null,
    signal: 'SIGKILL',
    detail: /out of memory/,
  });
  t.match(exitFromUnit({}), { code: null, signal: null, detail: /forgotten/ });
});

test('a Docker engine that cannot be reached is named, with what to do', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dsr1-socket-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const stale = join(folder, 'docker.sock');
  // Killed, so that it leaves its socket behind, as a crashed daemon does.
  const listen = `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', listen]);
  const hint = /systemctl start docker/;
  t.match(await dockerRuntime(stale).problem(null), {
    code: 'RUNTIME_MISSING',
    message: `the Docker engine cannot be reached at ${stale}: nothing listens there`,
    hint,
  });
  t.match(await dockerRuntime(join(folder, 'none')).problem(null), {
    code: 'RUNTIME_MISSING',
    message: /there is no such socket/,
    hint,
  });
  t.match(await dockerRuntime(join(folder, 'x'.repeat(100))).problem(null), { message: /end at 107 bytes/ });
});

test('what answers at the Docker socket, and why nothing does, is a fact: no command `docker` is needed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dsr1-socket-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const host = linuxHost({ toolPath: [] });
  const factsAt = async (socket: string) => {
    const runtimes = await probeRuntimes(host, socket);
    return runtimes.detected ? runtimes.value : runtimes;
  };
  const answering = async (name: string, answer: RequestListener) => {
    const server = createServer(answer).listen(join(folder, name));
    t.teardown(() => server.closeAllConnections());
    t.teardown(() => server.close());
    await once(server, 'listening');
    return join(folder, name);
  };
  const podman = await answering('podman.sock', ({ url }, response) =>
    response.end(url === '/version' ? '{"Version":"5.4.0","ApiVersion":"1.41"}' : ''),
  );
  t.match(await factsAt(podman), { docker: '5.4.0', dockerProblem: undefined });

  const other = await answering('other.sock', (_, response) => response.writeHead(404).end('no'));
  t.match(await factsAt(other), { docker: null, dockerProblem: /other.sock is no Docker engine.*404/ });
  const stuck = await answering('stuck.sock', (_, response) => response.write('{"Version":'));
  t.match(await factsAt(stuck), { docker: null, dockerProblem: /did not answer in time/ });
  t.match(await factsAt(join(folder, 'none.sock')), { dockerProblem: /there is no such socket/ });
  writeFileSync(join(folder, 'file.sock'), '');
  t.match(await factsAt(join(folder, 'file.sock')), { dockerProblem: /nothing listens there/ });

  chmodSync(podman, 0);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.('nobody');
  try {
    t.match(await factsAt(podman), { docker: null, dockerProblem: /this user may not use it/ });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('a container of a GPU and RDMA rank gets its devices and no more', async (t) => {
  const plan = aPlan({
    image: 'e@sha256:00',
    gpuIndices: [4, 5],
    hcas: ['mlx5_1:1'],
    requiredPaths: ['/models/r1'],
  });
  const start = {
    runId: 'dep-1-r0-x',
    processId: 'main',
    argv: ['vllm', 'serve', '/models/r1'],
    env: { A: '1' },
    folder: '/run/dsr1/runs/x',
    cacheDir: '/var/cache/dsr1/image-0',
    logFile: '/var/log/dsr1/x.log',
    alone: true,
    deployment: 'dep',
    epoch: 1,
    plan,
  };
  const host = { user: '0:0', shmBytes: 2 ** 34 };
  t.match(containerBody(start, host), {
    Entrypoint: ['vllm'],
    Cmd: ['serve', '/models/r1'],
    Env: ['A=1', 'DSR1_RUN_ID=dep-1-r0-x'],
    HostConfig: {
      NetworkMode: 'host',
      ShmSize: 2 ** 34,
      CapAdd: ['IPC_LOCK'],
      Devices: [{ PathOnHost: '/dev/infiniband' }],
      DeviceRequests: [{ DeviceIDs: ['4', '5'], Capabilities: [['gpu']] }],
      Mounts: [
        { Source: '/run/dsr1/runs/x', Target: '/run/dsr1/runs/x', ReadOnly: false },
        { Source: '/var/cache/dsr1/image-0', Target: '/var/cache/dsr1/image-0', ReadOnly: false },
        { Source: '/models/r1', ReadOnly: true },
      ],
      Ulimits: [{ Name: 'memlock', Soft: -1, Hard: -1 }, { Name: 'stack' }, { Name: 'nofile' }],
    },
  });
  t.match(containerBody({ ...start, plan: aPlan() }, host), {
    HostConfig: { CapAdd: [], Devices: [], DeviceRequests: [], Ulimits: [] },
  });
});

test("a container's output is put together from frames that are cut anywhere", async (t) => {
  const frame = (stream: number, text: string) =>
    Buffer.concat([
      Buffer.from([stream, 0, 0, 0, 0, 0, text.length >> 8, text.length & 255]),
      Buffer.from(text),
    ]);
  const whole = Buffer.concat([frame(1, 'one\n'), frame(2, ''), frame(2, 'x'.repeat(700)), frame(1, '\n')]);
  for (const size of [1, 3, 7, 8, 9, 300, 10_000]) {
    const read = frameReader();
    const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      read(whole.subarray(i * size, (i + 1) * size)),
    );
    t.equal(Buffer.concat(parts.flat()).toString(), `one\n${'x'.repeat(700)}\n`, `pieces of ${size} bytes`);
  }
});
