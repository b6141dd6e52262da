import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stageCaches } from '@dsr1/shared/models/cache';
import { engineRules } from '@dsr1/shared/models/engine-rules';
import { evaluate, type FitQuestion } from '@dsr1/shared/models/evaluate';
import { fit } from '@dsr1/shared/models/fit';
import { gpuByName } from '@dsr1/shared/models/gpus';
import { knownConfig, knownNames } from '@dsr1/shared/models/known/known-models';
import { groupsOf, PLAIN, stageLayers } from '@dsr1/shared/models/parallel';
import { readModel } from '@dsr1/shared/models/read-model';
import type { JsonObject } from '@dsr1/shared/models/reader';
import { modelWeights } from '@dsr1/shared/models/weights';
import { test } from 'tap';
import { fromFile, known, question, shapeOf } from './helpers/fit-questions.ts';

const GIB = 2 ** 30;
const NEWEST = engineRules('vllm', null);

test('parameters of published models are the published numbers', (t) => {
  // Names and billions as the model cards give them; a config alone must lead there.
  for (const [name, billions, within] of [
    ['deepseek-r1', 671.0, 0.001],
    ['deepseek-v2-lite', 15.7, 0.005],
    ['kimi-k2', 1026, 0.002],
    ['llama-3.1-8b', 8.03, 0.001],
    ['llama-3.1-405b', 405.9, 0.001],
    ['qwen2.5-0.5b', 0.494, 0.001],
    ['qwen2.5-7b', 7.616, 0.001],
    ['qwen3-32b', 32.76, 0.001],
    ['qwen3-235b-a22b', 235.1, 0.001],
    ['qwen3-coder-480b-a35b', 480.2, 0.001],
    ['qwen3-next-80b-a3b', 79.7, 0.005],
    ['gpt-oss-120b', 116.8, 0.001],
    ['gpt-oss-20b', 20.9, 0.001],
    ['gemma-2-9b', 9.24, 0.001],
    ['gemma-3-27b', 27.4, 0.005],
    ['mixtral-8x7b', 46.7, 0.001],
    ['mistral-nemo', 12.25, 0.001],
    ['phi-4', 14.66, 0.001],
    ['glm-4.5-air', 106.9, 0.002],
    ['minimax-m2', 228.7, 0.001],
    ['llama-4-scout', 108.6, 0.005],
    ['command-r-plus', 103.8, 0.001],
  ] as const) {
    const { parameters } = modelWeights(known(name), PLAIN, NEWEST);
    t.ok(Math.abs(parameters / 1e9 / billions - 1) <= within, `${name}: ${parameters / 1e9}`);
  }
  t.end();
});

test('published configs lead to the parameters of their model cards, and to the cache by hand', (t) => {
  const plain = { ...engineRules('sglang', null), windowGroups: false };
  const groups = groupsOf(PLAIN, 'sglang', true);
  for (const { model, billions, within = 0.02, attentionBytes, config } of published()) {
    const reading = readModel(config);
    if (!reading.known) {
      t.fail(`${model} is refused`);
      continue;
    }
    const { shape } = reading;
    t.same([...shape.gaps, ...shape.assumed], [], model);
    const found = modelWeights(shape, PLAIN, NEWEST).parameters / 1e9;
    t.ok(Math.abs(found / billions - 1) <= within, `${model}: ${found} billion, the card says ${billions}`);
    if (attentionBytes === undefined) continue;
    const dtype = { kind: 'auto' } as const;
    const input = { shape, pipeline: 1, groups, rules: plain, dtype, blockTokens: 16, stepTokens: 2048 };
    t.equal(stageCaches(input)[0]?.tokenBytes, attentionBytes, model);
  }
  t.end();
});

interface Published {
  readonly model: string;
  readonly billions: number;
  readonly within?: number;
  readonly attentionBytes?: number;
  readonly config: JsonObject;
}

function published(): readonly Published[] {
  const path = join(import.meta.dirname, '../../../test/data/models/published.json');
  return JSON.parse(readFileSync(path, 'utf8'));
}

