import { PlanResult } from '@dsr1/shared/plan/model';
import { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { parseDeploymentSpec } from '@dsr1/shared/spec/parse';
import type { DeploymentService } from '../../deployments/service.ts';
import type { RouteModule } from '../api-server.ts';

/** `POST /plans`: what a deployment would do, and why. Stores nothing. */
export const planRoutes =
  (deployments: Pick<DeploymentService, 'plan'>): RouteModule =>
  (api) => {
    api.post(
      '/plans',
      {
        config: { authz: 'viewer' },
        schema: { summary: 'Plan without launching', body: DeploymentSpec, response: { 200: PlanResult } },
      },
      async (request) => deployments.plan(parseDeploymentSpec(request.body)),
    );
  };
