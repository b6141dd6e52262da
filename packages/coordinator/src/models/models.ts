/** Models on the nodes, as people ask for them. Nodes remember; the coordinator only asks and compares. */
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { DeploymentDetail, DeploymentSummary } from '@dsr1/shared/http-api/resources';
import type { ModelOnNode, ModelPullRequest, ModelReport, ModelRequest } from '@dsr1/shared/weights/api';
import { ModelInspection, ModelStatus } from '@dsr1/shared/weights/model';
import type { ModelQuery } from '@dsr1/shared/weights/query';
import { Type } from 'typebox';
import type { NodeHub, NodeView } from '../nodes/hub.ts';
import { createAskModel } from './ask.ts';
import { differencesOfContents, differencesOfFiles, type InspectedNode } from './differences.ts';

export interface Models {
  /** Every model that an online node remembers, or the one at `path`. */
  list(path: string | null): Promise<readonly ModelOnNode[]>;
  /** Begins on every node, or goes on. */
  pull(request: ModelPullRequest): Promise<readonly ModelOnNode[]>;
  /** Begins to read everything on every node. */
  verify(request: ModelRequest): Promise<readonly ModelOnNode[]>;
  /** Headers now, and contents as the last full checks read them; differences between the nodes. */
  check(request: ModelRequest): Promise<ModelReport>;
  /** @throws DEPLOYMENT_RUNNING when one uses it */
  remove(request: ModelRequest): Promise<readonly ModelOnNode[]>;
}

export interface ModelsDeps {
  readonly hub: Pick<NodeHub, 'nodes' | 'send'>;
  readonly deployments: {
    list(): Promise<readonly DeploymentSummary[]>;
    get(name: string): Promise<DeploymentDetail>;
  };
}

export function createModels({ hub, deployments }: ModelsDeps): Models {
  const ask = createAskModel(hub);
  const askAll = (nodes: readonly NodeView[], query: ModelQuery): Promise<readonly ModelOnNode[]> =>
    Promise.all(nodes.map(({ id, name }) => told(name, ask(id, query, ModelStatus))));
  const online = () => hub.nodes().filter(({ state, sessionId }) => state === 'online' && sessionId !== null);

  return {
    async list(path) {
      if (path !== null) return askAll(online(), { op: 'status', path });
      const lists = online().map(async ({ id, name }): Promise<readonly ModelOnNode[]> => {
        try {
          const models = await ask(id, { op: 'list' }, Type.Array(ModelStatus));
          return models.map((status) => ({ node: name, status, failure: null }));
        } catch (thrown) {
          return [failureOf(name, thrown)];
        }
      });
      return (await Promise.all(lists)).flat();
    },
    pull({ path, nodes, source, endpoint = null, token = null }) {
      return askAll(targets(hub.nodes(), nodes, online), { op: 'pull', path, source, endpoint, token });
    },
    verify: async ({ path, nodes }) => askAll(targets(hub.nodes(), nodes, online), { op: 'verify', path }),
    async check({ path, nodes }) {
      const inspected: InspectedNode[] = [];
      const looks = targets(hub.nodes(), nodes, online).map(async ({ id, name }): Promise<ModelOnNode> => {
        try {
          const inspection = await ask(id, { op: 'inspect', path }, ModelInspection);
          inspected.push({ id, node: name, inspection });
          const status = withInspection(await ask(id, { op: 'status', path }, ModelStatus), inspection);
          return { node: name, status, failure: null };
        } catch (thrown) {
          return failureOf(name, thrown);
        }
      });
      const found = await Promise.all(looks);
      inspected.sort((a, b) => (a.node < b.node ? -1 : 1));
      const differences = [
        ...differencesOfFiles(inspected),
        ...(await differencesOfContents(path, inspected, ask)),
      ];
      return { path, nodes: [...found], differences };
    },
    async remove({ path, nodes }) {
      await refuseInUse(path, deployments);
      return askAll(targets(hub.nodes(), nodes, online), { op: 'remove', path });
    },
  };
}

/** The named nodes, whether they answer or not; all that are online when none is named. @throws NODE_NOT_FOUND */
function targets(
  nodes: readonly NodeView[],
  names: readonly string[] | undefined,
  online: () => readonly NodeView[],
): readonly NodeView[] {
  if (names !== undefined) {
    return names.map((name) => {
      const node = nodes.find((one) => one.name === name || one.id === name);
      if (node === undefined)
        throw new Dsr1Error('NODE_NOT_FOUND', `no node is called ${name}`, { hint: 'dsr1ctl node list' });
      return node;
    });
  }
  const found = online();
  if (found.length > 0) return found;
  throw new Dsr1Error('NODE_OFFLINE', 'no node is online', { hint: 'dsr1ctl node list' });
}

async function refuseInUse(path: string, deployments: ModelsDeps['deployments']): Promise<void> {
  const live = (await deployments.list()).filter(({ state }) => state !== 'stopped' && state !== 'failed');
  for (const { name } of live) {
    const { spec } = await deployments.get(name);
    if (spec.model?.path !== path) continue;
    throw new Dsr1Error('DEPLOYMENT_RUNNING', `deployment ${name} uses ${path}`, {
      hint: `dsr1ctl stop ${name}`,
    });
  }
}

/** What is seen now, and what full checks found in the contents. */
const withInspection = (
  status: ModelStatus,
  { files, bytes, fingerprint, problems }: ModelInspection,
): ModelStatus => {
  const seen = new Set(problems.map(({ message }) => message));
  const earlier = status.problems.filter(({ message }) => !seen.has(message));
  return { ...status, files: files.length, bytes, fingerprint, problems: [...problems, ...earlier] };
};

async function told(node: string, answer: Promise<ModelStatus>): Promise<ModelOnNode> {
  try {
    return { node, status: await answer, failure: null };
  } catch (thrown) {
    return failureOf(node, thrown);
  }
}

function failureOf(node: string, thrown: unknown): ModelOnNode {
  const { code, message, hint } = toDsr1Error(thrown);
  return { node, status: null, failure: { code, message, hint } };
}