test('recurrent layers keep states: blocks of vLLM grow to hold one, and a pure one fits any length', (t) => {
  const next = evaluate({ ...question(known('qwen3-next-80b-a3b')), gpu: gpuByName('B200') });
  // 32 heads of 128 × 128 and 3 × 8192 of the convolution in bfloat16 take 536 tokens of 2048 B: 544 in whole 16s.
  const shape = known('qwen3-next-80b-a3b');
  const groups = groupsOf(PLAIN, 'vllm', true);
  const dtype = { kind: 'auto' } as const;
  const input = { shape, pipeline: 1, groups, rules: NEWEST, dtype, blockTokens: 16, stepTokens: 2048 };
  const [cache] = stageCaches(input);
  const perBlock = (cache?.requestBytes(545) ?? 0) - (cache?.requestBytes(544) ?? 0);
  t.equal(perBlock, 544 * 12 * 2048, 'one more block of 544 tokens in each of 12 full layers');
  t.equal(next.verdict, 'fits');
  for (const engine of ['vllm', 'sglang'] as const) {
    const answer = fit({ ...question(known('mamba-codestral-7b')), engine, contextTokens: 1_000_000 });
    t.equal(answer.verdict, 'fits', engine);
    t.equal(answer.figures.tokens, null);
    t.equal(answer.figures.tokenBytes, 0);
  }
  t.end();
});

test('an architecture that lists its blocks has what each block says', (t) => {
  const block = (group: number | null, factor: number | null) => ({
    attention: { n_heads_in_group: group, no_op: group === null, replace_with_linear: false },
    ffn: { ffn_mult: factor, no_op: factor === null, replace_with_linear: false },
  });
  const shape = shapeOf({
    model_type: 'nemotron-nas',
    hidden_size: 8192,
    num_attention_heads: 64,
    num_hidden_layers: 3,
    vocab_size: 128_256,
    tie_word_embeddings: false,
    block_configs: [block(8, 5.25), block(null, 1.3125), block(16, null)],
  });
  t.same([...shape.gaps, ...shape.assumed], []);
  // Three matrices of 8192 × 28672 and of 8192 × 7168 (2 × 1.3125 × 8192 / 3); queries, outputs, 8 and 4 KV heads of 128.
  const attention = 2 * (8192 * 8192 * 2) + 2 * 8192 * 128 * (8 + 4);
  const mlp = 3 * 8192 * (28_672 + 7168);
  const { parts } = modelWeights(shape, PLAIN, NEWEST);
  t.equal(parts.find(({ part }) => part === 'attention')?.parameters, attention);
  t.equal(parts.find(({ part }) => part === 'dense MLP')?.parameters, mlp);
  t.equal(evaluate({ ...question(shape), engine: 'sglang' }).figures.tokenBytes, (8 + 4) * 2 * 128 * 2);
  t.end();
});

test('formats by what their config says', (t) => {
  for (const [bits, quantization_config] of [
    [16, { quant_method: 'nobody-knows' }],
    [8, { quant_method: 'quark', global_quant_config: { weight: { dtype: 'fp8_e4m3' } } }],
    [4.25, { quant_method: 'quark', global_quant_config: { weight: { dtype: 'fp4', group_size: 32 } } }],
    [8.25, { quant_method: 'mxfp8' }],
    [4.5, { quant_method: 'modelopt', quant_algo: 'NVFP4' }],
    [4 + 20 / 128, { quant_method: 'gptq', bits: 4, group_size: 128 }],
    [16, { quant_method: 'gptq', bits: 4, group_size: 128, dynamic: { '-:.*mlp.*': {} } }],
  ] as const) {
    const { parts } = modelWeights(
      shapeOf({ ...knownConfig('llama-3.1-8b'), quantization_config }),
      PLAIN,
      NEWEST,
    );
    const mlp = parts.find(({ part }) => part === 'dense MLP');
    const found = (8 * (mlp?.bytes ?? 0)) / (mlp?.parameters ?? 1);
    t.ok(Math.abs(found - bits) < 0.01, `${quantization_config.quant_method}: ${found} bits a weight`);
  }
  t.end();
});

test('every known config is read without a gap, an assumption about its family or a refusal', (t) => {
  for (const name of knownNames()) {
    const { gaps, assumed } = known(name);
    t.same(gaps, [], name);
    t.notMatch(assumed.join(), /not known/, name);
  }
  t.end();
});

