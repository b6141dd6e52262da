/** Real agents and real rehearsal ranks as processes of this machine: what kills what, and what survives. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import { test } from 'tap';
import { type Cluster, eventually, freshDir, joinHost, startCluster } from './support/cluster.ts';

const AGENT = join(import.meta.dirname, '../../agent/src/main.ts');
const spec = {
  name: 'real',
  engine: { kind: 'rehearsal' },
  nodes: { names: ['gpu-1', 'gpu-2'] },
  gpusPerNode: 0,
  stopGraceSeconds: 1,
};

/** Says what is wrong, and never serves. */
const hanging = {
  ...spec,
  name: 'hangs',
  engine: {
    kind: 'command',
    command: [
      process.execPath,
      '-e',
      `console.log('starting\\nRuntimeError: The NVIDIA driver on your system is too old (found version 11040).');
       setInterval(() => {}, 1000)`,
      '{endpointPort}',
    ],
  },
  network: { rehearse: 'off' },
};

/** Binds its port only when it is told to, as an engine does after its weights. */
const late = (go: string) => ({
  ...spec,
  name: 'late',
  engine: {
    kind: 'command',
    command: [
      process.execPath,
      '-e',
      `const { existsSync } = require('node:fs');
       const look = setInterval(() => {
         if (!existsSync(process.argv[1])) return;
         clearInterval(look);
         require('node:http').createServer((_, answer) => answer.end('{}')).listen(+process.argv[2], process.argv[3]);
       }, 20);`,
      go,
      '{endpointPort}',
      '{address}',
    ],
  },
  nodes: { names: ['gpu-1'] },
});

/** An agent whose boot id is a file of the test, so that a reboot can be told. */
interface Agent {
  start(): void;
  kill(): Promise<void>;
  reboot(rankPid: number): Promise<void>;
}

function agentOf(stateDir: string, overlay: string, address: string): Agent {
  const bootFile = join(overlay, 'proc/sys/kernel/random/boot_id');
  const boot = () => writeFileSync(bootFile, `${randomUUID()}\n`);
  mkdirSync(join(overlay, 'proc/sys/kernel/random'), { recursive: true });
  boot();
  let running: ChildProcess | null = null;
  const start = () => {
    const flags = [
      'run',
      '--state-dir',
      stateDir,
      '--host-overlay',
      overlay,
      '--node-ip',
      address,
      '--log-level',
      'error',
    ];
    running = spawn(process.execPath, [AGENT, ...flags], { stdio: 'ignore' });
  };
  const kill = async () => {
    const exited =
      running === null || running.exitCode !== null || running.signalCode !== null
        ? null
        : once(running, 'exit');
    running?.kill('SIGKILL');
    await exited;
  };
  return {
    start,
    kill,
    async reboot(rankPid) {
      await kill();
      process.kill(rankPid, 'SIGKILL');
      boot();
      start();
    },
  };
}

