/** The hub's real client against a hub on loopback: pinned, resumed, refused, full disk, ended. */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Test, test } from 'tap';
import { createModels, type Models } from '../src/models/models.ts';
import { pull } from '../src/models/pull.ts';
import { aModel, shardName } from './helpers/a-model.ts';
import { fakeHub } from './helpers/fake-hub.ts';
import { quietLog } from './helpers/quiet-log.ts';
import { waitFor } from './helpers/wait-for.ts';

const cache = process.env.DSR1_CACHE ?? join(homedir(), '.cache/dsr1');
const [hf] = globSync(join(cache, 'engines/*/bin/hf'));
const NEEDS_HF =
  hf === undefined ? 'no engine environment with `hf` (test/lab/engines/install.sh vllm)' : false;
/** No engine brings it; a folder with it is named by hand. */
const modelscope = process.env.DSR1_TEST_MODELSCOPE ?? '';
const NEEDS_MODELSCOPE = modelscope === '' ? 'DSR1_TEST_MODELSCOPE names no folder with `modelscope`' : false;
const REPO = 'some-org/some-model';
/** Shards longer than the 10 MiB that `hf` writes at a time: only what was written is gone on with. */
const SHAPE = { shards: 2, tensorsPerShard: 4, elements: 2_000_000 };
const source = { hub: 'hf', repo: REPO, revision: '' } as const;

function modelsIn(t: Test, dir: string): Models {
  const models = createModels({
    stateDir: join(dir, 'state'),
    agentCommand: [],
    clientFolders: async () => [dirname(hf ?? ''), modelscope],
    clock: { wallMs: () => Date.now() },
    log: quietLog(),
  });
  t.teardown(() => models.close());
  return models;
}

const ended = (models: Models, path: string) =>
  waitFor('the pull', () => models.status(path).job?.state !== 'running' && models.status(path), 80_000);

test('a pull is pinned to a commit, goes on after a cut, and knows every hash', {
  skip: NEEDS_HF,
  timeout: 160_000,
}, async (t) => {
  const dir = t.testdir();
  const files = aModel(join(dir, 'origin'), SHAPE);
  const hub = await fakeHub(t, REPO, files);
  hub.token = 'hf_secret';
  const models = modelsIn(t, dir);
  const path = join(dir, 'models/some-model');
  const shard = shardName(1, 2);

  await models.pull({ path, source, endpoint: hub.url, token: null });
  t.match(await ended(models, path), { job: { state: 'failed', detail: /hub-auth: .*accept its licence/ } });

  hub.cut = { file: shard, afterBytes: 12_000_000 };
  await models.pull({ path, source, endpoint: hub.url, token: 'hf_secret' });
  t.match(models.status(path).job, { kind: 'pull', state: 'running' });
  await models.pull({ path, source, endpoint: hub.url, token: 'hf_secret' });
  await t.rejects(
    models.pull({ path, source: { ...source, repo: 'other/model' }, endpoint: null, token: null }),
    { code: 'NODE_BUSY' },
  );
  await t.rejects(models.verify(path), { code: 'NODE_BUSY' });
  const status = await ended(models, path);
  t.match(status, {
    source: { revision: hub.commit },
    problems: [],
    job: { state: 'done', detail: 'complete' },
  });
  t.equal(
    status.job?.doneBytes,
    [...files.values()].reduce((sum, { length }) => sum + length, 0),
  );
  for (const [name, content] of files) t.ok(readFileSync(join(path, name)).equals(content), name);

  const data = hub.asked.filter(({ method, path: asked }) => method === 'GET' && asked.endsWith(shard));
  t.ok(
    data.length > 1 && data.slice(1).every(({ range }) => /^bytes=[1-9]/.test(range)),
    'the second try began where the first ended',
  );
  t.ok(
    hub.asked
      .filter(({ path: asked }) => asked.includes('/resolve/'))
      .every(({ path: asked }) => asked.includes(hub.commit)),
    'pinned',
  );
  const state = readdirSync(join(dir, 'state'), { recursive: true, encoding: 'utf8' });
  t.notOk(
    state.some((name) => name.endsWith('.token')),
    'the token is kept only while it is used',
  );
  t.match(
    (await models.inspect(path)).files.find(({ name }) => name === shard),
    { hubHash: /^[0-9a-f]{64}$/ },
  );

  const before = hub.asked.filter(({ method }) => method === 'GET').length;
  await models.pull({ path, source, endpoint: hub.url, token: 'hf_secret' });
  t.match(await ended(models, path), { job: { state: 'done' } });
  t.notOk(
    hub.asked
      .filter(({ method }) => method === 'GET')
      .slice(before)
      .some(({ path: asked }) => asked.includes('/resolve/')),
    'nothing is fetched twice',
  );

  await models.remove(path);
  t.notOk(existsSync(path), 'what dsr1 fetched it may remove');
});

