/** What the nodes say of a model folder: the first that has it answers for all (prepare compares them). */
import { toDsr1Error } from '@dsr1/shared/errors';
import type { PlannedModel } from '@dsr1/shared/models/plan-fit';
import { ModelConfig } from '@dsr1/shared/weights/model';
import type { NodeHub } from '../nodes/hub.ts';
import { createAskModel } from './ask.ts';

/** Never throws: a node that does not tell leaves the model unknown, with its reason. Asks at most three, one after the other. */
export async function plannedModel(
  hub: Pick<NodeHub, 'send'>,
  path: string,
  nodes: readonly { readonly id: string; readonly name: string }[],
): Promise<PlannedModel> {
  const ask = createAskModel(hub, TIMEOUT_MS);
  let unknown = `no node has config.json in ${path}`;
  for (const { id, name } of nodes.slice(0, MOST_ASKED)) {
    try {
      const { config, storedBytes } = await ask(id, { op: 'config', path }, ModelConfig);
      if (config !== null) return { config, storedBytes };
      unknown = `${name} has no config.json in ${path}`;
    } catch (thrown) {
      unknown = `${name} did not tell of ${path}: ${toDsr1Error(thrown).message}`;
    }
  }
  return { unknown };
}

const TIMEOUT_MS = 3_000;
const MOST_ASKED = 3;
