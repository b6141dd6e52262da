import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { RankPlan } from '@dsr1/shared/plan/model';
import { type Test, test } from 'tap';
import { hashFile, hashRange } from '../src/models/hash-file.ts';
import { readHubHashes } from '../src/models/hub-hashes.ts';
import { inspectModel } from '../src/models/inspect.ts';
import { knownDamage } from '../src/models/known-damage.ts';
import { createModels } from '../src/models/models.ts';
import { checkModel } from '../src/models/prepare-check.ts';
import { answerModelQuery } from '../src/models/probe.ts';
import { aModel, framed, safetensors, sha256, shardName } from './helpers/a-model.ts';
import { aPlan } from './helpers/a-plan.ts';
import { quietLog } from './helpers/quiet-log.ts';
import { waitFor } from './helpers/wait-for.ts';

const SHAPE = { shards: 3, tensorsPerShard: 4, elements: 100 };
const SECOND = shardName(1, 3);

function freshModel(t: Test): { path: string; files: Map<string, Buffer> } {
  const path = join(t.testdir(), 'model');
  return { path, files: aModel(path, SHAPE) };
}
const problemsOf = async (path: string) => (await inspectModel(path, new Map())).problems;

test('a whole model has no problem, and its fingerprint is that of a copy elsewhere', async (t) => {
  const { path, files } = freshModel(t);
  const inspection = await inspectModel(path, new Map());
  t.same(inspection.problems, []);
  t.equal(inspection.tensors, 12);
  t.notOk(
    inspection.files.some(({ name }) => name === 'README.md'),
    'only what engines read',
  );
  const copy = join(t.testdirName, 'copy');
  mkdirSync(copy);
  for (const name of files.keys()) copyFileSync(join(path, name), join(copy, name));
  t.equal((await inspectModel(copy, new Map())).fingerprint, inspection.fingerprint);
  writeFileSync(join(copy, 'config.json'), '{"architectures":["Other"]}');
  t.not((await inspectModel(copy, new Map())).fingerprint, inspection.fingerprint);
});

