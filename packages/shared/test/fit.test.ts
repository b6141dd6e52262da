import { engineRules } from '@dsr1/shared/models/engine-rules';
import { evaluate, type FitQuestion } from '@dsr1/shared/models/evaluate';
import { fit } from '@dsr1/shared/models/fit';
import { gpuByName } from '@dsr1/shared/models/gpus';
import { knownConfig, knownNames, relatedConfig } from '@dsr1/shared/models/known/known-models';
import { PLAIN } from '@dsr1/shared/models/parallel';
import { illegalPlan } from '@dsr1/shared/models/plan-legality';
import { readModel } from '@dsr1/shared/models/read-model';
import { smallestSets } from '@dsr1/shared/models/smallest-sets';
import { modelWeights } from '@dsr1/shared/models/weights';
import { test } from 'tap';
import { fromFile, known, question, shapeOf } from './helpers/fit-questions.ts';

const GIB = 2 ** 30;
const NEWEST = engineRules('vllm', null);

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