test('real ranks: crash, agent kill, coordinator restart, reboot', async (t) => {
  const dir = freshDir(t);
  const stateDir = join(dir, 'coordinator');
  let cluster = await startCluster(t, {}, stateDir);
  const agents: Agent[] = [];
  for (const index of [1, 2]) {
    const name = `gpu-${index}`;
    await joinHost(cluster, await cluster.token(), {
      name,
      stateDir: join(dir, name),
      fingerprint: `print-${index}`,
    });
    const agent = agentOf(join(dir, name), join(dir, `${name}-overlay`), `127.0.0.${20 + index}`);
    t.teardown(agent.kill);
    agent.start();
    agents.push(agent);
  }
  const [first, second] = agents;
  if (first === undefined || second === undefined) throw new Error('expected two agents');
  await patiently(() => cluster.coordinator.hub.nodes().every(({ facts }) => facts !== null), 'facts');
  const posted = await cluster.api('POST', '/deployments', spec);
  t.match(posted, { status: 202 });
  // Ranks outlive agents, also those of a test that failed.
  const seen = new Set<number>();
  t.teardown(() => [...seen].filter(isAlive).map((pid) => process.kill(pid, 'SIGKILL')));
  const serving = async (epoch: number): Promise<DeploymentDetail> => {
    const found = await patiently(() => servingAt(cluster, epoch), `epoch ${epoch} to serve`);
    for (const pid of pids(found)) seen.add(pid);
    return found;
  };

  const one = await serving(1);
  const { body: access } = await cluster.api('GET', '/deployments/real/access');
  t.match(await ask(access), { status: 200, text: /rank/ }, 'the endpoint answers');

  await first.kill();
  await patiently(
    () => cluster.coordinator.hub.nodes().some(({ sessionId }) => sessionId === null),
    'the cut',
  );
  first.start();
  await patiently(
    () => cluster.coordinator.hub.nodes().every(({ sessionId }) => sessionId !== null),
    'the return',
  );
  t.same(pids(await serving(1)), pids(one), 'a killed agent finds its rank again');

  const { session: sessionPort } = cluster.coordinator.ports;
  await cluster.close();
  cluster = await startCluster(t, { sessionPort }, stateDir);
  await patiently(() => cluster.coordinator.hub.nodes().every(({ reported }) => reported), 'every Hello');
  t.same(pids(await serving(1)), pids(one), 'a new coordinator relaunches nothing');

  process.kill(one.ranks[1]?.pid ?? 0, 'SIGKILL');
  const two = await serving(2);
  t.same(two.nodes, one.nodes);
  t.equal(two.endpoint, one.endpoint, 'clients keep their address');
  t.same((await cluster.api('GET', '/deployments/real/access')).body, access, 'and their key');

  await second.reboot(two.ranks[1]?.pid ?? 0);
  const three = await serving(3);
  t.same(three.nodes, one.nodes, 'same ranks after the reboot');
  t.match(await cluster.events('deployment.closed'), [
    { data: { epoch: 1, cause: 'rank-failed' } },
    { data: { epoch: 2, cause: 'node-rebooted' } },
  ]);

  await cluster.api('DELETE', '/deployments/real?force=true');
  await patiently(async () => (await cluster.api('GET', '/deployments/real')).status === 404, 'the removal');
  for (const pid of pids(three)) t.notOk(isAlive(pid), `process ${pid} is gone`);

  await cluster.api('POST', '/deployments', hanging);
  const now = async (): Promise<DeploymentDetail> => (await cluster.api('GET', '/deployments/hangs')).body;
  const hangs = await patiently(async () => {
    const detail = await now();
    for (const pid of pids(detail)) seen.add(pid);
    return detail.diagnoses?.length === 1 ? detail : null;
  }, 'the cause of a hang');
  t.match(hangs, {
    state: 'starting',
    message: /; rank \d \(gpu-\d\): .*driver.* \(driver-too-old\), seen \d+ s ago$/,
    ranks: [{ network: { verdict: 'unproven', because: [/no GPU/] } }, {}],
  });
  process.kill(hangs.ranks[0]?.pid ?? 0, 'SIGKILL');
  const failed = await patiently(async () => {
    const detail = await now();
    return detail.state === 'failed' ? detail : null;
  }, 'its failure');
  t.match(failed.diagnoses, [{ category: 'driver-too-old', evidence: [{ number: 2, line: /11040/ }] }]);
});

test('a port that is taken between its check and the bind of the engine is avoided by the next attempt', async (t) => {
  const dir = freshDir(t);
  const cluster = await startCluster(t);
  const stateDir = join(dir, 'gpu-1');
  await joinHost(cluster, await cluster.token(), { name: 'gpu-1', stateDir, fingerprint: 'print-1' });
  const agent = agentOf(stateDir, join(dir, 'overlay'), '127.0.0.31');
  t.teardown(agent.kill);
  agent.start();
  await patiently(() => cluster.coordinator.hub.nodes().every(({ facts }) => facts !== null), 'facts');
  const go = join(dir, 'go');
  t.match(await cluster.api('POST', '/deployments', late(go)), { status: 202 });
  const seen = new Set<number>();
  t.teardown(() => [...seen].filter(isAlive).map((pid) => process.kill(pid, 'SIGKILL')));
  const now = async (): Promise<DeploymentDetail> => {
    const { body } = await cluster.api('GET', '/deployments/late');
    for (const pid of pids(body)) seen.add(pid);
    return body;
  };
  const first = await patiently(async () => {
    const detail = await now();
    return detail.ranks[0]?.state === 'running' ? detail : null;
  }, 'the rank to run');
  const { port } = new URL(first.endpoint ?? '');
  const rival = createServer().listen(Number(port), '127.0.0.31');
  t.teardown(() => rival.close());
  await once(rival, 'listening');
  writeFileSync(go, '');
  const second = await patiently(async () => {
    const detail = await now();
    return detail.state === 'serving' ? detail : null;
  }, 'the second attempt');
  t.equal(second.epoch, 2);
  t.not(new URL(second.endpoint ?? '').port, port);
  t.match(await cluster.events('deployment.closed'), [{ data: { epoch: 1, cause: 'port-taken' } }]);
  await cluster.api('DELETE', '/deployments/late?force=true');
  await patiently(async () => (await cluster.api('GET', '/deployments/late')).status === 404, 'the removal');
});

async function servingAt(cluster: Cluster, epoch: number): Promise<DeploymentDetail | null> {
  const now: DeploymentDetail = (await cluster.api('GET', '/deployments/real')).body;
  const all = now.ranks.every(({ state }) => state === 'running');
  return now.state === 'serving' && now.epoch === epoch && all ? now : null;
}

const pids = (one: DeploymentDetail): readonly number[] => one.ranks.flatMap(({ pid }) => pid ?? []);

/** Processes of a loaded machine take their time: up to 30 s. */
async function patiently<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  for (let tries = 0; tries < 5; tries += 1) {
    const found = await eventually(look, what).catch(() => null);
    if (found !== null) return found;
  }
  return eventually(look, what);
}

async function ask({ url, apiKey, model }: { url: string; apiKey: string; model: string }) {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  });
  return { status: answer.status, text: await answer.text() };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
