import { test } from 'tap';
import { compareFiles, compareHashes } from '../src/weights/compare.ts';
import { downloadArguments, hubEnvironment, listingProgram } from '../src/weights/hub-command.ts';
import { readLfsPointer } from '../src/weights/lfs-pointer.ts';
import { expectationsOf } from '../src/weights/plan-model.ts';
import { readHeader, readHeaderLength } from '../src/weights/safetensors.ts';
import { readIndex, wantedShards } from '../src/weights/shards.ts';

const HEADER = JSON.stringify({
  __metadata__: { format: 'pt' },
  b: { dtype: 'F8_E4M3', shape: [4, 2], data_offsets: [12, 20] },
  a: { dtype: 'BF16', shape: [2, 3], data_offsets: [0, 12] },
  empty: { dtype: 'F32', shape: [0], data_offsets: [20, 20] },
});
const BYTES = 8 + HEADER.length + 20;

test('a header describes the file to its last byte', async (t) => {
  const reading = readHeader('f', HEADER, HEADER.length, BYTES);
  if (!reading.ok) return t.fail(reading.problem.message);
  t.same(
    reading.value.map(({ name }) => name),
    ['a', 'b', 'empty'],
    'in the order of their bytes',
  );
  t.match(
    readHeader('f', `${HEADER}   `, HEADER.length + 3, BYTES + 3),
    { ok: true },
    'padded, as writers do',
  );
  t.match(
    readHeader('f', HEADER.replace('F8_E4M3', 'Q9_NEW'), HEADER.length, BYTES),
    { ok: true },
    'a dtype of tomorrow',
  );
  t.match(
    readHeader('f', HEADER.replace('F8_E4M3', 'toString'), HEADER.length + 1, BYTES + 1),
    { ok: true },
    'names of Object mean nothing',
  );
});

test('whatever the bytes are, the answer is tensors or a problem', async (t) => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let refused = 0;
  const ROUNDS = 50_000;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Buffer.from(HEADER);
    for (let change = 0; change <= random(3); change++) bytes[random(bytes.length)] = random(256);
    const text = bytes.subarray(0, random(4) === 0 ? random(bytes.length) : bytes.length).toString('utf8');
    const fileBytes = random(3) === 0 ? random(400) : BYTES;
    const length = readHeaderLength('f', bytes.subarray(0, random(16)), fileBytes);
    const reading = readHeader('f', text, HEADER.length, fileBytes);
    if (!reading.ok) refused += 1;
    if (!reading.ok && reading.problem.message === '') t.fail('a problem without words');
    if (length.ok && length.value + 8 > fileBytes) t.fail('a header that is longer than its file');
    readIndex(text);
    readLfsPointer(text);
  }
  t.ok(refused > ROUNDS / 4 && refused < ROUNDS, `${refused} of ${ROUNDS} refused`);
});

test('shards are those of the index, or of the whole numbered set', async (t) => {
  const index = readIndex(
    '{"weight_map": {"a": "y.safetensors", "b": "x.safetensors", "c": "y.safetensors"}}',
  );
  t.ok(index instanceof Map);
  t.same(wantedShards(['z.safetensors'], index instanceof Map ? index : null), [
    'x.safetensors',
    'y.safetensors',
  ]);
  t.same(
    wantedShards(['m-00002-of-00003.safetensors', 'README.md'], null),
    [1, 2, 3].map((n) => `m-0000${n}-of-00003.safetensors`),
  );
  t.same(
    wantedShards(['m-00001-of-99999.safetensors'], null),
    ['m-00001-of-99999.safetensors'],
    'absurd counts are not believed',
  );
});

test('clients get no secret in their arguments, and what they need in their environment', async (t) => {
  const token = { file: '/state/t', value: 'secret' };
  for (const hub of ['hf', 'modelscope'] as const) {
    const source = { hub, repo: 'org/name', revision: 'abc' };
    const request = { source, path: '/m/n', endpoint: 'http://mirror', home: '/state/h', token };
    t.notMatch(downloadArguments(request).join(' '), 'secret');
    t.match(downloadArguments(request).join(' '), /--revision abc/);
    t.notMatch(
      downloadArguments({ ...request, source: { ...source, revision: '' } }).join(' '),
      /--revision/,
    );
    t.match(listingProgram(hub), /sys\.argv\[1\]/);
    t.ok(Object.values(hubEnvironment(request)).includes('http://mirror'));
  }
  const hf = hubEnvironment({
    source: { hub: 'hf', repo: 'a', revision: '' },
    path: '/m',
    endpoint: null,
    home: '/h',
    token,
  });
  t.match(hf, { HF_TOKEN_PATH: '/state/t' });
  t.notMatch(JSON.stringify(hf), 'secret');
});

test('what differs between nodes', async (t) => {
  const file = (bytes: number, digest: string) => ({ name: 'f', bytes, digest, hubHash: null });
  t.same(
    compareFiles([
      { node: 'a', files: [file(1, 'x')] },
      { node: 'b', files: [file(1, 'x')] },
    ]),
    [],
  );
  t.match(
    compareFiles([
      { node: 'a', files: [] },
      { node: 'b', files: [file(1, 'x')] },
      { node: 'c', files: [file(1, 'x')] },
    ]),
    [{ file: 'f', groups: [{ nodes: ['b', 'c'] }, { has: 'no such file', nodes: ['a'] }] }],
  );
  const read = (node: string, bytes: number, sha256: string) => ({
    node,
    hashes: { f: { bytes, mtimeMs: 0, sha256, blocks: [sha256] } },
  });
  t.same(
    compareHashes([read('a', 5, 'x'), read('b', 6, 'y')], new Map()),
    [],
    'other sizes are the other comparison',
  );
  t.match(compareHashes([read('a', 5, 'x'), read('b', 5, 'y')], new Map([['f', 'y']])), [
    { good: 'b', bad: 'a', proven: true, fromByte: 0, toByte: 5 },
  ]);
});

test('arguments of the engine tell what of a model is needed', async (t) => {
  const of = (...argv: string[]) =>
    expectationsOf({ processes: [{ id: 'main', argv, env: {}, reasons: {} }] });
  t.same(of('vllm', 'serve', '/m'), { weights: true, tokenizer: true });
  t.same(of('sglang', '--load-format=dummy', '--tokenizer-path', '/t'), { weights: false, tokenizer: false });
  t.same(of('vllm', '--load-format', 'safetensors', '--x', 'dummy'), { weights: true, tokenizer: true });
});
