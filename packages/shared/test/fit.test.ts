import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stageCaches } from '@dsr1/shared/models/cache';
import { engineRules } from '@dsr1/shared/models/engine-rules';
import { evaluate, type FitQuestion } from '@dsr1/shared/models/evaluate';
import { fit } from '@dsr1/shared/models/fit';
import { gpuByName } from '@dsr1/shared/models/gpus';
import { knownConfig, knownNames, relatedConfig } from '@dsr1/shared/models/known/known-models';
import { groupsOf, PLAIN, stageLayers } from '@dsr1/shared/models/parallel';
import { illegalPlan } from '@dsr1/shared/models/plan-legality';
import { readModel } from '@dsr1/shared/models/read-model';
import type { JsonObject } from '@dsr1/shared/models/reader';
import type { ModelShape } from '@dsr1/shared/models/shape';
import { smallestSets } from '@dsr1/shared/models/smallest-sets';
import { modelWeights } from '@dsr1/shared/models/weights';
import { test } from 'tap';

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

test('what engines refuse, with the numbers', (t) => {
  for (const [name, change, reason] of [
    ['deepseek-r1-distill-qwen-7b', { parallel: { ...PLAIN, tensor: 8 } }, /28 attention heads .* size 8/],
    ['deepseek-r1', { parallel: { ...PLAIN, tensor: 32 } }, /2048 \/ 32 = 64 .* 128/],
    ['qwen3-235b-a22b-fp8', { parallel: { ...PLAIN, tensor: 8 } }, /1536 \/ 8 = 192/],
    ['gpt-oss-20b', { parallel: { ...PLAIN, tensor: 3, expert: 3 } }, /32 experts .* 3/],
    ['llama-3.1-8b', { parallel: { ...PLAIN, pipeline: 33 } }, /33 is more than the 32 layers/],
    ['llama-3.1-8b', { parallel: { ...PLAIN, tensor: 4 }, gpus: 2 }, /4 GPUs are needed and 2/],
    [
      'deepseek-r1',
      { engine: 'sglang', gpu: gpuByName('A100'), parallel: { ...PLAIN, tensor: 16 } },
      /capability 8.9 .* 8.0/,
    ],
    ['deepseek-v3.2', { gpu: gpuByName('A800'), parallel: { ...PLAIN, tensor: 16 } }, /sparse attention/],
    ['llama-3.1-8b', { contextTokens: 200_000, contextNeeded: true }, /positions for 131072/],
    [
      'llama-3.1-8b',
      { engine: 'sglang', nodes: 3, gpus: 24, parallel: { ...PLAIN, tensor: 8 } },
      /over 3 nodes/,
    ],
  ] as const) {
    const answer = evaluate({ ...question(known(name)), ...change });
    t.equal(answer.verdict, 'illegal', name);
    t.match(answer.because.join('\n'), reason);
  }
  const spread = evaluate({
    ...question(known('qwen3-235b-a22b-fp8')),
    gpu: null,
    parallel: { ...PLAIN, tensor: 8, expert: 8 },
  });
  t.not(spread.verdict, 'illegal', 'whole experts on each GPU are not cut');
  t.end();
});

test('the precision that is asked for', (t) => {
  const asked = { ...question(known('llama-3.1-8b')), gpu: gpuByName('T4') };
  const bf16 = { ...asked, shape: { ...asked.shape, dtype: 'bfloat16' } };
  t.match(evaluate({ ...bf16, version: '0.8.5' }), {
    verdict: 'illegal',
    because: [/bfloat16 needs .* 8\.0/],
  });
  t.not(evaluate({ ...bf16, version: '0.10.0' }).verdict, 'illegal', 'falls to float16 by itself');
  t.equal(evaluate({ ...bf16, version: '0.10.0', dtype: 'bfloat16' }).verdict, 'illegal');
  t.not(evaluate({ ...bf16, engine: 'sglang', dtype: 'bfloat16' }).verdict, 'illegal');
  const half = evaluate(question(known('llama-3.1-8b'))).figures;
  const full = evaluate({ ...question(known('llama-3.1-8b')), dtype: 'float32' }).figures;
  t.equal(full.weightsBytes, (half.weightsBytes ?? 0) * 2);
  t.equal(full.tokenBytes, (half.tokenBytes ?? 0) * 2);
  t.end();
});

