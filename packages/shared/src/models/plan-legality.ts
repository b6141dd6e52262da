/** Would the engine of a planned rank refuse this model for how it is divided? */
import { assertNever } from '../errors.ts';
import type { RankPlan } from '../plan/model.ts';
import { engineRules, type FitEngine } from './engine-rules.ts';
import { illegalBecause } from './legality.ts';
import { PLAIN } from './parallel.ts';
import { readModel } from './read-model.ts';
import { isObject } from './reader.ts';

export type PlannedRank = Pick<RankPlan, 'engine' | 'engineVersion' | 'gpuIndices' | 'processes'>;

/**
 * Reasons, empty when there is none that is certain: a family that is only assumed, arguments that divide the model in
 * other ways than plain tensor and pipeline parallelism, and SGLang on CPUs, which pads heads, are left to the engine.
 */
export function illegalPlan(config: unknown, plan: PlannedRank): readonly string[] {
  const engine = fitEngineOf(plan);
  const argv = wordsOf(plan);
  if (engine === null || !isObject(config) || argv.some((argument) => OTHER_WAYS.test(argument))) return [];
  const reading = readModel(config);
  if (!reading.known || reading.shape.gaps.length > 0 || reading.shape.assumed.length > 0) return [];
  return illegalBecause({
    shape: reading.shape,
    parallel: {
      ...PLAIN,
      tensor: sizeOf(argv, ['--tensor-parallel-size', '--tp-size']),
      pipeline: sizeOf(argv, ['--pipeline-parallel-size', '--pp-size']),
    },
    rules: engineRules(engine, plan.engineVersion),
    gpus: null,
    nodes: null,
    computeCapability: null,
    dtype: null,
  });
}

/** Arguments after which heads or experts are divided by another number than the tensor-parallel size. */
export const OTHER_WAYS =
  /^--(?:hf-overrides|json-model-override-args|quantization|(?:enable-)?(?:dp|ep|moe|expert|data|attn|decode-context|prefill-context)\b)/;

/** Flags and values of all processes, `--flag=value` taken apart. */
export const wordsOf = ({ processes }: Pick<PlannedRank, 'processes'>): readonly string[] =>
  processes.flatMap(({ argv }) => argv.flatMap((argument) => argument.split('=')));

/** Null for engines that load no model, and for SGLang on CPUs. */
export function fitEngineOf({
  engine,
  gpuIndices,
}: Pick<PlannedRank, 'engine' | 'gpuIndices'>): FitEngine | null {
  switch (engine) {
    case 'vllm':
    case 'vllm-ray':
      return 'vllm';
    case 'sglang':
      return gpuIndices.length === 0 ? null : 'sglang';
    case 'command':
    case 'rehearsal':
      return null;
  }
  return assertNever(engine);
}

function sizeOf(argv: readonly string[], flags: readonly string[]): number {
  const at = argv.findIndex((argument) => flags.includes(argument));
  return at < 0 ? 1 : Number(argv[at + 1]);
}