test('what stands in the way of a pull is named', { skip: NEEDS_HF, timeout: 60_000 }, async (t) => {
  const dir = t.testdir();
  const hub = await fakeHub(t, REPO, aModel(join(dir, 'origin'), { ...SHAPE, elements: 10 }));
  const models = modelsIn(t, dir);
  const foreign = join(dir, 'models/foreign');
  mkdirSync(foreign, { recursive: true });
  writeFileSync(join(foreign, 'mine'), '');
  await t.rejects(models.pull({ path: foreign, source, endpoint: hub.url, token: null }), {
    code: 'ALREADY_EXISTS',
    message: /did not fetch \(mine/,
  });
  await t.rejects(models.pull({ path: '/models', source, endpoint: null, token: null }), {
    code: 'INVALID_ARGUMENT',
  });

  const path = join(dir, 'models/none');
  await models.pull({ path, source: { ...source, repo: 'some-org/none' }, endpoint: hub.url, token: null });
  t.match(await ended(models, path), {
    fingerprint: null,
    job: { state: 'failed', detail: /hub-auth: the hub refuses some-org\/none/ },
  });
  await t.rejects(models.pull({ path, source, endpoint: null, token: null }), {
    code: 'ALREADY_EXISTS',
    message: /holds some-org\/none/,
  });
  rmSync(path, { recursive: true });

  const away = join(dir, 'models/away');
  await models.pull({ path: away, source, endpoint: 'http://127.0.0.1:9', token: null });
  t.match(await ended(models, away), { job: { state: 'failed', detail: /hub-unreachable/ } });
});

test('a disk that is too small is seen before the first byte is fetched', {
  skip: NEEDS_HF,
  timeout: 30_000,
}, async (t) => {
  const dir = t.testdir();
  const hub = await fakeHub(t, REPO, new Map([['a.safetensors', Buffer.from('small')]]));
  const progress = { pinned() {}, at() {} };
  const request = { source, path: join(dir, 'm'), endpoint: hub.url, home: join(dir, 'home'), token: null };
  const deps = { clientFolders: [dirname(hf ?? '')], pause: async () => {}, freeBytes: async () => 1000 };
  const { signal } = new AbortController();
  await t.rejects(pull(request, progress, deps, signal), {
    code: 'DISK_FULL',
    message: /its disk has 0\.0 GB free/,
  });
  t.notOk(hub.asked.some(({ path }) => path.includes('/resolve/')));
  await t.rejects(pull(request, progress, { ...deps, clientFolders: ['/nonexistent'] }, signal), {
    code: 'RUNTIME_MISSING',
    message: /no `hf` in \/nonexistent/,
  });
});

test('ModelScope, with its own client', { skip: NEEDS_MODELSCOPE, timeout: 60_000 }, async (t) => {
  const dir = t.testdir();
  const files = aModel(join(dir, 'origin'), { ...SHAPE, elements: 1000 });
  const hub = await fakeHub(t, REPO, files);
  const models = modelsIn(t, dir);
  const path = join(dir, 'models/some-model');
  const request = {
    path,
    source: { hub: 'modelscope', repo: REPO, revision: 'v1' },
    endpoint: hub.url,
    token: 'ms-secret',
  } as const;
  await models.pull(request);
  t.match(await ended(models, path), {
    source: { revision: 'v1' },
    problems: [],
    job: { state: 'done', detail: 'complete' },
  });
  for (const [name, content] of files) t.ok(readFileSync(join(path, name)).equals(content), name);
  const data = hub.asked.filter(({ path: asked }) => asked.startsWith('/api/v1/models/'));
  t.ok(data.length > files.size && data.every(({ token }) => token === 'ms-secret'), 'with the token');
  t.match(
    (await models.inspect(path)).files.find(({ name }) => name === shardName(0, 2)),
    { hubHash: /^[0-9a-f]{64}$/ },
  );
});
