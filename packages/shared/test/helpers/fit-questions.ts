/** Questions of the fit calculator: models by name, by file or by config, on one H100. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FitQuestion } from '@dsr1/shared/models/evaluate';
import { gpuByName } from '@dsr1/shared/models/gpus';
import { knownConfig } from '@dsr1/shared/models/known/known-models';
import { PLAIN } from '@dsr1/shared/models/parallel';
import { readModel } from '@dsr1/shared/models/read-model';
import type { JsonObject } from '@dsr1/shared/models/reader';
import type { ModelShape } from '@dsr1/shared/models/shape';

export function question(shape: ModelShape): FitQuestion {
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

export function shapeOf(config: JsonObject): ModelShape {
  const reading = readModel(config);
  if (!reading.known) throw new Error(JSON.stringify(reading));
  return reading.shape;
}

export function known(name: string): ModelShape {
  const config = knownConfig(name);
  if (config === null) throw new Error(`no config of ${name}`);
  return shapeOf(config);
}

export function fromFile(folder: string): ModelShape {
  const path = join(import.meta.dirname, `../../../../test/data/models/${folder}/config.json`);
  return shapeOf(JSON.parse(readFileSync(path, 'utf8')));
}