test('a planned rank is refused only for what is certain', (t) => {
  const because = (
    name: string,
    tensor: number,
    engine: 'vllm' | 'sglang' | 'command',
    ...more: string[]
  ) => {
    const argv = [engine, '--tp-size', String(tensor), '--tensor-parallel-size', String(tensor), ...more];
    const processes = [{ id: 'main', argv, env: {}, reasons: {} }];
    const gpuIndices = more.includes('cpu') ? [] : [0];
    return illegalPlan(knownConfig(name), { engine, engineVersion: null, gpuIndices, processes });
  };
  t.match(because('qwen2.5-7b', 8, 'vllm'), [
    '28 attention heads are not divisible by tensor parallel size 8',
  ]);
  t.match(because('qwen2.5-7b', 8, 'sglang'), [/28 attention heads/]);
  t.same(because('qwen2.5-7b', 8, 'sglang', '--device', 'cpu'), [], 'SGLang pads heads on CPUs');
  t.same(because('qwen2.5-7b', 8, 'sglang', '--enable-dp-attention', '--dp-size=8'), []);
  t.same(because('qwen2.5-7b', 8, 'command'), []);
  t.same(because('qwen2.5-7b', 4, 'vllm'), []);
  t.same(because('deepseek-r1', 16, 'vllm'), [], 'two nodes of eight');
  t.not(because('deepseek-r1', 32, 'vllm').length, 0, 'experts of 2048 / 32 columns against blocks of 128');
  t.same(because('deepseek-r1', 32, 'vllm', '--enable-expert-parallel'), []);
  for (const name of knownNames()) t.same(because(name, 1, 'vllm'), [], name);
  for (const config of [null, [], 3, {}, { num_attention_heads: -3 }])
    t.same(illegalPlan(config, { engine: 'vllm', engineVersion: null, gpuIndices: [], processes: [] }), []);
  t.end();
});

test('the sum of a vLLM start on an H100, and the context that still fits', (t) => {
  const asked = { ...question(known('qwen3-32b')), version: '0.10.2', fraction: 0.9, contextTokens: 32_000 };
  const answer = fit(asked);
  t.equal(answer.verdict, 'does-not-fit');
  t.match(
    answer.because,
    ['one request of 32000 tokens needs 7.8 GiB of 4.5 GiB'].map((text) => new RegExp(text)),
  );
  t.equal(answer.nearest?.change, 'context 17408');
  t.equal(fit({ ...asked, contextTokens: 16_000 }).verdict, 'fits');
  const left = answer.lines.find(({ what }) => what === 'left for the cache')?.bytes ?? 0;
  const spent = answer.lines
    .filter(({ bytes }) => bytes !== null && bytes < 0)
    .reduce((sum, line) => sum + (line.bytes ?? 0), 0);
  const may = answer.lines.find(({ what }) => what === 'vLLM may use')?.bytes ?? 0;
  t.ok(Math.abs(may + spent - left) < 1, 'the lines add up');
  t.equal(fit({ ...asked, fraction: null }).verdict, 'fits', 'the utilisation is free to rise');
  t.match(fit({ ...asked, fraction: null }).because.join(), /0\.95/);
  t.end();
});

test('SGLang takes its pool from what was free, and serves shorter requests than the context', (t) => {
  const asked: FitQuestion = {
    ...question(known('qwen2.5-0.5b')),
    engine: 'sglang',
    freeBytes: 14.7 * GIB,
    fraction: 0.15,
    contextTokens: 200_000,
  };
  const answer = fit(asked);
  t.equal(answer.verdict, 'fits');
  t.ok(Math.abs((answer.figures.tokens ?? 0) / 107_319 - 1) < 0.02, `${answer.figures.tokens} tokens`);
  t.equal(
    fit({ ...asked, contextNeeded: true }).verdict,
    'illegal',
    'unless that context is what was asked for',
  );
  t.equal(fit({ ...asked, fraction: 0.05 }).verdict, 'does-not-fit');
  t.end();
});

test('nothing is guessed in silence', (t) => {
  const unknown = fit(question(fromFile('unknown-family')));
  t.match(unknown.assumed.join(), /family papillon is not known: read as a plain decoder/);
  t.equal(unknown.verdict, 'fits');
  const partial = shapeOf({
    model_type: 'llama',
    hidden_size: 1024,
    num_hidden_layers: 2,
    num_attention_heads: 8,
  });
  const answer = fit(question(partial));
  t.equal(answer.verdict, null);
  t.match(answer.because.join(), /does not say intermediate_size, vocab_size/);
  t.equal(answer.figures.tokenBytes, 2 * 2 * 8 * 128 * 2, 'what can be said is said');
  const heads = evaluate({
    ...question(shapeOf({ num_attention_heads: 40 })),
    parallel: { ...PLAIN, tensor: 3 },
  });
  t.match(heads, {
    verdict: 'illegal',
    because: [/40 attention heads/],
    figures: { tokenBytes: null, weightsBytes: null },
  });
  t.match(readModel({ model_type: 'llama' }), {
    known: false,
    because: [/num_hidden_layers, num_attention_heads/],
  });
  t.equal(fit({ ...question(known('phi-4')), gpu: null }).verdict, null);
  const nested = modelWeights(fromFile('nested-with-defaults'), PLAIN, NEWEST);
  t.ok(Math.abs(nested.parameters / 4.3e9 - 1) < 0.01, 'defaults of the class count as said');
  t.end();
});