test('bytes follow the format of each module', (t) => {
  const r1 = modelWeights(known('deepseek-r1'), PLAIN, NEWEST);
  t.equal(Math.round(r1.bytes / GIB), 627, 'FP8 with float32 scales for each 128 × 128');
  const awq = modelWeights(fromFile('awq-with-exceptions'), PLAIN, NEWEST);
  const part = (name: string) => awq.parts.find((item) => item.part === name);
  t.equal(
    part('attention')?.bytes,
    (part('attention')?.parameters ?? 0) * 2,
    'listed modules stay in bfloat16',
  );
  t.equal(part('dense MLP')?.bytes, (part('dense MLP')?.parameters ?? 0) * 2, 'and so does a listed layer');
  const experts = part('experts');
  t.equal(
    experts?.bytes,
    (experts?.parameters ?? 0) * (4 / 8 + 2.5 / 128),
    '4 bits, a scale and a zero for each 128',
  );
  const fp8 = modelWeights(fromFile('fp8-by-tensor'), PLAIN, NEWEST);
  const mlp = fp8.parts.find((item) => item.part === 'dense MLP');
  const scales = 8 * 2 * 8192 * 4;
  t.equal(mlp?.bytes, (mlp?.parameters ?? 0) * ((2 + 1 + 1) / 3) + scales, 'down_proj is ignored by pattern');
  t.notOk(
    fp8.parts.some((item) => item.part === 'head'),
    'a tied head is no second matrix',
  );
  t.equal(
    modelWeights({ ...fromFile('fp8-by-tensor') }, { ...PLAIN, pipeline: 2 }, NEWEST).parts.some(
      (item) => item.part === 'head',
    ),
    true,
  );
  t.end();
});

test('a stage of a pipeline has the layers that the engine gives it', (t) => {
  t.same(stageLayers(61, 4, engineRules('vllm', '0.6.6').remainder), [15, 15, 15, 16]);
  t.same(stageLayers(61, 2, engineRules('vllm', '0.7.2').remainder), [31, 30]);
  t.same(stageLayers(61, 4, engineRules('sglang', '0.5.23').remainder), [15, 15, 15, 16]);
  t.same(stageLayers(62, 4, engineRules('vllm', '0.32.0').remainder), [15, 16, 16, 15]);
  t.end();
});

test('bytes of a token in the cache', (t) => {
  for (const [what, name, change, bytes] of [
    ['GQA', 'qwen3-32b', {}, 262_144],
    ['GQA over 2', 'qwen3-32b', { parallel: { ...PLAIN, tensor: 2 } }, 131_072],
    [
      'one KV head is left where there are fewer than GPUs',
      'qwen3-235b-a22b',
      { parallel: { ...PLAIN, tensor: 8 } },
      48_128,
    ],
    ['MLA is the same on every GPU', 'deepseek-r1', { parallel: { ...PLAIN, tensor: 16 } }, 70_272],
    ['MLA in vLLM 0.7 was padded', 'deepseek-r1', { version: '0.7.2' }, 61 * 640 * 2],
    [
      'before it heads were cached',
      'deepseek-r1',
      { version: '0.6.6', parallel: { ...PLAIN, tensor: 8 } },
      61 * 2 * 16 * 256 * 2,
    ],
    ['FP8', 'llama-3.1-8b', { cache: { kind: 'fp8' } }, 65_536],
    ['windows in groups of 10 layers, 8 of them padding', 'gemma-3-27b', { version: '0.11.0' }, 70 * 8192],
    ['no groups before 0.10', 'gemma-3-27b', { version: '0.9.1' }, 62 * 8192],
    [
      'windows of SGLang: 0.8 of the tokens',
      'gpt-oss-20b',
      { engine: 'sglang' },
      12 * 2048 + 0.8 * 12 * 2048,
    ],
    ['sparse attention: FP8 rows and the indexer', 'deepseek-v3.2', {}, 61 * (656 + 132)],
    [
      'three of four layers of Qwen3-Next keep a state',
      'qwen3-next-80b-a3b',
      { engine: 'sglang' },
      12 * 2 * 2 * 256 * 2,
    ],
  ] as const) {
    const answer = evaluate({ ...question(known(name)), ...change });
    t.equal(answer.figures.tokenBytes, bytes, what);
  }
  const scheme = {
    quant_method: 'compressed-tensors',
    format: 'float-quantized',
    kv_cache_scheme: { num_bits: 8, type: 'float' },
  };
  const scaled = shapeOf({ ...knownConfig('llama-3.1-8b'), quantization_config: scheme });
  t.equal(
    evaluate(question(scaled)).figures.tokenBytes,
    65_536,
    'a checkpoint that brings scales for an FP8 cache',
  );
  t.end();
});

