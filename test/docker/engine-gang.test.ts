/** Real vLLM in containers of two Docker engines: its image read, deployed, asked through the head, gone. */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { parse } from 'yaml';
import { waitFor } from '../../packages/agent/test/helpers/wait-for.ts';
import { vllmGang } from '../engines/gangs.ts';
import { streamChat } from '../lab/chat.ts';
import { installedModel, installedPython } from '../lab/engines.ts';
import { dockerMissing, enginesMissing } from '../lab/missing.ts';
import { startDockerCluster } from './cluster.ts';
import { api, copyImage, importRoot } from './daemons.ts';

test('real vLLM over two Docker engines', {
  timeout: 600_000,
  skip: dockerMissing() ?? enginesMissing() ?? false,
}, async (t) => {
  const python = installedPython('vllm');
  const debian = execFileSync(join(import.meta.dirname, '../lab/hosts.sh'), ['base'], { encoding: 'utf8' });
  const cluster = await startDockerCluster(t);
  const [first, second] = cluster.daemons;
  const importingMs = performance.now();
  const image = await importRoot(first, debian.trim(), [dirname(dirname(python))]);
  await copyImage(first, second, image);
  t.comment(`imported and copied in ${Math.round(performance.now() - importingMs)} ms`);

  const { engine, ...spec } = parse(vllmGang('gang', { python, model: installedModel() }, { tensor: 2 }));
  const odd = { ...spec, engine: { ...engine, image, args: [...engine.args, '--no-such-flag'] } };
  const readingMs = performance.now();
  const refused = await waitFor(
    'the image to be read',
    async () => {
      const { body } = await cluster.api('POST', '/deployments', odd);
      await sleep(500);
      return !JSON.stringify(body).includes('engine-reading') && body;
    },
    125_000,
  );
  t.comment(`read in ${Math.round(performance.now() - readingMs)} ms`);
  t.match(refused.error.message, /vLLM 0\.32\.0.* has no --no-such-flag/, 'its version and flags are known');

  const startedMs = performance.now();
  const accepted = await cluster.api('POST', '/deployments', { ...spec, engine: { ...engine, image } });
  t.equal(accepted.status, 202, accepted.body.error?.message);
  await cluster.awaitState('gang', 'serving', 240_000);
  t.comment(`serving ${Math.round(performance.now() - startedMs)} ms after it was accepted`);
  t.same(await cluster.containers(), [['gang 1 0'], ['gang 1 1']], 'one rank in each engine');
  for (const { socketPath } of cluster.daemons)
    t.match(
      JSON.parse(await api(socketPath, 'GET', '/containers/json')),
      [{ ImageID: image }],
      'of the image',
    );
  const { body: access } = await cluster.api('GET', '/deployments/gang/access');
  const reply = await streamChat(access, 'Say something.', 16, 120_000);
  t.ok(reply.complete && reply.chunks > 1, reply.raw.slice(0, 300));
  t.equal((await streamChat({ ...access, apiKey: 'wrong' }, 'Say something.', 1)).status, 401);
  await cluster.remove('gang');
  t.same(await cluster.containers(), [[], []], 'nothing is left in either');
});
