/** A posted memory figure as a question: what a log says of its engine, model and GPUs (`dsr1ctl fit --record FILE`). */
import { readFile } from 'node:fs/promises';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { FitEngine } from '@dsr1/shared/models/engine-rules';
import type { FitQuestion } from '@dsr1/shared/models/evaluate';
import { type GpuClass, gpuByName } from '@dsr1/shared/models/gpus';
import { knownConfig, relatedConfig } from '@dsr1/shared/models/known/known-models';
import { modelShape } from '@dsr1/shared/models/model-files';
import { readModel } from '@dsr1/shared/models/read-model';
import { isObject, type JsonObject } from '@dsr1/shared/models/reader';
import { fitText } from '../text/fit.ts';
import { parseJsonObject } from './read-model.ts';

const GIB = 2 ** 30;

/** @throws NOT_FOUND, CONFIG_INVALID */
export async function readRecord(path: string): Promise<FitQuestion> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new Dsr1Error('NOT_FOUND', fitText.nothingAt(path), { cause });
  });
  return recordQuestion(parseJsonObject(text, path));
}

/** @throws CONFIG_INVALID when its config is one that no model can have */
export function recordQuestion(given: JsonObject): FitQuestion {
  const model = word(given, 'model') ?? '';
  const config = filledConfig(model, isObject(given.config) ? given.config : {});
  const engine = (word(given, 'engine') ?? 'vllm').includes('sglang') ? 'sglang' : 'vllm';
  const { parallel, gpus } = placed(given, engine);
  const dtype = word(given, 'dtype');
  return {
    shape: modelShape(readModel(config, { quantisation: word(given, 'quant') }), model),
    engine,
    version: word(given, 'version'),
    parallel,
    gpu: gpuOf(given),
    gpus,
    nodes: count(given, 'nodes') ?? 1,
    freeBytes: bytes(given, 'free_before_load_gib'),
    fraction: positive(given, 'mem_fraction'),
    contextTokens: count(given, 'max_model_len'),
    contextNeeded: false,
    cache: { kind: /fp8|e4m3|e5m2|int8/.test(word(given, 'kv_dtype') ?? '') ? 'fp8' : 'auto' },
    ...(dtype === null ? {} : { dtype }),
    blockTokens: count(given, 'block_size'),
    stepTokens: count(given, 'max_num_batched_tokens'),
    sequences: count(given, 'max_num_seqs'),
  };
}

/** Sizes as posted; a tensor size that is not follows from the GPUs. SGLang's dp is DP attention unless the GPUs are dp times as many. */
function placed(given: JsonObject, engine: FitEngine): Pick<FitQuestion, 'parallel' | 'gpus'> {
  const gpus = count(given, 'gpus');
  const pipeline = count(given, 'pp') ?? 1;
  const data = count(given, 'dp') ?? 1;
  const others = pipeline * (engine === 'sglang' ? 1 : data);
  const tensor = count(given, 'tp') ?? Math.max(1, Math.floor((gpus ?? 1) / others));
  const replicas = engine === 'sglang' && data > 1 && gpus === tensor * pipeline * data;
  return {
    gpus: replicas ? tensor * pipeline : gpus,
    parallel: {
      tensor,
      pipeline,
      data: replicas ? 1 : data,
      expert: count(given, 'ep') ?? 1,
      redundantExperts: count(given, 'redundant_experts') ?? 0,
    },
  };
}

/**
 * What a log does not show of a config, from the published config of that model. The published quantisation counts only
 * when the name is exactly the published one: repositories that carry it on are other conversions.
 */
function filledConfig(model: string, seen: JsonObject): JsonObject {
  const related = relatedConfig(model, seen);
  if (related === null) return withoutSummaries(seen);
  const { quantization_config, ...sizes } = related;
  const exact = knownConfig(model) !== null && quantization_config !== undefined;
  return { ...sizes, ...(exact ? { quantization_config } : {}), ...withoutSummaries(seen) };
}

/** A record may count the kinds of layers where the config lists them. */
function withoutSummaries(config: JsonObject): JsonObject {
  if (!isObject(config.layer_types)) return config;
  const { layer_types, ...rest } = config;
  return rest;
}

function gpuOf(given: JsonObject): GpuClass | null {
  const name = word(given, 'gpu');
  const stated = bytes(given, 'gpu_memory_gib');
  const found = name === null ? null : gpuByName(name);
  if (stated === null) return found;
  return { name: name ?? 'GPU', computeCapability: found?.computeCapability ?? null, memoryBytes: stated };
}

const word = (given: JsonObject, key: string): string | null =>
  typeof given[key] === 'string' && given[key] !== '' ? given[key] : null;
const positive = (given: JsonObject, key: string): number | null =>
  typeof given[key] === 'number' && given[key] > 0 && given[key] < 2 ** 40 ? given[key] : null;
const count = (given: JsonObject, key: string): number | null => {
  const value = positive(given, key);
  return value === null ? null : Math.max(1, Math.floor(value));
};
const bytes = (given: JsonObject, key: string): number | null => {
  const value = positive(given, key);
  return value === null ? null : value * GIB;
};
