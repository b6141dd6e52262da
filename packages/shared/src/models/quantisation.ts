/** How weights are stored: bits, scales, and which modules are left as they are. */

import { type ModulePattern, modulePattern, patternMatches } from './module-pattern.ts';
import { isObject, type JsonObject } from './reader.ts';

/** Kinds of module that formats treat differently. */
export type Module =
  | 'embedding'
  | 'head'
  | 'attention'
  | 'linear-attention'
  | 'mlp'
  | 'experts'
  | 'shared-experts'
  | 'router'
  | 'norm'
  | 'vision';

export interface WeightFormat {
  readonly bits: number;
  /** Scales, and zero points where there are some, for each group of weights. */
  readonly scaleBytes: number;
  readonly groupOutputs: number;
  /** `Infinity` for one scale a row. */
  readonly groupInputs: number;
  /** Kernels pad experts of this format. */
  readonly padded?: boolean;
}

export type QuantMethod =
  | 'none'
  | 'fp8-block'
  | 'fp8'
  | 'int8'
  | 'awq'
  | 'gptq'
  | 'int4'
  | 'mxfp4'
  | 'nvfp4'
  | 'bitsandbytes'
  | 'unknown';

export interface Quantisation {
  readonly method: QuantMethod;
  readonly format: WeightFormat;
  /** Experts may have a format of their own (DeepSeek V4: FP4 experts in an FP8 model). */
  readonly experts: WeightFormat;
  /** Kinds that the format leaves as they are, whatever the config's list says. */
  readonly leaves: ReadonlySet<Module>;
  /** The config's list of modules that are not converted. */
  readonly ignored: readonly ModulePattern[];
  /** The checkpoint brings scales for a cache in FP8. */
  readonly fp8Cache: boolean;
  readonly assumed: readonly string[];
}

/** Format in which one module of one layer is stored, or null when it is not quantised. */
export function formatOf(
  quantisation: Quantisation,
  module: Module,
  name: string,
  layer: number | null,
): WeightFormat | null {
  if (quantisation.method === 'none' || quantisation.leaves.has(module)) return null;
  const { ignored } = quantisation;
  if (ignored.length > 0 && ignored.some((pattern) => patternMatches(pattern, name, layer))) return null;
  return module === 'experts' ? quantisation.experts : quantisation.format;
}

/** `stated` is a word for the format where no quantization_config was seen (`fp8-block`, `awq-4bit`). */
export function readQuantisation(
  config: JsonObject,
  text: JsonObject,
  stated: string | null,
  hasExperts: boolean,
): Quantisation {
  const isLatent = typeof text.kv_lora_rank === 'number';
  const block = quantBlock(config) ?? quantBlock(text);
  const fp4Experts =
    (config.model_type === 'deepseek_v4' || text.model_type === 'deepseek_v4') && text.expert_dtype !== 'fp8';
  if (block === null) {
    const method = stated === null ? 'none' : statedMethod(stated);
    const experts = fp4Experts && method !== 'none' ? FP4_EXPERTS : FORMATS[method];
    return {
      ...EMPTY,
      method,
      format: FORMATS[method],
      experts,
      leaves: leftAlone(method, hasExperts, false, isLatent),
    };
  }
  const { method, format, assumed } = readBlock(block);
  const names = ['modules_to_not_convert', 'ignore', 'ignored_layers', 'exclude_modules', 'exclude']
    .map((key) => block[key])
    .find(Array.isArray);
  const ignored = [...(names ?? []), ...withoutFormat(block)]
    .slice(0, 5000)
    .flatMap((name) => modulePattern(name));
  return {
    method,
    format,
    experts: fp4Experts ? FP4_EXPERTS : format,
    leaves: leftAlone(method, hasExperts, ignored.length > 0, isLatent),
    ignored,
    fp8Cache: bringsCacheScales(block),
    assumed,
  };
}

/** GPTQModel's `dynamic`: `-:` before the modules that stay as they are. */
const withoutFormat = ({ dynamic }: JsonObject): string[] =>
  isObject(dynamic)
    ? Object.keys(dynamic).flatMap((key) => (key.startsWith('-:') ? [`re:${key.slice(2)}`] : []))
    : [];

function quantBlock(config: JsonObject): JsonObject | null {
  const block = config.quantization_config ?? config.compression_config;
  return isObject(block) && typeof block.quant_method === 'string' ? block : null;
}

