/** A gang in containers of two Docker engines: planned, prepared, started, stopped by a real coordinator and two agents. */
import { join } from 'node:path';
import { test } from 'tap';
import { dockerMissing } from '../lab/missing.ts';
import { startDockerCluster } from './cluster.ts';
import { copyImage, importImage } from './daemons.ts';

test('a gang over two Docker engines', { timeout: 300_000, skip: dockerMissing() ?? false }, async (t) => {
  const cluster = await startDockerCluster(t);
  const [first, second] = cluster.daemons;
  const image = await importImage(first, join(import.meta.dirname, 'gang-rank.mjs'));
  await copyImage(first, second, image);
  const spec = {
    name: 'gang',
    engine: {
      kind: 'command',
      image,
      command: ['/usr/bin/node', '/rank.mjs', '{rank}', '{address}', '{head}', '{port}', '{endpointPort}'],
    },
    gpusPerNode: 0,
  };
  t.equal((await cluster.api('POST', '/deployments', spec)).status, 202);
  await cluster.awaitState('gang', 'serving', 30_000);
  t.same(await cluster.containers(), [['gang 1 0'], ['gang 1 1']], 'one rank in each engine');
  await cluster.remove('gang');
  t.same(await cluster.containers(), [[], []], 'nothing is left in either');
});
