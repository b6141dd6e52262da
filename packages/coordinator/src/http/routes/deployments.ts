import { DeploymentDetail, DeploymentSummary, EndpointAccess } from '@dsr1/shared/http-api/resources';
import { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { parseDeploymentSpec } from '@dsr1/shared/spec/parse';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { DeploymentService } from '../../deployments/service.ts';
import type { RouteModule } from '../api-server.ts';

const params = Type.Object({ name: Type.String() });
const removal = Type.Object({ force: Type.Optional(Type.Boolean()) }, { additionalProperties: false });

/** `/deployments`: the life of a deployment. Verbs answer 202 at once; the loop does the rest. */
export const deploymentRoutes =
  (deployments: DeploymentService): RouteModule =>
  (api) => {
    api.post(
      '/deployments',
      {
        config: { authz: 'operator' },
        schema: { summary: 'Deploy', body: DeploymentSpec, response: { 202: DeploymentDetail } },
      },
      async (request, reply) =>
        reply.code(202).send(await deployments.deploy(parseDeploymentSpec(request.body), callerOf(request))),
    );
    api.get(
      '/deployments',
      {
        config: { authz: 'viewer' },
        schema: { summary: 'All deployments', response: { 200: Type.Array(DeploymentSummary) } },
      },
      async () => [...(await deployments.list())],
    );
    api.get(
      '/deployments/:name',
      {
        config: { authz: 'viewer' },
        schema: {
          summary: 'One deployment with its plan and ranks',
          params,
          response: { 200: DeploymentDetail },
        },
      },
      async (request) => deployments.get(request.params.name),
    );
    api.get(
      '/deployments/:name/access',
      {
        config: { authz: 'operator' },
        schema: { summary: 'Endpoint and key for clients', params, response: { 200: EndpointAccess } },
      },
      async (request) => deployments.access(request.params.name),
    );
    for (const verb of ['start', 'stop'] as const) {
      api.post(
        `/deployments/:name/${verb}`,
        {
          config: { authz: 'operator' },
          schema: { summary: `${verb} a deployment`, params, response: { 202: DeploymentDetail } },
        },
        async (request, reply) =>
          reply.code(202).send(await deployments[verb](request.params.name, callerOf(request))),
      );
    }
    api.delete(
      '/deployments/:name',
      {
        config: { authz: 'operator' },
        schema: {
          summary: 'Remove a stopped deployment, or with force=true stop and remove it',
          params,
          querystring: removal,
          response: { 200: DeploymentSummary },
        },
      },
      async (request) =>
        deployments.remove(request.params.name, request.query.force ?? false, callerOf(request)),
    );
  };

const callerOf = (request: FastifyRequest): string => `key ${request.caller?.keyId ?? 'none'}`;
