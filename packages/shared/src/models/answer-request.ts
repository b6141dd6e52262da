/** The one answer to a fit request, whoever asks: `dsr1ctl fit` on its own, or the HTTP API with the nodes' facts. */
import { Dsr1Error } from '../errors.ts';
import { fit } from './fit.ts';
import { type FitRequest, type FitResponse, fitBody, setsBody } from './fit-body.ts';
import { gpuByName } from './gpus.ts';
import { placement } from './placement.ts';
import type { ModelShape } from './shape.ts';
import { type SetNode, smallestSets } from './smallest-sets.ts';

export function answerRequest(
  request: FitRequest,
  shape: ModelShape,
  nodes: readonly SetNode[],
): FitResponse {
  const asked = {
    engine: request.engine ?? 'sglang',
    version: request.engineVersion ?? null,
    contextTokens: request.contextTokens ?? null,
  } as const;
  if (request.tensor === undefined) return setsBody(smallestSets(shape, nodes, asked));
  return fitBody(fit({ shape, ...asked, ...placement(request, request.tensor, nodes) }));
}

/** GPUs by name, as the nodes that would hold them. @throws INVALID_ARGUMENT for a GPU that is not known */
export function imaginedNodes(
  name: string,
  { count = 1, gpusPerNode = 8 }: Pick<FitRequest, 'count' | 'gpusPerNode'>,
): SetNode[] {
  const gpu = gpuByName(name);
  if (gpu === null)
    throw new Dsr1Error('INVALID_ARGUMENT', `expected the name of a GPU, found ${name}`, {
      hint: 'H100, H200, H20, A100, L40S, RTX4090, MI300X and others are known; or say its size: `--gpu 48GiB`',
    });
  return Array.from({ length: Math.ceil(count / gpusPerNode) }, (_, index) => ({
    name: `node${index + 1}`,
    gpus: Math.min(gpusPerNode, count - index * gpusPerNode),
    gpu,
  }));
}
