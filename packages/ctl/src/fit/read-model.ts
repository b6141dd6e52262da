/** MODEL of `dsr1ctl fit`: a published model by name, or a folder that has been downloaded. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { sizeText } from '@dsr1/shared/facts/units';
import { engineRules } from '@dsr1/shared/models/engine-rules';
import { knownConfig, nearestName } from '@dsr1/shared/models/known/known-models';
import { PLAIN } from '@dsr1/shared/models/parallel';
import { type ModelReading, readModel } from '@dsr1/shared/models/read-model';
import { isObject, type JsonObject } from '@dsr1/shared/models/reader';
import type { ModelShape } from '@dsr1/shared/models/shape';
import { modelWeights } from '@dsr1/shared/models/weights';
import { fitText } from '../text/fit.ts';

/** @throws NOT_FOUND, CONFIG_INVALID, INVALID_ARGUMENT for GGUF */
export async function findModel(model: string, cwd: string): Promise<ModelShape> {
  if (isGguf(model)) throw ggufRefused(model);
  const folder = resolve(cwd, model);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return readFolder(folder);
  const config = knownConfig(model);
  if (config !== null) return modelShape(readModel(config), model);
  const near = nearestName(model);
  throw new Dsr1Error('NOT_FOUND', fitText.unknownModel(model), {
    hint: near === null ? fitText.unknownHint : fitText.nearHint(near),
  });
}

/** A folder's shards may hold more than its config leads to; then the answer says so. */
async function readFolder(folder: string): Promise<ModelShape> {
  const path = join(folder, 'config.json');
  const text = await readFile(path, 'utf8').catch(async (cause) => {
    if ((await readdir(folder)).some(isGguf)) throw ggufRefused(folder);
    throw new Dsr1Error('NOT_FOUND', fitText.noConfig(folder), { cause, hint: fitText.noConfigHint });
  });
  const shape = modelShape(readModel(parseJsonObject(text, path)), folder);
  const [stored, computed] = [
    await indexBytes(folder),
    modelWeights(shape, PLAIN, engineRules('vllm', null)).bytes,
  ];
  if (stored === null || Math.abs(stored / computed - 1) <= INDEX_TOLERANCE) return shape;
  return {
    ...shape,
    assumed: [...shape.assumed, fitText.indexDiffers(sizeText(stored), sizeText(computed))],
  };
}

/** Checkpoints carry what engines do not load: prediction layers (2 % of DeepSeek-R1), rotary tables. */
const INDEX_TOLERANCE = 0.05;

const isGguf = (path: string): boolean => path.toLowerCase().endsWith('.gguf');
const ggufRefused = (path: string) =>
  new Dsr1Error('INVALID_ARGUMENT', fitText.gguf(path), { hint: fitText.ggufHint });

/** `metadata.total_size` of model.safetensors.index.json, or the size of the one file. */
async function indexBytes(folder: string): Promise<number | null> {
  const path = join(folder, 'model.safetensors.index.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null)
    return stat(join(folder, 'model.safetensors')).then(
      ({ size }) => size,
      () => null,
    );
  const { metadata } = parseJsonObject(text, path);
  const total = isObject(metadata) ? metadata.total_size : null;
  return typeof total === 'number' && total > 0 ? total : null;
}

/** @throws CONFIG_INVALID naming every field that no model can have */
export function modelShape(reading: ModelReading, what: string): ModelShape {
  if (reading.known) return reading.shape;
  const { refusals, because } = reading;
  const fields = refusals.map(({ field, expected, found }) => fitText.refused(field, expected, found));
  throw new Dsr1Error('CONFIG_INVALID', fitText.notReadable(what, [...fields, ...because]), {
    details: { refusals },
    hint: fitText.notReadableHint,
  });
}

/** @throws CONFIG_INVALID */
export function parseJsonObject(text: string, path: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', fitText.noJson(path), { cause });
  }
  if (isObject(value)) return value;
  throw new Dsr1Error('CONFIG_INVALID', fitText.noJson(path));
}
