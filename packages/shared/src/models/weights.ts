/** Parameters and bytes, whole and on one GPU, by part and by pipeline stage. */
import type { EngineRules } from './engine-rules.ts';
import {
  embeddingMatrix,
  headMatrix,
  layerMatrices,
  type Matrix,
  type Part,
  perLayerMatrices,
  rotaryMatrix,
  visionMatrix,
} from './matrices.ts';
import { type Groups, groupsOf, type Parallel, stageLayers } from './parallel.ts';
import { formatOf, type Quantisation } from './quantisation.ts';
import { hasExperts, type Layer, type ModelShape } from './shape.ts';

export interface PartSize {
  readonly part: Part;
  readonly parameters: number;
  /** Bytes of the whole part, stored once. */
  readonly bytes: number;
  /** Bytes on one GPU of each pipeline stage. */
  readonly stageBytes: readonly number[];
}

export interface Weights {
  readonly parameters: number;
  readonly bytes: number;
  /** Bytes on one GPU of each pipeline stage. */
  readonly stageBytes: readonly number[];
  readonly parts: readonly PartSize[];
}

export function modelWeights(shape: ModelShape, parallel: Parallel, rules: EngineRules): Weights {
  const experts = hasExperts(shape);
  const groups = groupsOf(parallel, rules.engine, experts);
  const sums = new PartSums(shape, parallel, groups, rules.absorbed);
  let layer = 0;
  for (const [stage, count] of stageLayers(
    shape.layers.length,
    parallel.pipeline,
    rules.remainder,
  ).entries()) {
    for (const item of shape.layers.slice(layer, layer + count)) sums.addLayer(item, layer++, stage);
  }
  const last = parallel.pipeline - 1;
  sums.add(embeddingMatrix(shape), 0, null);
  if (!shape.tied) sums.add(headMatrix(shape), last, null);
  else if (last > 0) sums.copy(embeddingMatrix(shape), last);
  for (const matrix of [...perLayerMatrices(shape), ...visionMatrix(shape)]) sums.add(matrix, 0, null);
  const rotary = rotaryMatrix(shape, rules.wideRotary);
  for (let stage = 0; shape.rotaryElements > 0 && stage <= last; stage++) sums.add(rotary, stage, null);
  return sums.result();
}

/** Bytes of `outputs × inputs` weights with their scales. */
export function matrixBytes(
  matrix: Matrix,
  outputs: number,
  inputs: number,
  shape: Pick<ModelShape, 'elementBytes' | 'quantisation'>,
  layer: number | null,
): number {
  const format = formatOf(shape.quantisation, matrix.module, matrix.name, layer);
  if (format === null || matrix.elementBytes !== undefined)
    return outputs * inputs * (matrix.elementBytes ?? shape.elementBytes);
  const groups =
    Math.ceil(outputs / format.groupOutputs) * Math.max(1, Math.ceil(inputs / format.groupInputs));
  return (outputs * inputs * format.bits) / 8 + groups * format.scaleBytes;
}

/** Outputs and inputs of a matrix on one GPU, and how many of its copies are there. */
export function shareOf(matrix: Matrix, groups: Groups, redundantExperts: number) {
  const { outputs, inputs, copies, cut } = matrix;
  const ways = cut === 'whole' ? 1 : groupSize(matrix, groups);
  if (cut === 'expert-outputs' || cut === 'expert-inputs') {
    const local = Math.ceil((copies + redundantExperts) / groups.expertSpread);
    const width = Math.ceil((cut === 'expert-outputs' ? outputs : inputs) / groups.expertCut);
    return cut === 'expert-outputs'
      ? { outputs: width, inputs, copies: local }
      : { outputs, inputs: width, copies: local };
  }
  if (cut === 'vocabulary') return { outputs: Math.ceil(paddedVocabulary(outputs) / ways), inputs, copies };
  if (cut === 'kv') return { outputs: outputs / Math.min(matrix.heads ?? 1, ways), inputs, copies };
  if (cut === 'outputs') return { outputs: outputs / ways, inputs, copies };
  return { outputs, inputs: cut === 'inputs' ? inputs / ways : inputs, copies };
}

/** Rows that both engines divide: the vocabulary in whole 64 (layers/vocab_parallel_embedding.py). */
export const paddedVocabulary = (rows: number): number => Math.ceil(rows / 64) * 64;

function groupSize({ group }: Matrix, groups: Groups): number {
  if (group === 'attention') return groups.attention;
  if (group === 'dense') return groups.dense;
  if (group === 'vocabulary') return groups.vocabulary;
  return group === 'head' ? groups.head : groups.expertCut;
}

