import { ModelOnNode, ModelPullRequest, ModelReport, ModelRequest } from '@dsr1/shared/weights/api';
import { Type } from 'typebox';
import type { Models } from '../../models/models.ts';
import type { RouteModule } from '../api-server.ts';

const Listing = Type.Array(ModelOnNode);
const query = Type.Object(
  { path: Type.Optional(Type.String({ description: 'Only the model in this folder.' })) },
  { additionalProperties: false },
);

/** `/models`: begun work answers at once; `GET /models?path=` says how far it is. */
export const modelRoutes =
  (models: Models): RouteModule =>
  (api) => {
    api.get(
      '/models',
      {
        config: { authz: 'viewer' },
        schema: { summary: 'Models on the nodes', querystring: query, response: { 200: Listing } },
      },
      async (request) => [...(await models.list(request.query.path ?? null))],
    );
    api.post(
      '/models/pull',
      {
        config: { authz: 'operator' },
        schema: {
          summary: 'Fetch a model from a hub on nodes',
          body: ModelPullRequest,
          response: { 202: Listing },
        },
      },
      async (request, reply) => reply.code(202).send([...(await models.pull(request.body))]),
    );
    api.post(
      '/models/verify',
      {
        config: { authz: 'operator' },
        schema: {
          summary: 'Read every byte of a model on nodes',
          body: ModelRequest,
          response: { 202: Listing },
        },
      },
      async (request, reply) => reply.code(202).send([...(await models.verify(request.body))]),
    );
    api.post(
      '/models/check',
      {
        config: { authz: 'operator' },
        schema: {
          summary: 'Headers of a model on nodes, and differences between them',
          body: ModelRequest,
          response: { 200: ModelReport },
        },
      },
      (request) => models.check(request.body),
    );
    api.post(
      '/models/remove',
      {
        config: { authz: 'operator' },
        schema: {
          summary: 'Forget a model; files only if dsr1 fetched them',
          body: ModelRequest,
          response: { 200: Listing },
        },
      },
      async (request) => [...(await models.remove(request.body))],
    );
  };
