/** A real coordinator and two real agents, each with a Docker engine of its own: what two hosts would be. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { waitFor } from '../../packages/agent/test/helpers/wait-for.ts';
import {
  type Cluster,
  freshDir,
  joinHost,
  startCluster,
} from '../../packages/coordinator/test/support/cluster.ts';
import { api, type Daemon, startDaemon } from './daemons.ts';

export interface DockerCluster extends Pick<Cluster, 'api'> {
  readonly daemons: readonly [Daemon, Daemon];
  /** Of each engine: "DEPLOYMENT EPOCH RANK" of its containers. */
  containers(): Promise<readonly (readonly string[])[]>;
  /** @throws with the deployment as it is then */
  awaitState(deployment: string, state: string, timeoutMs: number): Promise<void>;
  /** Removes a deployment, running or not, and waits until it is gone. */
  remove(deployment: string): Promise<void>;
}

const agentProgram = join(import.meta.dirname, '../../packages/agent/src/main.ts');

export async function startDockerCluster(t: Test): Promise<DockerCluster> {
  const daemons = [await startDaemon(), await startDaemon()] as const;
  const cluster = await startCluster(t);
  const agents = await Promise.all(
    daemons.map(async ({ socketPath, bin }, i) => {
      const stateDir = join(freshDir(t), 'agent');
      const host = { name: `gpu-${i + 1}`, stateDir, fingerprint: `print-${i}` };
      await joinHost(cluster, await cluster.token(), host);
      const settings = [
        '--node-ip',
        `127.0.0.${i + 1}`,
        '--docker-socket',
        socketPath,
        '--log-level',
        'error',
      ];
      return spawn(process.execPath, [agentProgram, 'run', '--state-dir', stateDir, ...settings], {
        env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
    }),
  );
  t.teardown(async () => {
    for (const agent of agents) {
      const ended = once(agent, 'exit');
      agent.kill('SIGTERM');
      await ended;
    }
    for (const daemon of daemons) await daemon.stop();
  });
  const ready = () =>
    cluster.coordinator.hub.nodes().filter(({ facts, sessionId }) => facts !== null && sessionId !== null);
  await waitFor('two nodes with facts', () => ready().length === 2, 30_000);
  const detail = (deployment: string) => cluster.api('GET', `/deployments/${deployment}`);
  return {
    daemons,
    api: cluster.api,
    containers: () =>
      Promise.all(
        daemons.map(async ({ socketPath }) => {
          const all: readonly { readonly Labels: Record<string, string> }[] = JSON.parse(
            await api(socketPath, 'GET', '/containers/json?all=1'),
          );
          return all.map(({ Labels }) =>
            ['deployment', 'epoch', 'rank'].map((name) => Labels[`dsr1.${name}`]).join(' '),
          );
        }),
      ),
    async awaitState(deployment, state, timeoutMs) {
      const arrived = async () => {
        await sleep(200);
        return (await detail(deployment)).body.state === state;
      };
      await waitFor(state, arrived, timeoutMs).catch(async (cause) => {
        throw new Error(JSON.stringify((await detail(deployment)).body, null, 1), { cause });
      });
    },
    async remove(deployment) {
      await cluster.api('DELETE', `/deployments/${deployment}?force=true`);
      await waitFor('the removal', async () => (await detail(deployment)).status === 404, 60_000);
    },
  };
}
