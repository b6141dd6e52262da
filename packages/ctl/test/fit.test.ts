import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerRequest, imaginedNodes } from '@dsr1/shared/models/answer-request';
import type { FitRequest } from '@dsr1/shared/models/fit-body';
import { knownConfig } from '@dsr1/shared/models/known/known-models';
import { modelShape } from '@dsr1/shared/models/model-files';
import { readModel } from '@dsr1/shared/models/read-model';
import { test } from 'tap';
import { simFacts } from '../../../test/sim/sim-facts.ts';
import { fakeCoordinator } from './helpers/fake-coordinator.ts';
import { runCtl } from './helpers/fake-io.ts';
import { aNode } from './helpers/values.ts';

const MODELS = join(import.meta.dirname, '../../../test/data/models');

test('fit of a published model on GPUs by name', async (t) => {
  const home = t.testdir();
  const sets = await runCtl(['fit', 'deepseek-r1', '--gpu', 'H20-96', '--count', '16'], { home });
  t.equal(sets.code, 0);
  t.match(sets.out, /^fewest GPUs that hold it: 16 on 2 nodes, as 2 stages of 8/);
  const one = await runCtl(
    ['fit', 'deepseek-r1', '--gpu', 'H20-96', '--count', '16', '--tp', '16', '--explain'],
    { home },
  );
  t.match(one.out, /verdict {2}fits\n/);
  t.match(one.out, /experts +653\.909 B +609 GiB +38\.\d\d GiB/);
  t.match(one.out, /one token +70272 B +61 layers/);
  const refused = await runCtl(
    ['fit', 'deepseek-r1', '--gpu', 'H100', '--count', '32', '--tp', '32', '--json'],
    { home },
  );
  t.match(JSON.parse(refused.out), {
    verdict: 'illegal',
    because: [/2048|18432/],
    kv_bytes_per_token: 70_272,
    nearest: { change: /^tensor parallel/ },
  });
});

test('fit of a folder, by its config and its index', async (t) => {
  const home = t.testdir();
  cpSync(MODELS, home, { recursive: true });
  const argv = ['fit', 'fp8-by-tensor', '--gpu', 'L40S', '--tp', '1', '--engine', 'vllm'];
  t.match((await runCtl(argv, { home })).out, /verdict {2}fits/);
  const index = { metadata: { total_size: 40 * 2 ** 30 }, weight_map: {} };
  writeFileSync(join(home, 'fp8-by-tensor/model.safetensors.index.json'), JSON.stringify(index));
  t.match((await runCtl(argv, { home })).out, /assumed {2}the shards hold 40 GiB and the config leads to/);
  t.match(
    (await runCtl(['fit', 'unknown-family', '--gpu', 'L4', '--tp', '1'], { home })).out,
    /family papillon is not known/,
  );
});

test('what cannot be read is refused with what to do', async (t) => {
  const home = t.testdir({
    absurd: {
      'config.json': JSON.stringify({ model_type: 'llama', hidden_size: -4096, num_hidden_layers: 1e9 }),
    },
    empty: {},
    broken: { 'config.json': '{' },
    gguf: { 'model-q4.gguf': '' },
  });
  for (const [argv, code, message] of [
    [
      ['fit', 'absurd', '--gpu', 'H100'],
      2,
      /hidden_size: expected a whole number .* found -4096; |num_hidden_layers/,
    ],
    [['fit', 'empty', '--gpu', 'H100'], 5, /expected config\.json in .*empty/],
    [['fit', 'broken', '--gpu', 'H100'], 2, /expected a JSON object/],
    [['fit', 'gguf', '--gpu', 'H100'], 2, /is GGUF, which dsr1 does not read/],
    [['fit', 'deepseek-r2', '--gpu', 'H100'], 5, /did you mean deepseek-r1\?/],
    [['fit', 'phi-4'], 2, /expected --nodes, or --gpu/],
    [['fit', 'phi-4', '--gpu', 'toaster'], 2, /expected the name of a GPU, found toaster/],
    [['fit'], 2, /expected MODEL/],
    [['fit', '--record', 'none.json'], 5, /expected a record at/],
  ] as const) {
    const { code: ended, err } = await runCtl(argv, { home });
    t.equal(ended, code, argv.join(' '));
    t.match(err, message);
  }
});