test('newer engines: what they keep beside weights and cache', (t) => {
  const rotary = (name: string, engine: 'vllm' | 'sglang') =>
    modelWeights(known(name), PLAIN, engineRules(engine, null)).parts.find(
      ({ part }) => part === 'rotary tables',
    );
  // 10485760 positions of 128; 8 × 131072 of 256, by linear scaling; both engines count tables as no parameters.
  t.same(rotary('llama-4-scout', 'vllm')?.stageBytes, [10_485_760 * 128 * 2]);
  t.same(rotary('gemma-3-4b', 'vllm')?.stageBytes, [8 * 131_072 * 256 * 2]);
  t.same(rotary('llama-3.1-8b', 'sglang')?.stageBytes, [131_072 * 128 * 4], 'SGLang keeps them in float32');
  t.equal(rotary('llama-3.1-8b', 'vllm')?.parameters, 0);
  const two = modelWeights(known('llama-3.1-8b'), { ...PLAIN, pipeline: 2 }, NEWEST);
  t.equal(
    two.parts.find(({ part }) => part === 'rotary tables')?.stageBytes.length,
    2,
    'each stage has its own',
  );

  // 39 bytes a logit of 1024 × 128256 before 0.17; since then 14.2 with 8192 × 4096 of hidden states and 0.09 GiB.
  const activations = (version: string, name = 'llama-3.1-8b') =>
    evaluate({ ...question(known(name)), version }).lines.find(({ what }) => what === 'activations')?.bytes;
  const logits = 1024 * 128_256;
  t.equal(activations('0.16.0'), -logits * 38.9);
  t.equal(activations('0.17.0'), -(logits * 14.2 + 8192 * 4096 * 2 + 0.09 * GIB));
  // Eight experts a token: two buffers of 2048 for each.
  t.equal(
    activations('0.17.0', 'qwen3-30b-a3b'),
    -(1024 * 151_936 * 14.2 + 8192 * 2 * (2048 + 8 * (2048 + 2048)) + 0.09 * GIB),
  );
  t.end();
});

test('layers that take keys, values or a selection from layers before them', (t) => {
  const tokenBytes = (name: string, change: Partial<FitQuestion>) =>
    evaluate({ ...question(known(name)), ...change }).figures.tokenBytes;
  // 57 of 78 layers take the selection of another: 21 indexers are left.
  const version = '0.19.0';
  t.equal(tokenBytes('glm-5.2', { version }), 78 * 656 + 21 * 132);
  t.equal(tokenBytes('glm-5.1', { version }), 78 * (656 + 132));
  const blackwell = { version, gpu: gpuByName('GB200') };
  t.equal(tokenBytes('glm-5.2', blackwell), 78 * 576 + 21 * 132, 'rows without scales');
  // 15 of 35 layers keep a cache: 12 with windows, in 4 groups of 3, and 3 without.
  t.equal(tokenBytes('gemma-4-e2b', { version }), 5 * 3 * 2048, 'groups of 3, the narrower padded');
  t.equal(tokenBytes('gemma-4-e2b', { engine: 'sglang' }), 7 * 2048 + 0.8 * 28 * 1024);
  // A block of 16 tokens in full layers has the bytes of 32 in windows: 1024 blocks and 4 × (2559 / 32 + 1).
  const shared = { version: '0.28.0', contextTokens: 16_384, stepTokens: 2048 };
  t.equal(tokenBytes('gemma-4-e2b', shared), ((1024 + 4 * 81) * 3 * 16 * 2048) / 16_384);
  t.end();
});

test('a state for each request, and one more to cache prefixes', (t) => {
  const asked = { contextTokens: 262_144, gpu: null };
  const tokenBytes = (version: string) =>
    evaluate({ ...question(known('qwen3.8-27b')), ...asked, version }).figures.tokenBytes ?? 0;
  // Blocks of 784 tokens hold a state of 48 heads of 128 × 128 in float32; 335 of them and 2 for each of 3 groups.
  t.equal(tokenBytes('0.26.0'), (341 * 784 * 16 * 4096) / 262_144);
  t.equal(tokenBytes('0.18.0'), 4 * 16 * 4096, 'before 0.21 groups × layers × bytes');
  t.end();
});
