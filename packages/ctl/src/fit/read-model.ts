/** MODEL of `dsr1ctl fit`: a published model by name, or a folder that has been downloaded. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { knownConfig, nearestName } from '@dsr1/shared/models/known/known-models';
import { modelShape, readModelFiles, totalSize } from '@dsr1/shared/models/model-files';
import { readModel } from '@dsr1/shared/models/read-model';
import { isObject, type JsonObject } from '@dsr1/shared/models/reader';
import type { ModelShape } from '@dsr1/shared/models/shape';
import { fitText } from '../text/fit.ts';

/** @throws NOT_FOUND, CONFIG_INVALID, INVALID_ARGUMENT for GGUF */
export async function findModel(model: string, cwd: string): Promise<ModelShape> {
  if (isGguf(model)) throw ggufRefused(model);
  if (await isFolder(model, cwd)) return readFolder(resolve(cwd, model));
  const config = knownConfig(model);
  if (config !== null) return modelShape(readModel(config), model);
  const near = nearestName(model);
  throw new Dsr1Error('NOT_FOUND', fitText.unknownModel(model), {
    hint: near === null ? fitText.unknownHint : fitText.nearHint(near),
  });
}

export const isFolder = (model: string, cwd: string): Promise<boolean> =>
  stat(resolve(cwd, model)).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** A folder's shards may hold more than its config leads to; then the answer says so. */
async function readFolder(folder: string): Promise<ModelShape> {
  const path = join(folder, 'config.json');
  const config = await readFile(path, 'utf8').catch(async (cause) => {
    if ((await readdir(folder)).some(isGguf)) throw ggufRefused(folder);
    throw new Dsr1Error('NOT_FOUND', fitText.noConfig(folder), { cause, hint: fitText.noConfigHint });
  });
  parseJsonObject(config, path);
  return modelShape(readModelFiles({ config, storedBytes: await indexBytes(folder) }), folder);
}

const isGguf = (path: string): boolean => path.toLowerCase().endsWith('.gguf');
const ggufRefused = (path: string) =>
  new Dsr1Error('INVALID_ARGUMENT', fitText.gguf(path), { hint: fitText.ggufHint });

/** `metadata.total_size` of model.safetensors.index.json, or the size of the one file. */
async function indexBytes(folder: string): Promise<number | null> {
  const text = await readFile(join(folder, 'model.safetensors.index.json'), 'utf8').catch(() => null);
  if (text !== null) return totalSize(text);
  return stat(join(folder, 'model.safetensors')).then(
    ({ size }) => size,
    () => null,
  );
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