test('a record of what a log says: the published config fills in what it leaves out', async (t) => {
  const record = {
    engine: 'vllm',
    version: '0.9.1 (2025-06-20)',
    model: 'someone/Qwen2.5-7B-Instruct-AWQ',
    quant: 'awq-4bit',
    gpu: 'RTX 4090 24GB',
    gpus: 1,
    tp: 1,
    max_model_len: 8192,
    config: { num_hidden_layers: 28, layer_types: { full_attention: 28 } },
  };
  const home = t.testdir({ 'record.json': JSON.stringify(record) });
  const { out } = await runCtl(['fit', '--record', 'record.json', '--json'], { home });
  const { weights_gib_per_gpu: weights, ...answer } = JSON.parse(out);
  t.match(answer, { verdict: 'fits', kv_bytes_per_token: 57_344 });
  t.ok(weights > 5.1 && weights < 5.4, `${weights} GiB: 6.5 billion in 4 bits, vocabulary in 16`);
});

test('fit on nodes of the cluster, by their facts', async (t) => {
  const home = t.testdir();
  const gpus = Array.from({ length: 8 }, (_, index) => ({
    index,
    uuid: null,
    name: 'NVIDIA H20',
    pci: null,
    numaNode: null,
    memoryBytes: 97_871 * 2 ** 20,
    computeCapability: '9.0',
    mig: null,
    processes: [],
  }));
  const seen = { detected: true, source: 'test', value: { driverVersion: null, cudaVersion: null, gpus } };
  const node = (name: string, facts: object) => ({ ...aNode({ name }), factsAt: null, facts });
  await fakeCoordinator(t, home, {
    'GET /nodes/a': node('a', { ...simFacts('a', 'boot-a'), gpus: seen }),
    'GET /nodes/b': node('b', { ...simFacts('b', 'boot-b'), gpus: seen }),
    'GET /nodes/c': node('c', simFacts('c', 'boot-c')),
  });
  cpSync(MODELS, home, { recursive: true });
  const here = ['fit', 'fp8-by-tensor', '--json'];
  const both = await runCtl([...here, '--nodes', 'a,b'], { home });
  t.match(JSON.parse(both.out).sets[0], { nodes: ['a'], gpus: 1 }, 'a folder here, on nodes there');
  const none = await runCtl([...here, '--nodes', 'c'], { home });
  t.equal(none.code, 5);
  t.match(none.err, /node c has not reported GPUs/);
});

test('fit of a model that is not here is asked of the coordinator, and its answer shown as it is', async (t) => {
  const home = t.testdir();
  const shape = modelShape(readModel(knownConfig('deepseek-r1') ?? {}), 'r1');
  const body = (request: { body: FitRequest }) =>
    answerRequest(request.body, shape, imaginedNodes('H20-96', { count: 16 }));
  const { received } = await fakeCoordinator(t, home, { 'POST /fit': body });
  const sets = await runCtl(['fit', '/models/r1', '--nodes', '*'], { home });
  t.match(sets.out, /^fewest GPUs that hold it: 16 on 2 nodes/);
  t.match(received[0]?.body, { model: '/models/r1', engine: 'sglang' });
  t.notOk(JSON.stringify(received[0]?.body).includes('nodes'), 'every node');
  const division = ['--nodes', 'a,b', '--tp', '8', '--pp', '2', '--context-length', '4096'];
  const one = await runCtl(['fit', 'deepseek-r1', ...division, '--json'], { home });
  t.match(received[1]?.body, { nodes: ['a', 'b'], tensor: 8, pipeline: 2, contextTokens: 4096 });
  t.match(JSON.parse(one.out), {
    verdict: 'fits',
    kv_bytes_per_token: 31 * 1152,
    parts: [{ part: 'attention' }],
  });
  const explained = await runCtl(['fit', 'deepseek-r1', ...division, '--explain'], { home });
  t.match(explained.out, /all +671\.\d+ B[\s\S]*left for the cache/);
});
