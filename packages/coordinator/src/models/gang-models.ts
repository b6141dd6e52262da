/** Do all nodes of a gang hold the same model? Each may be whole and still be another revision. */
import type { RankPlan } from '@dsr1/shared/plan/model';
import type { ModelDifference } from '@dsr1/shared/weights/api';
import { ModelInspection } from '@dsr1/shared/weights/model';
import { modelPathOf } from '@dsr1/shared/weights/plan-model';
import type { NodeHub } from '../nodes/hub.ts';
import { createAskModel } from './ask.ts';
import { differencesOfFiles, type InspectedNode } from './differences.ts';

/**
 * The first file that differs, by names, sizes and headers; null when all is equal, or cannot be asked: a node that
 * does not answer here has refused its prepare, or is too old to tell.
 */
export async function gangModelDifference(
  hub: Pick<NodeHub, 'send'>,
  ranks: readonly RankPlan[],
): Promise<ModelDifference | null> {
  if (ranks.length < 2) return null;
  const ask = createAskModel(hub);
  const looks = ranks.map(async (plan): Promise<readonly InspectedNode[]> => {
    const path = modelPathOf(plan);
    if (path === null) return [];
    return ask(plan.nodeId, { op: 'inspect', path }, ModelInspection).then(
      (inspection) => [{ id: plan.nodeId, node: plan.nodeName, inspection }],
      () => [],
    );
  });
  return differencesOfFiles((await Promise.all(looks)).flat())[0] ?? null;
}
