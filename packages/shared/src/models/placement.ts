/** A model divided over nodes, as the part of fit's question that says so. */
import type { FitQuestion } from './evaluate.ts';
import type { FitRequest } from './fit-body.ts';
import type { SetNode } from './smallest-sets.ts';

type Division = Pick<FitRequest, 'pipeline' | 'data' | 'expert' | 'contextTokens' | 'cache' | 'fraction'>;
type Placement = Omit<FitQuestion, 'shape' | 'engine' | 'version' | 'contextTokens'>;

/** The smallest GPU of the nodes decides: every rank holds as much as the others. */
export function placement(division: Division, tensor: number, nodes: readonly SetNode[]): Placement {
  const gpus = nodes.flatMap(({ gpu }) => (gpu === null ? [] : [gpu]));
  const { pipeline = 1, data = 1, expert = 1, contextTokens, cache = 'auto', fraction = null } = division;
  return {
    parallel: { tensor, pipeline, data, expert, redundantExperts: 0 },
    gpu: gpus.toSorted((a, b) => a.memoryBytes - b.memoryBytes)[0] ?? null,
    gpus: nodes.reduce((sum, node) => sum + node.gpus, 0),
    nodes: nodes.length,
    freeBytes: null,
    fraction,
    contextNeeded: contextTokens !== undefined,
    cache: { kind: cache },
    blockTokens: null,
    stepTokens: null,
    sequences: null,
  };
}
