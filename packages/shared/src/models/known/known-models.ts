/** Published models by name: `deepseek-r1`, or any repository whose name contains one. */
import { nearest } from '../../nearest.ts';
import type { JsonObject } from '../reader.ts';
import { DEEPSEEK } from './deepseek.ts';
import { EXPERTS } from './experts.ts';
import { GEMMA } from './gemma.ts';
import { GLM } from './glm.ts';
import type { KnownModel } from './known-model.ts';
import { LLAMA_LIKE } from './llama-like.ts';
import { MIXED } from './mixed.ts';
import { QWEN } from './qwen.ts';
import { RECURRENT } from './recurrent.ts';

const ALL: readonly KnownModel[] = [
  ...DEEPSEEK,
  ...GLM,
  ...EXPERTS,
  ...MIXED,
  ...RECURRENT,
  ...GEMMA,
  ...QWEN,
  ...LLAMA_LIKE,
];

export const knownNames = (): string[] => ALL.flatMap(({ names }) => names).sort();

/** The config of exactly this name (case and organisation do not count), or null. */
export function knownConfig(name: string): JsonObject | null {
  const wanted = plainName(name);
  return ALL.find(({ names }) => names.includes(wanted))?.config ?? null;
}

/**
 * The config of the longest known name that `repository` contains as whole words (`kaitchup/Phi-4-AutoRound-GPTQ-4bit`
 * → `phi-4`), or null. Used to fill in what a config leaves out, so it must not contradict what the config says.
 */
export function relatedConfig(repository: string, config: JsonObject): JsonObject | null {
  const text = plainName(repository);
  const found = ALL.flatMap(({ names, config: known }) => names.map((name) => ({ name, known })))
    .filter(({ name }) => containsWords(text, name))
    .toSorted((a, b) => b.name.length - a.name.length);
  return found.find(({ known }) => agrees(known, config))?.known ?? null;
}

/** The known name that was most likely meant, or null. */
export const nearestName = (name: string): string | null => nearest(plainName(name), knownNames());

const plainName = (name: string): string =>
  (name.split('/').findLast((part) => part !== '') ?? '').toLowerCase().replaceAll(/[_\s]+/g, '-');

function containsWords(text: string, name: string): boolean {
  const at = text.indexOf(name);
  if (at < 0) return false;
  const [before = '-', after = '-'] = [text[at - 1], text[at + name.length]];
  return /[^a-z0-9]/.test(before) && /[^a-z0-9.]/.test(after);
}

/** No size is stated differently by both. */
function agrees(known: JsonObject, config: JsonObject): boolean {
  return SIZES.every(
    (key) => config[key] === undefined || known[key] === undefined || config[key] === known[key],
  );
}
const SIZES = [
  'hidden_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'moe_intermediate_size',
];
