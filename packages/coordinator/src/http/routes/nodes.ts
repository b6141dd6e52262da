import { CollectedNode, CollectRequest } from '@dsr1/shared/fabric/collect/model';
import { NodeDetail, NodeSummary } from '@dsr1/shared/http-api/resources';
import { Type } from 'typebox';
import type { CollectFabricTexts } from '../../nodes/fabric-texts.ts';
import type { NodeOperations } from '../../nodes/operations.ts';
import type { RouteModule } from '../api-server.ts';
import { NodeParams } from '../params.ts';

const RemoveQuery = Type.Object(
  { force: Type.Optional(Type.Boolean({ description: 'Also when it runs ranks.' })) },
  { additionalProperties: false },
);

export const nodeRoutes =
  (nodes: NodeOperations, fabricTexts: CollectFabricTexts): RouteModule =>
  (api) => {
    const one = { params: NodeParams, response: { 200: NodeSummary } };
    const detail = { params: NodeParams, response: { 200: NodeDetail } };
    api.get(
      '/nodes',
      {
        config: { authz: 'viewer' },
        schema: { summary: 'All nodes, by name', response: { 200: Type.Array(NodeSummary) } },
      },
      async () => [...(await nodes.list())],
    );
    api.get(
      '/nodes/:node',
      { config: { authz: 'viewer' }, schema: { summary: 'One node with its facts', ...detail } },
      (request) => nodes.show(request.params.node),
    );
    api.post(
      '/nodes/:node/cordon',
      { config: { authz: 'operator' }, schema: { summary: 'Gives it no new ranks', ...one } },
      (request) => nodes.cordon(request.params.node),
    );
    api.post(
      '/nodes/:node/uncordon',
      {
        config: { authz: 'operator' },
        schema: { summary: 'Gives it new ranks again, also after a quarantine', ...one },
      },
      (request) => nodes.uncordon(request.params.node),
    );
    api.post(
      '/nodes/:node/collect',
      { config: { authz: 'operator' }, schema: { summary: 'Collects its facts now', ...detail } },
      (request) => nodes.collect(request.params.node),
    );
    api.post(
      '/nodes/:node/fabric-texts',
      {
        config: { authz: 'operator' },
        schema: {
          summary: 'What its tools and sysfs say of its fabric, for a support bundle',
          params: NodeParams,
          body: CollectRequest,
          response: { 200: CollectedNode },
        },
      },
      (request) => fabricTexts(request.params.node, request.body.mask),
    );
    api.delete(
      '/nodes/:node',
      {
        config: { authz: 'admin' },
        schema: {
          summary: 'Revokes its certificates and cuts its session',
          querystring: RemoveQuery,
          ...one,
        },
      },
      (request) => nodes.remove(request.params.node, request.query.force ?? false),
    );
  };
