/** Does a model fit, asked by people: with the nodes' facts, and with a model that lies on the nodes. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { answerRequest, imaginedNodes } from '@dsr1/shared/models/answer-request';
import type { FitRequest, FitResponse } from '@dsr1/shared/models/fit-body';
import { knownConfig, nearestName } from '@dsr1/shared/models/known/known-models';
import { modelShape, readModelFiles } from '@dsr1/shared/models/model-files';
import { readModel } from '@dsr1/shared/models/read-model';
import { gpuNode, setNode } from '@dsr1/shared/models/set-node';
import type { ModelShape } from '@dsr1/shared/models/shape';
import type { SetNode } from '@dsr1/shared/models/smallest-sets';
import type { NodeHub, NodeView } from '../nodes/hub.ts';
import { plannedModel } from './planned-model.ts';

/** @throws NODE_NOT_FOUND, NOT_FOUND for the model or GPUs of a named node, CONFIG_INVALID, INVALID_ARGUMENT */
export type AnswerFit = (request: FitRequest) => Promise<FitResponse>;

export const createFit =
  (hub: Pick<NodeHub, 'nodes' | 'send'>): AnswerFit =>
  async (request) => {
    const { model, nodes: names, gpu } = request;
    const usable = hub
      .nodes()
      .filter(({ state, cordoned, sessionId }) => state === 'online' && sessionId !== null && !cordoned);
    const named = names?.map((name) => findNode(hub.nodes(), name));
    const shape = model.startsWith('/')
      ? await shapeOnNodes(hub, model, named ?? usable)
      : publishedShape(model);
    return answerRequest(request, shape, gpu === undefined ? at(named, usable) : imaginedNodes(gpu, request));
  };

/** Named nodes must show their GPUs; of the others those that do not are left out by the sets themselves. */
const at = (named: readonly NodeView[] | undefined, usable: readonly NodeView[]): SetNode[] =>
  named?.map(({ name, facts }) => gpuNode(name, facts)) ??
  usable.map(({ name, facts }) => setNode(name, facts)).filter(({ gpu }) => gpu !== null);

function findNode(nodes: readonly NodeView[], name: string): NodeView {
  const found = nodes.find((node) => node.name === name || node.id === name);
  if (found !== undefined) return found;
  throw new Dsr1Error('NODE_NOT_FOUND', `no node is called ${name}`, { hint: 'dsr1ctl node list' });
}

async function shapeOnNodes(
  hub: Pick<NodeHub, 'send'>,
  path: string,
  nodes: readonly NodeView[],
): Promise<ModelShape> {
  const files = await plannedModel(hub, path, nodes);
  if ('unknown' in files)
    throw new Dsr1Error('NOT_FOUND', files.unknown, {
      hint: 'give the absolute path of a model folder on the nodes (`dsr1ctl model ls`), or a published name',
    });
  return modelShape(readModelFiles(files), path);
}

function publishedShape(name: string): ModelShape {
  const config = knownConfig(name);
  if (config !== null) return modelShape(readModel(config), name);
  const near = nearestName(name);
  throw new Dsr1Error('NOT_FOUND', `no published model is called ${name}`, {
    hint: near === null ? 'give the absolute path of its folder on the nodes' : `did you mean ${near}?`,
  });
}