test('damage is found without reading data, and named by file and offset', async (t) => {
  const header = (text: string, data = 0) => framed(text, data);
  const entry = (change: object) =>
    JSON.stringify({ a: { dtype: 'BF16', shape: [2, 3], data_offsets: [0, 12], ...change } });
  const huge = Buffer.alloc(64);
  huge.writeBigUInt64LE(2n ** 60n);
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 4302350824\n`;
  const cases: [string, Buffer, number | null, RegExp][] = [
    ['header of 2^60 bytes', huge, 0, /header has 1152921504606846976 bytes/],
    ['shorter than its length', Buffer.from('abc'), 3, /has 3 bytes/],
    ['empty', Buffer.alloc(0), 0, /has 0 bytes/],
    ['cut in its header', safetensors(['a', 'b'], 8).subarray(0, 40), 40, /cut within its header/],
    ['an LFS pointer', Buffer.from(pointer), 0, /LFS pointer to 4302350824 bytes/],
    ['no JSON', header('not json at all!', 4), 8, /not a JSON object/],
    ['a JSON list', header('[1,2]', 4), 8, /not a JSON object/],
    [
      'size against shape',
      header(entry({ shape: [2, 4] }), 12),
      8,
      /needs 16 bytes, its data_offsets span 12/,
    ],
    ['negative shape', header(entry({ shape: [-2, -3] }), 12), 8, /shape that is not a list of sizes/],
    ['absurd offsets', header(entry({ data_offsets: [0, 1e300] }), 12), 8, /no data_offsets/],
    ['backwards', header(entry({ data_offsets: [12, 0] }), 12), 8, /ends \(0\) before it begins/],
    ['a hole', header(entry({ data_offsets: [4, 16] }), 16), null, /begins at 4, the one before ends at 0/],
    ['bytes too many', Buffer.concat([safetensors(['a'], 8), Buffer.alloc(5)]), null, /header describes/],
  ];
  for (const [what, content, offset, says] of cases) {
    const path = join(t.testdir(), 'model');
    aModel(path, SHAPE);
    writeFileSync(join(path, SECOND), content);
    const [first, ...more] = (await problemsOf(path)).filter(({ file }) => file === SECOND);
    t.match(first, { category: 'weights-corrupt', message: says }, what);
    if (offset !== null) t.equal(first?.offset, offset, `${what}: offset`);
    t.equal(more.length, 0);
  }
});

test('a half-copied shard, a missing one and an index that does not fit', async (t) => {
  const { path, files } = freshModel(t);
  const whole = files.get(SECOND)?.length ?? 0;
  truncateSync(join(path, SECOND), whole - 1);
  t.match(await problemsOf(path), [
    { category: 'weights-corrupt', file: SECOND, offset: whole - 1, message: /truncated.*experts\.3/ },
  ]);
  rmSync(join(path, SECOND));
  t.match(await problemsOf(path), [{ category: 'model-files-missing', file: SECOND }]);
  symlinkSync('nowhere', join(path, SECOND));
  t.match(
    await problemsOf(path),
    [{ category: 'model-files-missing', file: SECOND }],
    'a link that leads nowhere',
  );
  rmSync(join(path, SECOND));
  writeFileSync(join(path, SECOND), safetensors(['model.layers.1.mlp.experts.0.up_proj.weight'], 5));
  t.match(await problemsOf(path), [
    { category: 'weights-corrupt', file: SECOND, message: /lacks tensor .*experts\.1.* and 2 more/ },
  ]);
  for (const [index, says] of [
    ['{"weight_map": {"a": "../../etc/passwd"}}', /no file of this folder/],
    ['{"weight_map": {}}', /names no tensor/],
    ['null', /not a JSON object/],
    ['{"weight_map', /not a JSON object/],
  ] as const) {
    writeFileSync(join(path, 'model.safetensors.index.json'), index);
    t.match((await problemsOf(path))[0], { category: 'weights-corrupt', message: says });
  }
  rmSync(join(path, 'model.safetensors.index.json'));
  rmSync(join(path, SECOND));
  t.match(
    await problemsOf(path),
    [{ category: 'model-files-missing', file: SECOND }],
    'numbered names tell without an index',
  );
  for (const name of [...files.keys()]) rmSync(join(path, name), { force: true });
  t.same((await problemsOf(path)).map(({ message }) => message).sort(), [
    'config.json is missing',
    'every weight file is missing',
    'the tokenizer (tokenizer.json, *.model, vocab.*) is missing',
  ]);
  t.match(await problemsOf('/nonexistent/model'), [{ category: 'model-files-missing', file: null }]);
});

test('prepare refuses a model that is not whole, in the words of the diagnosis', async (t) => {
  const { path } = freshModel(t);
  const plan = (...args: string[]) =>
    aPlan({
      engine: 'vllm',
      requiredPaths: ['/usr/bin/python3', path],
      processes: [{ id: 'main', argv: ['/usr/bin/python3', ...args], env: {}, reasons: {} }],
    });
  const check = (of: RankPlan) => checkModel(of, async () => []);
  t.same(await check(plan()), []);
  const config = { model_type: 'llama', hidden_size: 96, num_hidden_layers: 2, num_attention_heads: 3 };
  const whole = { ...config, intermediate_size: 256, num_key_value_heads: 3, vocab_size: 512 };
  writeFileSync(join(path, 'config.json'), JSON.stringify(whole));
  t.match(await check(plan('--tensor-parallel-size', '2')), [
    { code: 'PARALLEL_INVALID', message: /^parallel-size-invalid: .* 3 attention heads are not divisible/ },
  ]);
  truncateSync(join(path, SECOND), 1000);
  rmSync(join(path, 'tokenizer.json'));
  t.match(await check(plan()), [
    { code: 'MODEL_FILES_MISSING', message: /^model-files-missing: in .* the tokenizer/ },
    { code: 'WEIGHTS_CORRUPT', message: /^weights-corrupt: in .*model-00002/ },
  ]);
  t.same(await check(plan('--load-format', 'dummy', '--tokenizer=/elsewhere')), [], 'neither is needed');
  t.same(await check({ ...plan(), engine: 'command' }), [], 'other engines load what they like');
});

test('hashes are those of the whole file, and of each range', async (t) => {
  const path = join(t.testdir(), 'file');
  const content = Buffer.alloc(9 * 1024 * 1024 + 17, 'some bytes');
  writeFileSync(path, content);
  let read = 0;
  const hashes = await hashFile(path, (bytes) => {
    read += bytes;
  });
  t.equal(hashes.sha256, sha256(content));
  t.equal(hashes.blocks.length, 1);
  t.equal(read, content.length);
  t.same(
    await hashRange(path, { fromByte: 0, toByte: content.length, blockBytes: 64 * 1024 * 1024 }),
    hashes.blocks,
  );
  t.equal((await hashRange(path, { fromByte: 10, toByte: 20, blockBytes: 3 })).length, 4);
  await t.rejects(hashRange(path, { fromByte: 5, toByte: 5, blockBytes: 1 }), { code: 'INVALID_ARGUMENT' });
});

test('what the hub said is read from what its clients leave behind', async (t) => {
  const { path, files } = freshModel(t);
  const hash = sha256(files.get(SECOND) ?? Buffer.alloc(0));
  mkdirSync(join(path, '.cache/huggingface/download'), { recursive: true });
  writeFileSync(
    join(path, `.cache/huggingface/download/${SECOND}.metadata`),
    `${'c'.repeat(40)}\n${hash}\n1700000000.0\n`,
  );
  symlinkSync(`../../blobs/${'d'.repeat(40)}`, join(path, 'linked.json'));
  t.same(
    [...(await readHubHashes(path, [SECOND, 'linked.json', 'config.json']))],
    [
      [SECOND, hash],
      ['linked.json', 'd'.repeat(40)],
    ],
  );
});

test('a full check names the bytes that rotted, and what the hub says otherwise', async (t) => {
  const { path, files } = freshModel(t);
  const shard = join(path, SECOND);
  const then = new Date('2026-01-02T03:04:05Z');
  utimesSync(shard, then, then);
  const left = join(t.testdirName, 'state/models/1234.token');
  mkdirSync(dirname(left), { recursive: true });
  writeFileSync(left, 'hf_secret');
  const models = createModels({
    stateDir: join(t.testdirName, 'state'),
    agentCommand: [process.execPath, join(import.meta.dirname, '../src/main.ts')],
    clientFolders: async () => [],
    clock: { wallMs: () => Date.now() },
    log: quietLog(),
  });
  t.teardown(() => models.close());
  t.notOk(existsSync(left), 'the token of a pull that was killed is taken away');
  const verify = async () => {
    await answerModelQuery(models, { op: 'verify', path });
    await waitFor('the check', () => models.status(path).job?.state !== 'running', 20_000);
    return models.status(path);
  };
  t.match(await verify(), {
    problems: [],
    verifiedAtMs: Number,
    job: { state: 'done', detail: 'every byte was read' },
  });
  t.equal(models.hashes(path)[SECOND]?.sha256, sha256(files.get(SECOND) ?? Buffer.alloc(0)));

  const flipped = (files.get(SECOND)?.length ?? 0) - 3;
  const fd = openSync(shard, 'r+');
  writeSync(fd, Buffer.from([0xff]), 0, 1, flipped);
  closeSync(fd);
  utimesSync(shard, then, then);
  t.same(await problemsOf(path), [], 'headers cannot tell');
  t.match((await verify()).problems, [
    { category: 'weights-corrupt', file: SECOND, offset: 0, message: /has changed since it was first read/ },
  ]);
  const plan = aPlan({ engine: 'vllm', requiredPaths: [path] });
  const prepared = () => checkModel(plan, (folder) => knownDamage(join(t.testdirName, 'state'), folder));
  t.match(
    await prepared(),
    [{ code: 'WEIGHTS_CORRUPT', message: /model-00002.* first in bytes 0–\d+/, hint: /verify --full/ }],
    'prepare remembers what only a full check can know',
  );
  const dummy = [{ id: 'main', argv: ['/usr/bin/python3', '--load-format', 'dummy'], env: {}, reasons: {} }];
  t.same(
    await checkModel({ ...plan, processes: dummy }, (folder) =>
      knownDamage(join(t.testdirName, 'state'), folder),
    ),
    [],
    'no weights are read',
  );

  writeFileSync(shard, readFileSync(shard));
  t.same(await prepared(), [], 'another file is not judged by the old check');
  t.same((await verify()).problems, [], 'a new file is a new beginning');
  mkdirSync(join(path, '.cache/huggingface/download'), { recursive: true });
  const hash = sha256(files.get(SECOND) ?? Buffer.alloc(0));
  writeFileSync(
    join(path, `.cache/huggingface/download/${SECOND}.metadata`),
    `${'c'.repeat(40)}\n${hash}\n1.0\n`,
  );
  t.match((await verify()).problems, [{ file: SECOND, message: new RegExp(`the hub says ${hash}`) }]);

  t.match(await answerModelQuery(models, { op: 'list' }), [{ path, source: null }]);
  await answerModelQuery(models, { op: 'remove', path });
  t.same(models.list(), []);
  t.ok(statSync(shard).size > 0, 'files that dsr1 did not fetch stay');
  await t.rejects(answerModelQuery(models, { op: 'remove', path }), { code: 'NOT_FOUND' });
  await t.rejects(answerModelQuery(models, { op: 'remove', path: '/' }), { code: 'INVALID_ARGUMENT' });
  await t.rejects(
    answerModelQuery(models, { op: 'range', path, file: '../x', fromByte: 0, toByte: 1, blockBytes: 1 }),
    { code: 'INVALID_ARGUMENT' },
  );
});
