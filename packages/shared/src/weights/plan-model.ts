/** The model that a rank of an engine will load, and what of it the engine's arguments make needless. */
import { assertNever } from '../errors.ts';
import type { RankPlan } from '../plan/model.ts';

export interface Expectations {
  /** False: the engine makes its weights up (`--load-format dummy`). */
  readonly weights: boolean;
  /** False: the tokenizer is elsewhere, or not loaded. */
  readonly tokenizer: boolean;
}

export const WHOLE_MODEL: Expectations = { weights: true, tokenizer: true };

/** Folder of the model, null for engines that load none in the way of Hugging Face. */
export function modelPathOf({ engine, requiredPaths, processes }: RankPlan): string | null {
  switch (engine) {
    case 'sglang':
    case 'vllm':
    case 'vllm-ray':
      return requiredPaths.find((path) => !processes.some(({ argv }) => argv[0] === path)) ?? null;
    case 'command':
    case 'rehearsal':
      return null;
  }
  return assertNever(engine);
}

export function expectationsOf({ processes }: Pick<RankPlan, 'processes'>): Expectations {
  const words = processes.flatMap(({ argv }) => argv.flatMap((argument) => argument.split('=')));
  const at = words.indexOf('--load-format');
  return {
    weights: at < 0 || words[at + 1] !== 'dummy',
    tokenizer: !words.some((word) => TOKENIZER_FLAGS.has(word)),
  };
}

const TOKENIZER_FLAGS: ReadonlySet<string> = new Set([
  '--tokenizer',
  '--tokenizer-path',
  '--skip-tokenizer-init',
]);
