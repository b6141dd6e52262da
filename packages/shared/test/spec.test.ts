import { test } from 'tap';
import { Dsr1Error } from '../src/errors.ts';
import { nearest } from '../src/nearest.ts';
import { parseDeploymentSpec } from '../src/spec/parse.ts';

const minimal = { name: 'r1', engine: { kind: 'sglang' }, model: { path: '/models/r1' } };

function refusal(value: unknown): Dsr1Error {
  try {
    parseDeploymentSpec(value);
  } catch (error) {
    if (error instanceof Dsr1Error) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

test('a deployment that fits comes back as it is', async (t) => {
  const full = {
    ...minimal,
    engine: {
      kind: 'vllm',
      python: '/opt/vllm/bin/python',
      args: ['--max-model-len', '4096'],
      env: { OMP_NUM_THREADS: '1' },
    },
    nodes: { count: 2, head: 'gpu1', exclude: ['gpu9'] },
    gpusPerNode: 0,
    parallelism: { tensor: 2, pipeline: 1 },
    network: {
      transport: 'rdma',
      perNode: { gpu1: { controlInterface: 'meth340', hcas: ['mlx5_1'], gidIndex: 3 } },
    },
    runtime: 'systemd',
    endpoint: { port: 8000 },
    deadlines: { weightsSeconds: 7200 },
    restart: { maxAttempts: 3, windowSeconds: 600 },
    stopGraceSeconds: 10,
  };
  t.equal(parseDeploymentSpec(full), full);
});

test('every error is named: keys with the nearest, values with expected and found', async (t) => {
  const misspelt = refusal({
    ...minimal,
    parallelisms: {},
    engine: { kind: 'sglang', arg: [] },
    network: { perNode: { gpu1: { hca: [] } } },
  });
  t.equal(misspelt.code, 'UNKNOWN_KEY');
  t.match(misspelt.message, /engine\.arg is not a key of a deployment \(did you mean args\?\)/);
  t.match(misspelt.message, /network\.perNode\.gpu1\.hca .*\(did you mean hcas\?\)/);
  t.match(misspelt.message, /parallelisms .*\(did you mean parallelism\?\)/);
  t.match(misspelt.hint, /kind, python, image, args, env, gated, command/);
  const wrong = refusal({
    name: 'R1!',
    engine: { kind: 'sglnag', env: { A: 1 } },
    gpusPerNode: 1.5,
    endpoint: { port: '8000' },
    nodes: { count: 0 },
    extra: 1,
  });
  t.equal(wrong.code, 'INVALID_ARGUMENT', 'wrong values outweigh unknown keys');
  for (const part of [
    'name: expected text like',
    'engine.kind: expected one of sglang, vllm, vllm-ray, command, rehearsal, found "sglnag" (did you mean sglang?)',
    'engine.env.A: expected a string, found 1',
    'gpusPerNode: expected an integer from 0 to 64, found 1.5',
    'endpoint.port: expected an integer from 1 to 65535, found "8000"',
    'nodes.count: expected an integer from 1 to 1024, found 0',
    'extra is not a key',
  ])
    t.ok(wrong.message.includes(part), part);
  t.match(wrong.details.problems, [{}, {}, {}, {}, {}, {}, {}]);
});

test('values that are no map, and keys that contradict each other', async (t) => {
  for (const value of [null, undefined, 'text', 7, [minimal]])
    t.match(refusal(value).message, /the deployment: expected a map/);
  t.match(refusal({}).message, /name is missing.*engine is missing/);
  t.match(
    refusal({ name: 'x', engine: { kind: 'command' } }).message,
    /engine\.command: expected the argv template/,
  );
  t.match(
    refusal({ ...minimal, engine: { kind: 'sglang', command: ['/bin/x'] } }).message,
    /no command unless/,
  );
  t.match(
    refusal({ name: 'x', engine: { kind: 'vllm' } }).message,
    /model\.path: expected the model folder that vllm serves/,
  );
  t.match(
    refusal({ ...minimal, model: { path: 'models/r1' } }).message,
    /an absolute path, found "models\/r1"/,
  );
  t.match(
    refusal({ ...minimal, nodes: { names: ['a', 'b'], count: 3 } }).message,
    /nodes\.count: expected 2/,
  );
  t.match(refusal({ ...minimal, nodes: { names: ['a', 'a'] } }).message, /every node once/);
});

test('the nearest word is near or absent', async (t) => {
  t.equal(nearest('gpusPerNodes', ['gpusPerNode', 'nodes']), 'gpusPerNode');
  t.equal(nearest('kidn', ['kind', 'args']), 'kind', 'a swap is one mistake');
  t.equal(nearest('zzz', ['kind', 'args']), null);
});
