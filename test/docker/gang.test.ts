/** A gang in containers of two Docker engines: planned, prepared, started, stopped by a real coordinator and two agents. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'tap';
import { waitFor } from '../../packages/agent/test/helpers/wait-for.ts';
import { freshDir, joinHost, startCluster } from '../../packages/coordinator/test/support/cluster.ts';
import { dockerMissing } from '../lab/missing.ts';
import { api, copyImage, importImage, startDaemon } from './daemons.ts';

const agentProgram = join(import.meta.dirname, '../../packages/agent/src/main.ts');

test('a gang over two Docker engines', { timeout: 300_000, skip: dockerMissing() ?? false }, async (t) => {
  const daemons = [await startDaemon(), await startDaemon()] as const;
  const image = await importImage(daemons[0], join(import.meta.dirname, 'gang-rank.mjs'));
  await copyImage(daemons[0], daemons[1], image);
  const cluster = await startCluster(t);
  const agents = await Promise.all(
    daemons.map(async ({ socketPath, bin }, i) => {
      const stateDir = join(freshDir(t), 'agent');
      await joinHost(cluster, await cluster.token(), {
        name: `gpu-${i + 1}`,
        stateDir,
        fingerprint: `print-${i}`,
      });
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
  const spec = {
    name: 'gang',
    engine: {
      kind: 'command',
      image,
      command: ['/usr/bin/node', '/rank.mjs', '{rank}', '{address}', '{head}', '{port}', '{endpointPort}'],
    },
    gpusPerNode: 0,
  };
  const state = async () => (await cluster.api('GET', '/deployments/gang')).body;
  const containers = () =>
    Promise.all(
      daemons.map(async ({ socketPath }) =>
        (
          JSON.parse(await api(socketPath, 'GET', '/containers/json?all=1')) as {
            Labels: Record<string, string>;
          }[]
        ).map(({ Labels }) => `${Labels['dsr1.deployment']} ${Labels['dsr1.epoch']} ${Labels['dsr1.rank']}`),
      ),
    );
  t.equal((await cluster.api('POST', '/deployments', spec)).status, 202);
  await waitFor('serving', async () => (await state()).state === 'serving', 30_000).catch(async (cause) => {
    throw new Error(JSON.stringify(await state(), null, 1), { cause });
  });
  t.same(await containers(), [['gang 1 0'], ['gang 1 1']], 'one rank in each engine');
  await cluster.api('DELETE', '/deployments/gang?force=true');
  await waitFor(
    'the removal',
    async () => (await cluster.api('GET', '/deployments/gang')).status === 404,
    30_000,
  );
  t.same(await containers(), [[], []], 'nothing is left in either');
});
