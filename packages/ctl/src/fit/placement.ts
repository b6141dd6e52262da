/** A model divided over nodes, as the part of fit's question that says so. */
import type { FitQuestion } from '@dsr1/shared/models/evaluate';
import type { SetNode } from '@dsr1/shared/models/smallest-sets';

/** Flags of `dsr1ctl fit` beside the tensor size. */
export interface Division {
  readonly pp: number;
  readonly dp: number;
  readonly ep: number;
  readonly contextLength?: number;
  readonly kvCacheDtype: 'auto' | 'fp8';
  readonly memFraction?: number;
}

type Placement = Omit<FitQuestion, 'shape' | 'engine' | 'version' | 'contextTokens'>;

/** The smallest GPU of the nodes decides: every rank holds as much as the others. */
export function placement(division: Division, tensor: number, nodes: readonly SetNode[]): Placement {
  const gpus = nodes.flatMap(({ gpu }) => (gpu === null ? [] : [gpu]));
  return {
    parallel: { tensor, pipeline: division.pp, data: division.dp, expert: division.ep, redundantExperts: 0 },
    gpu: gpus.toSorted((a, b) => a.memoryBytes - b.memoryBytes)[0] ?? null,
    gpus: nodes.reduce((sum, node) => sum + node.gpus, 0),
    nodes: nodes.length,
    freeBytes: null,
    fraction: division.memFraction ?? null,
    contextNeeded: division.contextLength !== undefined,
    cache: { kind: division.kvCacheDtype },
    blockTokens: null,
    stepTokens: null,
    sequences: null,
  };
}
