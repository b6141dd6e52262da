/**
 * From "yes" to the last rank: a deployment is accepted (202) → the coordinator sees every rank of it running. Two real agents
 * (processes on loopback addresses, real rehearsal ranks; goal 50 ms) and 64 simulated nodes (one process, real mutual-TLS
 * streams; goal 500 ms). Run: `node_modules/.bin/node bench/launch.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Cluster,
  eventually,
  joinHost,
  startCluster,
} from '../packages/coordinator/test/support/cluster.ts';
import { startWireFleet } from '../test/sim/wire-fleet.ts';

const RUNS = 7;
const AGENT = join(import.meta.dirname, '../packages/agent/src/main.ts');

const folder = mkdtempSync(join(tmpdir(), 'dsr1-launch-'));
try {
  const rows = {
    '2 real agents': { ...(await measured(2, realAgents)), 'goal ms': 50 },
    '64 simulated agents': { ...(await measured(64, simulatedAgents)), 'goal ms': 500 },
  };
  console.table(rows);
} finally {
  rmSync(folder, { recursive: true });
}

type StartNodes = (cluster: Cluster, count: number) => Promise<() => Promise<void>>;

async function measured(count: number, startNodes: StartNodes) {
  const teardowns: (() => unknown)[] = [];
  const cluster = await startCluster({ teardown: (work) => teardowns.push(work) }, { eventsKept: 10_000 });
  const stopNodes = await startNodes(cluster, count);
  const accepted: number[] = [];
  const running: number[] = [];
  try {
    const isReady = () =>
      cluster.coordinator.hub.nodes().filter(({ facts, sessionId }) => facts !== null && sessionId !== null)
        .length === count;
    for (let tries = 0; tries < 6 && !isReady(); tries += 1)
      await eventually(isReady, 'all facts').catch(() => {});
    for (let run = 0; run < RUNS; run += 1) {
      const name = `bench-${run}`;
      const seen = allRunning(cluster, name, count);
      const started = performance.now();
      const { status, body } = await cluster.api('POST', '/deployments', {
        name,
        engine: { kind: 'rehearsal' },
        nodes: { count },
        gpusPerNode: 0,
      });
      if (status !== 202) throw new Error(`deploy answered ${status}: ${JSON.stringify(body)}`);
      const acceptedAt = performance.now();
      accepted.push(acceptedAt - started);
      running.push((await seen) - acceptedAt);
      await cluster.api('DELETE', `/deployments/${name}?force=true`);
      await eventually(
        async () => (await cluster.api('GET', `/deployments/${name}`)).status === 404,
        'the removal',
      );
    }
  } finally {
    await stopNodes();
    for (const work of teardowns.reverse()) await work();
  }
  return { ...spread('POST → accepted', accepted), ...spread('accepted → last rank', running) };
}

/** Moment at which the last rank was reported as running. */
function allRunning(cluster: Cluster, deployment: string, count: number): Promise<number> {
  const { hub } = cluster.coordinator;
  const { promise, resolve } = Promise.withResolvers<number>();
  const unsubscribe = hub.onChange(() => {
    const ranks = hub
      .nodes()
      .flatMap((node) =>
        node.ranks.filter((one) => one.deployment === deployment && one.state === 'running'),
      );
    if (ranks.length < count) return;
    unsubscribe();
    resolve(performance.now());
  });
  return promise;
}

async function realAgents(cluster: Cluster, count: number): Promise<() => Promise<void>> {
  const agents: ChildProcess[] = [];
  for (let index = 1; index <= count; index += 1) {
    const stateDir = join(folder, `agent-${index}`);
    await joinHost(cluster, await cluster.token(), {
      name: `gpu-${index}`,
      stateDir,
      fingerprint: `print-${index}`,
    });
    const flags = ['run', '--state-dir', stateDir, '--node-ip', `127.0.0.${index}`, '--log-level', 'error'];
    agents.push(spawn(process.execPath, [AGENT, ...flags], { stdio: ['ignore', 'inherit', 'inherit'] }));
  }
  return async () => {
    for (const agent of agents) {
      const exited = once(agent, 'exit');
      agent.kill('SIGTERM');
      await exited;
    }
  };
}

async function simulatedAgents(cluster: Cluster, count: number): Promise<() => Promise<void>> {
  const fleet = await startWireFleet(cluster, count, folder);
  return async () => fleet.close();
}

function spread(name: string, values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const shown = (value: number | undefined) => Math.round((value ?? 0) * 10) / 10;
  return {
    [`${name}: median ms`]: shown(sorted[Math.floor(sorted.length / 2)]),
    [`${name}: max ms`]: shown(sorted.at(-1)),
  };
}
