/** Architectures found by search: `block_configs` says for every layer what it has (Nemotron Super 49B, Ultra 253B). */
import { type ConfigReader, configReader, isObject, type JsonObject } from './reader.ts';
import type { Layer } from './shape.ts';

interface Blocks {
  readonly list: readonly Layer[];
  readonly cacheGaps: readonly string[];
  readonly weightGaps: readonly string[];
  readonly assumed: readonly string[];
}

/** Null for configs without the list (transformers' DeciLMConfig; vllm model_executor/models/nemotron_nas.py). */
export function listedLayers(config: JsonObject, reader: ConfigReader): Blocks | null {
  const { block_configs: blocks } = config;
  if (!Array.isArray(blocks) || blocks.length === 0 || !blocks.every(isNasBlock)) return null;
  const heads = reader.count(['num_attention_heads'], 16_384);
  const hidden = reader.count(['hidden_size'], 262_144);
  const headDim = reader.count(['head_dim'], 16_384) ?? (heads && hidden ? Math.floor(hidden / heads) : null);
  const list = blocks
    .slice(0, MOST_LAYERS)
    .map((block) => layerOf(block, heads ?? 1, headDim ?? 1, hidden ?? 1));
  return {
    list,
    cacheGaps: headDim === null ? ['num_attention_heads'] : [],
    weightGaps: [],
    assumed: blocks.some(
      ({ attention, ffn }) => attention.replace_with_linear === true || ffn.replace_with_linear === true,
    )
      ? ['layers that a linear one replaces are counted as absent']
      : [],
  };
}

const MOST_LAYERS = 2000;

interface NasBlock {
  readonly attention: JsonObject;
  readonly ffn: JsonObject;
}

const isNasBlock = (block: unknown): block is NasBlock =>
  isObject(block) && isObject(block.attention) && isObject(block.ffn);

function layerOf({ attention, ffn }: NasBlock, heads: number, headDim: number, hidden: number): Layer {
  const group = configReader(attention).count(['n_heads_in_group'], heads);
  const width = configReader(ffn).count(['intermediate_size']) ?? widthBy(ffn.ffn_mult, hidden);
  return {
    mixers:
      group === null
        ? []
        : [
            {
              kind: 'grouped',
              heads,
              kvHeads: Math.max(1, Math.floor(heads / group)),
              headDim,
              valueDim: headDim,
              window: null,
              bias: false,
              gated: false,
              shared: false,
            },
          ],
    mlps: width === null ? [] : [{ kind: 'dense', width, matrices: 3 }],
  };
}

/** Two thirds of the factor, in whole 256. */
function widthBy(factor: unknown, hidden: number): number | null {
  if (typeof factor !== 'number' || !(factor > 0 && factor < 64)) return null;
  return Math.ceil(Math.floor((2 * factor * hidden) / 3) / 256) * 256;
}
