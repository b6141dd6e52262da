/** Engines read by their own Python: a real interpreter, a stand-in package. Real engines: test/engines/flags.test.ts. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EngineReadRequest } from '@dsr1/shared/facts/engine-probe';
import { type Test, test } from 'tap';
import { createEngineReader, type EngineReader } from '../src/engines/reader.ts';
import { linuxHost } from '../src/host/linux.ts';
import { anEnvironment, PYTHON, pythonLibrary } from './helpers/an-engine.ts';
import { waitFor } from './helpers/wait-for.ts';

const skip = existsSync(PYTHON) ? false : `there is no ${PYTHON}`;

function setUp(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'dsr1-reader-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const stateDir = join(folder, 'state');
  let offsetMs = 0;
  const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() + offsetMs };
  const reader = () =>
    createEngineReader({ host: linuxHost(), clock, stateDir, dockerSocket: join(folder, 'none.sock') });
  return { folder, stateDir, reader, forward: (ms: number) => (offsetMs += ms) };
}

const ended = async (reader: EngineReader, request: EngineReadRequest) => {
  await waitFor('the reading', async () => (await reader.read(request)).state !== 'reading', 30_000);
  return reader.read(request);
};

test('an environment tells its versions and flags, once for every state of it', { skip }, async (t) => {
  const { folder, stateDir, reader } = setUp(t);
  const python = anEnvironment(join(folder, 'env'), '0.6.1', ['--model-path', '--new-switch!']);
  const request = { engine: 'sglang', python, image: null } as const;
  const first = reader();
  t.match(
    await first.read(request),
    { state: 'reading', seconds: 0 },
    'the first question is answered at once',
  );
  t.match(await ended(first, request), {
    state: 'known',
    because: null,
    install: {
      engine: 'sglang',
      version: '0.6.1',
      python,
      torch: '9.1.0',
      nccl: null,
      cuda: null,
      flags: '--help,-h! --model-path --new-switch!',
    },
  });
  t.match(await reader().read(request), { state: 'known' }, 'another agent process knows it from disk');
  const packages = join(folder, 'env/lib', pythonLibrary(), 'site-packages');
  utimesSync(packages, 1, 1);
  const second = reader();
  t.match(await second.read(request), { state: 'reading' }, 'something was installed since: read again');
  await ended(second, request);
  const added = join(folder, 'added');
  mkdirSync(added);
  utimesSync(added, 1, 1);
  writeFileSync(join(packages, 'more.pth'), `${added}\n`);
  utimesSync(packages, 1, 1);
  t.match(await second.read(request), { state: 'reading' }, 'a folder more to import from');
  await ended(second, request);
  utimesSync(added, 2, 2);
  t.match(await second.read(request), { state: 'reading' }, 'something was installed in that folder');
  await ended(second, request);
  for (const file of readdirSync(join(stateDir, 'engines')))
    writeFileSync(join(stateDir, 'engines', file), '{');
  t.match(await reader().read(request), { state: 'reading' }, 'what is kept is torn: read again');
});

test('what cannot be read is not known, and why; tried again after a minute', { skip }, async (t) => {
  const { folder, reader: create, forward } = setUp(t);
  const reader = create();
  const python = anEnvironment(join(folder, 'env'), '0.6.1', []);
  const server = join(folder, 'env/lib', pythonLibrary(), 'site-packages/sglang/srt/server_args.py');
  appendFileSync(server, 'raise RuntimeError("no driver")\n');
  const request = { engine: 'sglang', python, image: null } as const;
  t.match(await ended(reader, request), {
    state: 'known',
    install: { version: '0.6.1', flags: undefined },
    because: 'RuntimeError: no driver',
  });
  forward(61_000);
  t.match(await reader.read(request), { state: 'reading' });
  await ended(reader, request);
  t.match(await ended(reader, { ...request, engine: 'vllm' }), {
    state: 'unknown',
    because: `${python} has no vllm (asked ${python})`,
  });
  t.match(await reader.read({ ...request, python: '/none/bin/python' }), {
    state: 'unknown',
    because: 'there is no /none/bin/python',
  });
  writeFileSync(join(dirname(python), 'broken'), 'not a program', { mode: 0o755 });
  t.match(await ended(reader, { ...request, python: join(dirname(python), 'broken') }), {
    state: 'unknown',
    because: /cannot be started|ended with/,
  });
  t.match(await reader.read({ ...request, image: 'engine@sha256:0' }), {
    state: 'unknown',
    because: /Docker engine cannot be reached/,
  });
});
