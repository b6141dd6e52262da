import { CheckReport, CheckRequest } from '@dsr1/shared/fabric/check/model';
import { FabricPicture } from '@dsr1/shared/fabric/show/picture';
import { Type } from 'typebox';
import type { Checks } from '../../checks/checks.ts';
import type { RouteModule } from '../api-server.ts';

const params = Type.Object({ id: Type.String() });

/** `/checks`: tests between the nodes of a gang. Starting answers at once; the report fills while it runs. */
export const checkRoutes =
  (checks: Checks): RouteModule =>
  (api) => {
    api.post(
      '/checks',
      {
        config: { authz: 'operator' },
        schema: {
          summary: 'Check the network between nodes, or of a deployment',
          body: CheckRequest,
          response: { 202: CheckReport },
        },
      },
      async (request, reply) => reply.code(202).send(await checks.start(request.body)),
    );
    api.post(
      '/fabric',
      {
        config: { authz: 'viewer' },
        schema: {
          summary: 'Nodes and rails as a launch would take them now',
          body: CheckRequest,
          response: { 200: FabricPicture },
        },
      },
      (request) => checks.picture(request.body),
    );
    api.get(
      '/checks/:id',
      {
        config: { authz: 'viewer' },
        schema: { summary: 'One check, as far as it is', params, response: { 200: CheckReport } },
      },
      async (request) => checks.get(request.params.id),
    );
  };