function readBlock(block: JsonObject): Pick<Quantisation, 'method' | 'format' | 'assumed'> {
  const name = String(block.quant_method).toLowerCase();
  const bits = small(block.bits) ?? small(block.w_bit) ?? 4;
  const group = groupSize(block.group_size ?? block.q_group_size);
  if (name.includes('compressed-tensors') || name.includes('compressed_tensors')) return compressed(block);
  if (name.includes('quark')) return quark(block);
  if (name.includes('mxfp4')) return known('mxfp4');
  if (name.includes('mxfp8')) return { method: 'fp8', format: MXFP8, assumed: [] };
  if (name.includes('modelopt') || name.includes('nvfp4')) {
    const algorithm = String(block.quant_algo ?? name).toLowerCase();
    const mixed = algorithm.includes('mixed') ? ['mixed precision: every format counted as 8 bits'] : [];
    return { ...known(algorithm.includes('fp4') ? 'nvfp4' : 'fp8'), assumed: mixed };
  }
  if (name.includes('fp8')) {
    const [outputs, inputs] = Array.isArray(block.weight_block_size) ? block.weight_block_size : [];
    const [n, k] = [small(outputs, 4096), small(inputs, 4096)];
    if (n === null || k === null) return known('fp8');
    return {
      method: 'fp8-block',
      format: { ...FORMATS['fp8-block'], groupOutputs: n, groupInputs: k },
      assumed: [],
    };
  }
  if (
    name.includes('awq') ||
    name.includes('gptq') ||
    name.includes('auto-round') ||
    name === 'intel/auto-round'
  ) {
    const method = name.includes('awq') ? 'awq' : 'gptq';
    return { method, format: packed(bits, group, bits / 8), assumed: [] };
  }
  if (name.includes('bitsandbytes')) return known(block.load_in_8bit === true ? 'int8' : 'bitsandbytes');
  if (name.includes('w8a8') || name.includes('int8')) return known('int8');
  return {
    method: 'unknown',
    format: FORMATS.none,
    assumed: [`quantisation ${name} is not known: weights are counted as if they were not quantised`],
  };
}

/** AMD's Quark: one format for all, by the element of the weights. */
function quark(block: JsonObject): Pick<Quantisation, 'method' | 'format' | 'assumed'> {
  const all = isObject(block.global_quant_config) ? block.global_quant_config : {};
  const weight = isObject(all.weight) ? all.weight : {};
  const element = String(weight.dtype);
  if (element.includes('fp4')) return { ...known('mxfp4'), format: { ...FORMATS.mxfp4, padded: false } };
  if (element.includes('int4'))
    return { ...known('int4'), format: packed(4, groupSize(weight.group_size), 0) };
  if (element.includes('int8')) return known('int8');
  return { ...known('fp8'), assumed: element.includes('fp8') ? [] : ['Quark weights of 8 bits'] };
}

/** `kv_cache_scheme` of compressed-tensors, `kv_cache_quant_algo` of ModelOpt. */
function bringsCacheScales({ kv_cache_scheme: scheme, kv_cache_quant_algo: algorithm }: JsonObject): boolean {
  return (isObject(scheme) && scheme.num_bits === 8) || algorithm === 'FP8';
}

/** compressed-tensors: the first group's weights decide; without groups the format's name does. */
function compressed(block: JsonObject): Pick<Quantisation, 'method' | 'format' | 'assumed'> {
  const groups = isObject(block.config_groups) ? Object.values(block.config_groups) : [];
  const weights = groups
    .filter(isObject)
    .map((group) => group.weights)
    .find(isObject);
  const layout = String(block.format ?? '').toLowerCase();
  if (weights === undefined) {
    if (layout.includes('nvfp4')) return known('nvfp4');
    if (layout.includes('mxfp4')) return known('mxfp4');
    if (layout.includes('pack')) return { ...known('int4'), assumed: ['4 bits in groups of 32'] };
    return known(layout.includes('int') ? 'int8' : 'fp8');
  }
  const bits = small(weights.num_bits) ?? 8;
  if (layout.includes('nvfp4')) return known('nvfp4');
  if (weights.type === 'float') {
    const [outputs, inputs] = Array.isArray(weights.block_structure) ? weights.block_structure : [];
    const [n, k] = [small(outputs, 4096), small(inputs, 4096)];
    if (bits === 8 && n !== null && k !== null)
      return {
        method: 'fp8-block',
        format: { ...FORMATS['fp8-block'], groupOutputs: n, groupInputs: k },
        assumed: [],
      };
    return known(bits === 4 ? 'mxfp4' : 'fp8');
  }
  if (bits === 8 && !layout.includes('pack')) return known('int8');
  return { method: 'int4', format: packed(bits, groupSize(weights.group_size), 0), assumed: [] };
}