test('a config that no model can have is refused by field', (t) => {
  for (const [field, value] of [
    ['hidden_size', -1],
    ['num_hidden_layers', 1e9],
    ['num_attention_heads', 'many'],
    ['vocab_size', 0.5],
    ['num_key_value_heads', 2 ** 60],
    ['num_experts', Number.NaN],
    ['layer_types', { full: 3 }],
  ] as const) {
    const reading = readModel({ ...knownConfig('qwen3-30b-a3b'), [field]: value });
    t.notOk(reading.known, field);
    t.same(reading.known ? [] : reading.refusals.map((refusal) => refusal.field), [field]);
  }
  const gguf = readModel({ model_type: 'gguf' });
  t.match(gguf, { known: false, because: [/GGUF/] });
  t.end();
});

test('names: the longest that a repository contains, never one that the config contradicts', (t) => {
  t.equal(relatedConfig('someone/Phi-4-AutoRound-GPTQ-4bit', {}), knownConfig('phi-4'));
  t.equal(
    relatedConfig('deepseek-ai/DeepSeek-R1-Distill-Qwen-7B', {}),
    knownConfig('deepseek-r1-distill-qwen-7b'),
  );
  t.equal(relatedConfig('deepseek-ai/DeepSeek-R1', { hidden_size: 5120 }), null);
  t.equal(relatedConfig('me/llama-3.1-80b', {}), null);
  t.equal(knownConfig('Qwen/Qwen3-32B'), knownConfig('qwen3-32b'));
  t.equal(gpuByName('NVIDIA A100-SXM4-40GB')?.memoryBytes, 40 * 0.985 * GIB);
  t.equal(gpuByName('H20-96')?.computeCapability, '9.0');
  t.equal(gpuByName('48GiB')?.memoryBytes, 48 * GIB);
  t.equal(gpuByName('toaster'), null);
  t.end();
});

test('smallest sets: fewest GPUs first, one stage a node before groups across nodes', (t) => {
  const h20 = gpuByName('H20-96');
  const nodes = ['a', 'b', 'c'].map((name) => ({ name, gpus: 8, gpu: h20 }));
  const options = { engine: 'sglang', version: null, contextTokens: 65_536 } as const;
  const { sets, because } = smallestSets(known('deepseek-r1'), nodes, options);
  t.match(sets[0], { nodes: ['a', 'b'], gpus: 16, tensor: 8, pipeline: 2 });
  t.match(because, /fewest GPUs that hold it: 16 on 2 nodes, as 2 stages of 8/);
  t.ok(sets.every(({ figures }) => (figures.concurrency ?? 0) >= 1));
  const small = smallestSets(known('qwen3-8b'), [{ name: 'a', gpus: 8, gpu: gpuByName('RTX 4090') }], {
    ...options,
    contextTokens: 4096,
  });
  t.match(small.sets[0], { gpus: 1, tensor: 1 });
  t.match(smallestSets(known('deepseek-r1'), nodes.slice(0, 1), options), {
    sets: [],
    because: /no division .* 8 GPUs/,
  });
  t.match(
    smallestSets(known('phi-4'), [{ name: 'a', gpus: 8, gpu: null }], options).because,
    /no node shows a GPU/,
  );
  t.end();
});

function question(shape: ModelShape): FitQuestion {
  return {
    shape,
    engine: 'vllm',
    version: null,
    parallel: PLAIN,
    gpu: gpuByName('H100'),
    gpus: null,
    nodes: 1,
    freeBytes: null,
    fraction: null,
    contextTokens: 2048,
    contextNeeded: false,
    cache: { kind: 'auto' },
    blockTokens: null,
    stepTokens: null,
    sequences: null,
  };
}

function shapeOf(config: JsonObject): ModelShape {
  const reading = readModel(config);
  if (!reading.known) throw new Error(JSON.stringify(reading));
  return reading.shape;
}

function known(name: string): ModelShape {
  const config = knownConfig(name);
  if (config === null) throw new Error(`no config of ${name}`);
  return shapeOf(config);
}

function fromFile(folder: string): ModelShape {
  const path = join(import.meta.dirname, `../../../test/data/models/${folder}/config.json`);
  return shapeOf(JSON.parse(readFileSync(path, 'utf8')));
}
