/** Nodes of the cluster that could take a model. */
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { FitEngine } from '@dsr1/shared/models/engine-rules';
import { setNode } from '@dsr1/shared/models/set-node';
import type { SetNode } from '@dsr1/shared/models/smallest-sets';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { Api } from '../client/api.ts';

export interface Host {
  readonly node: SetNode;
  readonly facts: NodeFacts | null;
}

/** Online and not cordoned, as `asked` narrows them: its head first, then those without deployments. */
export async function hostsAtHand(
  api: Api,
  { nodes: wish, gpusPerNode }: Partial<DeploymentSpec>,
): Promise<Host[]> {
  const usable = (await api.nodes()).filter(
    ({ name, state, cordoned }) =>
      state === 'online' &&
      !cordoned &&
      (wish?.names?.includes(name) ?? true) &&
      !wish?.exclude?.includes(name),
  );
  const isHead = (name: string) => Number(name === wish?.head);
  usable.sort((a, b) => isHead(b.name) - isHead(a.name) || a.deployments.length - b.deployments.length);
  const hosts = usable.map(async ({ name }) => {
    const { facts } = await api.node(name);
    const node = setNode(name, facts);
    return { facts, node: { ...node, gpus: Math.min(node.gpus, gpusPerNode ?? node.gpus) } };
  });
  return Promise.all(hosts);
}

export const installs = ({ facts }: Host, engine: FitEngine) =>
  probed(facts?.engines, []).filter((install) => install.engine === engine);
