/**
 * What an image holds, read by running its own Python in a container of a real Docker engine. The engine in the image is a
 * stand-in package; real vLLM in its own image is test/docker/engine-gang.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineReading, EngineReadRequest } from '@dsr1/shared/facts/engine-probe';
import { test } from 'tap';
import { createEngineReader } from '../../packages/agent/src/engines/reader.ts';
import { linuxHost } from '../../packages/agent/src/host/linux.ts';
import { waitFor } from '../../packages/agent/test/helpers/wait-for.ts';
import { dockerMissing } from '../lab/missing.ts';
import { api, importImage, startDaemon } from './daemons.ts';
import { pythonImage } from './python-image.ts';

test('versions and flags of an image', { timeout: 300_000, skip: dockerMissing() ?? false }, async (t) => {
  const daemon = await startDaemon();
  t.teardown(() => daemon.stop());
  const stateDir = mkdtempSync(join(tmpdir(), 'dsr1-read-image-'));
  t.teardown(() => rmSync(stateDir, { recursive: true }));
  const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
  const create = () =>
    createEngineReader({ host: linuxHost(), clock, stateDir, dockerSocket: daemon.socketPath });
  const reader = create();
  const of = (image: string, engine: 'sglang' | 'vllm' = 'sglang'): EngineReadRequest => ({
    engine,
    python: 'python3',
    image,
  });
  const ended = async (...what: Parameters<typeof of>): Promise<EngineReading> => {
    await waitFor('the reading', async () => (await reader.read(of(...what))).state !== 'reading', 60_000);
    return reader.read(of(...what));
  };
  const containers = () => api(daemon.socketPath, 'GET', '/containers/json?all=1');

  await t.test('its Python tells them; nothing of the container is left', async (t) => {
    // Docker hands a line of more than 16 KiB on in pieces; SGLang's list is nearly as long.
    const flags = Array.from({ length: 900 }, (_, i) => `--a-rather-long-option-${i}`);
    const image = await pythonImage(daemon, '0.6.1', [...flags, '--new-switch!']);
    const startedMs = performance.now();
    t.match(await reader.read(of(image)), { state: 'reading' });
    const reading = await ended(image);
    t.comment(`read in ${Math.round(performance.now() - startedMs)} ms`);
    t.match(reading, {
      state: 'known',
      because: null,
      install: {
        engine: 'sglang',
        version: '0.6.1',
        python: 'python3',
        torch: '9.1.0',
        nccl: null,
        cuda: null,
      },
    });
    const list = reading.state === 'known' ? reading.install.flags?.split(' ') : [];
    t.same(list, ['--help,-h!', ...flags, '--new-switch!']);
    t.equal(await containers(), '[]\n');
    t.match(await create().read(of(image)), { state: 'known' }, 'kept by the id of the image');
    t.match(await ended(image, 'vllm'), { state: 'unknown', because: /has no vllm/ }, 'for each engine');
  });

  await t.test('the container has no network, no privilege, nothing to write on', async (t) => {
    const look = `
import os, socket
open("/tmp/here", "w").close()
try:
    open("/usr/here", "w")
    root = "writable"
except OSError as problem:
    root = problem.strerror
caps = [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")][0]
raise RuntimeError(f"{root}; {socket.if_nameindex()}; {caps}; {os.environ['NVIDIA_VISIBLE_DEVICES']}")
`;
    t.match(await ended(await pythonImage(daemon, '0.6.2', [], look)), {
      state: 'known',
      install: { version: '0.6.2' },
      because: "RuntimeError: Read-only file system; [(1, 'lo')]; 0000000000000000; void",
    });
  });

  await t.test('what cannot be read is not known, and why', async (t) => {
    const node = await importImage(daemon, join(import.meta.dirname, 'gang-rank.mjs'));
    t.match(await ended(node), { state: 'unknown', because: /python3/ }, 'an image without Python');
    t.match(await ended(`sha256:${'0'.repeat(64)}`), { state: 'unknown', because: /not on this node yet/ });
    t.equal(await containers(), '[]\n');
  });
});