class PartSums {
  readonly #parts = new Map<Part, { parameters: number; bytes: number; stageBytes: number[] }>();
  readonly #layers = new Map<Layer, readonly Matrix[]>();
  readonly #bytes = new Map<Matrix, readonly [whole: number, share: number]>();
  readonly #shape: ModelShape;
  readonly #parallel: Parallel;
  readonly #groups: Groups;
  readonly #absorbed: EngineRules['absorbed'];
  readonly #byLayer: boolean;

  constructor(shape: ModelShape, parallel: Parallel, groups: Groups, absorbed: EngineRules['absorbed']) {
    this.#shape = shape;
    this.#parallel = parallel;
    this.#groups = groups;
    this.#absorbed = absorbed;
    this.#byLayer = namesLayers(shape.quantisation);
  }

  addLayer(layer: Layer, index: number, stage: number): void {
    let matrices = this.#layers.get(layer);
    if (matrices === undefined) {
      const kept = ({ derived }: Matrix) => derived === undefined || derived === this.#absorbed;
      matrices = layerMatrices(layer, this.#shape).filter(kept);
      this.#layers.set(layer, matrices);
    }
    for (const matrix of matrices) this.add(matrix, stage, index);
  }

  add(matrix: Matrix, stage: number, layer: number | null): void {
    const [whole, share] = this.#sizes(matrix, layer);
    const sum = this.#part(matrix.part);
    if (matrix.derived === undefined) {
      sum.parameters += matrix.outputs * matrix.inputs * matrix.copies;
      sum.bytes += whole;
    }
    sum.stageBytes[stage] = (sum.stageBytes[stage] ?? 0) + share;
  }

  /** A second copy of a tied embedding, on the last stage. */
  copy(matrix: Matrix, stage: number): void {
    const sum = this.#part('head');
    sum.stageBytes[stage] = (sum.stageBytes[stage] ?? 0) + this.#sizes(matrix, null)[1];
  }

  result(): Weights {
    const parts = [...this.#parts].map(([part, sum]) => ({ part, ...sum }));
    const total = (pick: (part: PartSize) => number) => parts.reduce((sum, part) => sum + pick(part), 0);
    const stages = Array.from({ length: this.#parallel.pipeline }, (_, stage) =>
      total((part) => part.stageBytes[stage] ?? 0),
    );
    return {
      parameters: total((part) => part.parameters),
      bytes: total((part) => part.bytes),
      stageBytes: stages,
      parts,
    };
  }

  #sizes(matrix: Matrix, layer: number | null): readonly [number, number] {
    const cached = this.#byLayer ? undefined : this.#bytes.get(matrix);
    if (cached !== undefined) return cached;
    const bytes = (outputs: number, inputs: number) =>
      matrixBytes(matrix, outputs, inputs, this.#shape, layer);
    const share = shareOf(matrix, this.#groups, this.#parallel.redundantExperts);
    const [outputs, inputs] = padded(matrix, share.outputs, share.inputs, this.#shape.quantisation);
    const sizes = [
      bytes(matrix.outputs, matrix.inputs) * matrix.copies,
      bytes(outputs, inputs) * share.copies,
    ] as const;
    this.#bytes.set(matrix, sizes);
    return sizes;
  }

  #part(part: Part) {
    const found = this.#parts.get(part);
    if (found !== undefined) return found;
    const sum = {
      parameters: 0,
      bytes: 0,
      stageBytes: Array.from({ length: this.#parallel.pipeline }, () => 0),
    };
    this.#parts.set(part, sum);
    return sum;
  }
}

/**
 * Kernels for 4-bit float experts want the hidden side in whole 256 and the cut side in whole 64
 * (vllm fused_moe/oracle/mxfp4.py, sglang quantization/mxfp4.py; gpt-oss: 2880 becomes 3072).
 */
function padded(
  { cut, module }: Matrix,
  outputs: number,
  inputs: number,
  { experts }: Quantisation,
): [number, number] {
  const up = (size: number, unit: number) => Math.ceil(size / unit) * unit;
  if (!experts.padded || module !== 'experts') return [outputs, inputs];
  return cut === 'expert-outputs' ? [up(outputs, 64), up(inputs, 256)] : [up(outputs, 256), up(inputs, 64)];
}

const namesLayers = ({ ignored }: Quantisation): boolean => ignored.some(({ layer }) => layer !== null);