/** A word that people use for a format. */
function statedMethod(word: string): QuantMethod {
  const text = word.toLowerCase();
  if (/gguf|none|^bf16|^bfloat16|^fp16|^float/.test(text)) return 'none';
  if (/mxfp4/.test(text)) return 'mxfp4';
  if (/w4a8|w4afp8/.test(text)) return 'int4';
  if (/nvfp4|^fp4|modelopt_fp4/.test(text)) return 'nvfp4';
  if (/awq/.test(text)) return 'awq';
  if (/gptq|autoround|auto-round/.test(text)) return 'gptq';
  if (/bitsandbytes|bnb|nf4/.test(text)) return 'bitsandbytes';
  if (/fp8.*block|block.*fp8/.test(text)) return 'fp8-block';
  if (/fp8|float8/.test(text)) return 'fp8';
  if (/int4|w4a16|4-?bit/.test(text)) return 'int4';
  return /int8|w8a8|8-?bit/.test(text) ? 'int8' : 'unknown';
}

/**
 * Every format leaves vocabulary, router and norms. Without a list: MXFP4 and packed INT4 releases of expert models quantise
 * the experts alone, NVFP4 releases everything but latent attention and recurrent mixers.
 */
function leftAlone(
  method: QuantMethod,
  hasExperts: boolean,
  listed: boolean,
  isLatent: boolean,
): ReadonlySet<Module> {
  const always: Module[] = ['embedding', 'head', 'router', 'norm', 'vision'];
  const expertsOnly = hasExperts && !listed && (method === 'mxfp4' || method === 'int4');
  if (method === 'nvfp4' && !listed)
    return new Set([...always, 'linear-attention', ...(isLatent ? (['attention'] as const) : [])]);
  return new Set(
    expertsOnly ? [...always, 'attention', 'linear-attention', 'mlp', 'shared-experts'] : always,
  );
}

const whole = (bits: number): WeightFormat => ({
  bits,
  scaleBytes: 0,
  groupOutputs: 1,
  groupInputs: Infinity,
});
const packed = (bits: number, group: number, zeroBytes: number): WeightFormat => ({
  bits,
  scaleBytes: 2 + zeroBytes,
  groupOutputs: 1,
  groupInputs: group,
});

const FORMATS: Readonly<Record<QuantMethod, WeightFormat>> = {
  none: whole(16),
  unknown: whole(16),
  'fp8-block': { bits: 8, scaleBytes: 4, groupOutputs: 128, groupInputs: 128 },
  fp8: { ...whole(8), scaleBytes: 4 },
  int8: { ...whole(8), scaleBytes: 4 },
  awq: packed(4, 128, 0.5),
  gptq: packed(4, 128, 0.5),
  int4: packed(4, 32, 0),
  mxfp4: { bits: 4, scaleBytes: 1, groupOutputs: 1, groupInputs: 32, padded: true },
  nvfp4: { bits: 4, scaleBytes: 1, groupOutputs: 1, groupInputs: 16 },
  bitsandbytes: { bits: 4, scaleBytes: 1, groupOutputs: 1, groupInputs: 64 },
};

/** OCP microscaling: a byte of scale for each 32. */
const MXFP8: WeightFormat = { bits: 8, scaleBytes: 1, groupOutputs: 1, groupInputs: 32 };

/** SGLang keeps the scales of FP4 experts as float32 (sglang layers/quantization/fp8.py, fp4_block_k = 32). */
const FP4_EXPERTS: WeightFormat = {
  bits: 4,
  scaleBytes: 4,
  groupOutputs: 1,
  groupInputs: 32,
  padded: true,
};

const EMPTY = { ignored: [], fp8Cache: false, assumed: [] } as const;
const known = (method: QuantMethod) => ({ method, format: FORMATS[method], assumed: [] });
const small = (value: unknown, most = 16): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most ? value : null;
const groupSize = (value: unknown): number => (value === -1 ? Infinity : (small(value, 65_536) ?? 128));
