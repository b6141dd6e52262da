/** Tables of rotary embeddings: no part of a checkpoint, but on every GPU whole, and as long as the context is. */
import { isObject, type JsonObject } from './reader.ts';
import type { Attention, Layer } from './shape.ts';

/**
 * Elements of the tables, one for each size of head (vllm layers/rotary_embedding: positions × rotary part of a head;
 * linear scaling makes the table longer by its factor). 2.5 GiB for Llama 4 Scout, 0.5 GiB for Gemma 3.
 */
export function rotaryElements(
  config: JsonObject,
  layers: readonly Layer[],
  contextMax: number | null,
): number {
  const scaling = ropeOf(config);
  const linear = String(scaling.rope_type ?? scaling.type) === 'linear';
  const factor = linear ? within(scaling.factor, MOST_FACTOR, 1) : 1;
  const part = within(config.partial_rotary_factor ?? scaling.partial_rotary_factor, 1, 1);
  const sizes = new Set(layers.flatMap(({ mixers }) => mixers).map((mixer) => rotaryPart(mixer, part)));
  return (contextMax ?? 0) * factor * [...sizes].reduce((sum, size) => sum + size, 0);
}

const MOST_FACTOR = 256;

/** The newer field keeps one entry for each kind of layer. */
function ropeOf({ rope_parameters: rope, rope_scaling: scaling }: JsonObject): JsonObject {
  const found = isObject(rope) ? rope : isObject(scaling) ? scaling : {};
  return isObject(found.full_attention) ? found.full_attention : found;
}

function rotaryPart(mixer: Attention, part: number): number {
  if (mixer.kind === 'grouped') return mixer.headDim * part;
  if (mixer.kind === 'latent') return mixer.ropeDim;
  return 0;
}

const within = (value: unknown, most: number, otherwise: number): number =>
  typeof value === 'number' && value > 0 && value <= most ? value : otherwise;
