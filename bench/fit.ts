/**
 * node bench/fit.ts: fit of 200 models on 50 node sets (goal: a second), and smallest sets of DeepSeek-R1 on 64 nodes.
 * node bench/fit.ts --fuzz 500000 [--from 0]: mutated configs; prints the first faults and a rate.
 */
import { parseArgs } from 'node:util';
import { evaluate } from '@dsr1/shared/models/evaluate';
import { gpuByName } from '@dsr1/shared/models/gpus';
import { knownConfig, knownNames } from '@dsr1/shared/models/known/known-models';
import { PLAIN } from '@dsr1/shared/models/parallel';
import { readModel } from '@dsr1/shared/models/read-model';
import { smallestSets } from '@dsr1/shared/models/smallest-sets';
import { fuzzConfig } from '../packages/shared/test/helpers/fuzz-configs.ts';

const { values } = parseArgs({
  options: { fuzz: { type: 'string' }, from: { type: 'string', default: '0' } },
});
if (values.fuzz === undefined) figures();
else fuzz(Number(values.fuzz), Number(values.from));

function figures(): void {
  const names = knownNames();
  const shapes = Array.from({ length: 200 }, (_, index) => {
    const reading = readModel(knownConfig(names[index % names.length] ?? '') ?? {});
    if (!reading.known) throw new Error(names[index % names.length]);
    return reading.shape;
  });
  const gpus = ['H100', 'H20-96', 'H200', 'A100', 'RTX 4090'].map(gpuByName);
  const sets = gpus.flatMap((gpu) =>
    [1, 2, 4, 8, 16].flatMap((tensor) => [1, 2].map((pipeline) => ({ gpu, tensor, pipeline }))),
  );
  const verdicts = { fits: 0, 'does-not-fit': 0, illegal: 0, unknown: 0 };
  const started = performance.now();
  for (const shape of shapes)
    for (const { gpu, tensor, pipeline } of sets) {
      const { verdict } = evaluate({
        shape,
        engine: 'vllm',
        version: null,
        parallel: { ...PLAIN, tensor, pipeline },
        gpu,
        gpus: null,
        nodes: Math.ceil((tensor * pipeline) / 8),
        freeBytes: null,
        fraction: null,
        contextTokens: 8192,
        contextNeeded: true,
        cache: { kind: 'auto' },
        blockTokens: null,
        stepTokens: null,
        sequences: null,
      });
      verdicts[verdict ?? 'unknown'] += 1;
    }
  const fitMs = performance.now() - started;
  const nodes = Array.from({ length: 64 }, (_, n) => ({
    name: `gpu${n}`,
    gpus: 8,
    gpu: gpuByName('H20-96'),
  }));
  const r1 = readModel(knownConfig('deepseek-r1') ?? {});
  const setsStarted = performance.now();
  const found = r1.known
    ? smallestSets(r1.shape, nodes, { engine: 'sglang', version: null, contextTokens: null }).sets.length
    : 0;
  console.table({
    'fit, 200 models × 50 node sets': {
      ms: Math.round(fitMs),
      'µs each': Math.round(fitMs / 10),
      ...verdicts,
    },
    'smallest sets, R1 on 64 nodes': { ms: Math.round(performance.now() - setsStarted), sets: found },
  });
}

function fuzz(count: number, from: number): void {
  const started = performance.now();
  let faults = 0;
  for (let number = from; number < from + count; number += 1) {
    const fault = fuzzConfig(number);
    if (fault === null) continue;
    faults += 1;
    if (faults <= 5) console.log(`${number}: ${fault}`);
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${count} mutated configs, ${faults} faults, ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second`,
  );
  process.exitCode = faults > 0 ? 1 : 0;
}
