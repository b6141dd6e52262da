/** Every legal way to put a model on the nodes at hand, smallest first, and why the first is first. */

import type { FitEngine } from './engine-rules.ts';
import { evaluate, type FitFigures, type FitQuestion } from './evaluate.ts';
import type { GpuClass } from './gpus.ts';
import { PLAIN } from './parallel.ts';
import type { ModelShape } from './shape.ts';

export interface SetNode {
  readonly name: string;
  readonly gpus: number;
  /** Null when its GPUs are not known; such a node is left out. */
  readonly gpu: GpuClass | null;
}

export interface SetOptions {
  readonly engine: FitEngine;
  readonly version: string | null;
  /** Tokens that one request must have; null = what the config allows, or less when nothing holds that. */
  readonly contextTokens: number | null;
}

export interface ModelSet {
  readonly nodes: readonly string[];
  readonly gpus: number;
  readonly tensor: number;
  readonly pipeline: number;
  readonly figures: FitFigures;
}

export interface ModelSets {
  readonly sets: readonly ModelSet[];
  /** Why the first is first, or why there is none. */
  readonly because: string;
}

/**
 * Nodes of one kind of GPU are taken together, whole nodes when more than one is needed. Fewer GPUs come before more and
 * fewer nodes before more. Across nodes one stage a node comes first, for stages pass only activations between them, then
 * one tensor group across all, then smaller stages.
 */
export function smallestSets(shape: ModelShape, nodes: readonly SetNode[], options: SetOptions): ModelSets {
  const full = setsFor(shape, nodes, options);
  if (full.sets.length > 0 || options.contextTokens !== null) return full;
  for (const contextTokens of SHORTER_CONTEXTS.filter((tokens) => tokens < (shape.contextMax ?? 0))) {
    const { sets, because } = setsFor(shape, nodes, { ...options, contextTokens });
    if (sets.length > 0)
      return { sets, because: `for ${contextTokens} of the model's ${shape.contextMax} tokens: ${because}` };
  }
  return full;
}

/** What is tried in turn when nothing holds the context that the model allows, and none was asked for. */
const SHORTER_CONTEXTS = [131_072, 32_768, 8192];

function setsFor(shape: ModelShape, nodes: readonly SetNode[], options: SetOptions): ModelSets {
  const sets = kinds(nodes).flatMap((kind) => setsOfKind(shape, kind, options));
  sets.sort(
    (a, b) =>
      a.gpus - b.gpus ||
      a.nodes.length - b.nodes.length ||
      divisionRank(a) - divisionRank(b) ||
      (b.figures.tokens ?? 0) - (a.figures.tokens ?? 0),
  );
  const [first] = sets;
  if (first === undefined) return { sets, because: noneBecause(shape, nodes) };
  const where = first.nodes.length === 1 ? 'one node' : `${first.nodes.length} nodes`;
  const division =
    first.pipeline === 1
      ? `one tensor group of ${first.tensor}`
      : `${first.pipeline} stages of ${first.tensor}, so that only stages talk across nodes`;
  return {
    sets,
    because: `fewest GPUs that hold it: ${first.gpus} on ${where}, as ${division}; ${first.figures.tokens ?? 0} tokens of cache`,
  };
}

function divisionRank({ nodes, pipeline }: ModelSet): number {
  if (pipeline === nodes.length) return 0;
  return pipeline === 1 ? 1 : 2;
}

interface Kind {
  readonly gpu: GpuClass;
  readonly perNode: number;
  readonly nodes: readonly string[];
}

function kinds(nodes: readonly SetNode[]): Kind[] {
  const found = new Map<string, { gpu: GpuClass; perNode: number; nodes: string[] }>();
  for (const { name, gpus, gpu } of nodes) {
    if (gpu === null || gpus < 1) continue;
    const key = `${gpu.name} ${gpu.memoryBytes} ${gpus}`;
    const kind = found.get(key) ?? { gpu, perNode: gpus, nodes: [] };
    kind.nodes.push(name);
    found.set(key, kind);
  }
  return [...found.values()];
}

function setsOfKind(shape: ModelShape, { gpu, perNode, nodes }: Kind, options: SetOptions): ModelSet[] {
  const most = Math.min(nodes.length, MOST_NODES);
  const counts = Array.from({ length: most }, (_, index) => index + 1);
  return counts.flatMap((count) =>
    divisions(count, perNode).flatMap(([tensor, pipeline]): ModelSet[] => {
      const question: FitQuestion = {
        shape,
        ...options,
        parallel: { ...PLAIN, tensor, pipeline },
        gpu,
        gpus: count * perNode,
        nodes: count,
        freeBytes: null,
        fraction: null,
        contextNeeded: true,
        cache: { kind: 'auto' },
        blockTokens: null,
        stepTokens: null,
        sequences: null,
      };
      const { verdict, figures } = evaluate(question);
      if (verdict !== 'fits') return [];
      return [{ nodes: nodes.slice(0, count), gpus: tensor * pipeline, tensor, pipeline, figures }];
    }),
  );
}

/** On one node any power of two; across nodes whole nodes, as one tensor group or as stages of whole nodes or of halves. */
function divisions(count: number, perNode: number): (readonly [tensor: number, pipeline: number])[] {
  if (count > 1)
    return [
      [count * perNode, 1],
      [perNode, count],
      ...(perNode % 2 === 0 ? ([[perNode / 2, count * 2]] as const) : []),
    ];
  const sizes = Array.from({ length: 10 }, (_, power) => 2 ** power).filter((size) => size < perNode);
  return [...sizes, perNode].map((size) => [size, 1] as const);
}

const MOST_NODES = 64;

function noneBecause(shape: ModelShape, nodes: readonly SetNode[]): string {
  const gpus = nodes.reduce((sum, node) => sum + (node.gpu === null ? 0 : node.gpus), 0);
  if (gpus === 0) return 'no node shows a GPU whose memory is known';
  return `no division of ${shape.family} over ${gpus} GPUs on ${nodes.length} nodes is both legal and large enough`;
}
