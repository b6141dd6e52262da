/** What a model folder says of its model: config.json and the bytes of its shards. */
import { Dsr1Error } from '../errors.ts';
import { sizeText } from '../facts/units.ts';
import { engineRules } from './engine-rules.ts';
import { PLAIN } from './parallel.ts';
import { type ModelReading, readModel } from './read-model.ts';
import { isObject } from './reader.ts';
import type { ModelShape } from './shape.ts';
import { modelWeights } from './weights.ts';

export interface ModelFiles {
  /** Text of config.json. */
  readonly config: string;
  /** Bytes of all weights as the folder states them, null when it does not. */
  readonly storedBytes: number | null;
}

/** Shards that hold something else than the config leads to are an assumption of the reading. */
export function readModelFiles({ config, storedBytes }: ModelFiles): ModelReading {
  const value = parsed(config);
  if (value === null) return { known: false, refusals: [], because: ['config.json is no JSON object'] };
  const reading = readModel(value);
  if (!reading.known || storedBytes === null) return reading;
  const { shape } = reading;
  const computed = modelWeights(shape, PLAIN, engineRules('vllm', null)).bytes;
  if (Math.abs(storedBytes / computed - 1) <= INDEX_TOLERANCE) return reading;
  const differs = `the shards hold ${sizeText(storedBytes)} and the config leads to ${sizeText(computed)}: figures follow the config`;
  return { known: true, shape: { ...shape, assumed: [...shape.assumed, differs] } };
}

/** @throws CONFIG_INVALID naming every field that no model can have */
export function modelShape(reading: ModelReading, what: string): ModelShape {
  if (reading.known) return reading.shape;
  const { refusals, because } = reading;
  const fields = refusals.map(
    ({ field, expected, found }) => `${field}: expected ${expected}, found ${found}`,
  );
  throw new Dsr1Error(
    'CONFIG_INVALID',
    `${what}: this config cannot be read: ${[...fields, ...because].join('; ')}`,
    { details: { refusals }, hint: 'compare config.json with the one of the hub' },
  );
}

/** `metadata.total_size`, which stands at the head of model.safetensors.index.json; null when it is not there. */
export function totalSize(indexHead: string): number | null {
  const [, digits] = /"total_size"\s*:\s*(\d{1,16})/.exec(indexHead) ?? [];
  return digits === undefined || digits === '0' ? null : Number(digits);
}

/** Checkpoints carry what engines do not load: prediction layers (2 % of DeepSeek-R1), rotary tables. */
const INDEX_TOLERANCE = 0.05;

function parsed(text: string) {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
