import { FitRequest, FitResponse } from '@dsr1/shared/models/fit-body';
import type { AnswerFit } from '../../models/fit.ts';
import type { RouteModule } from '../api-server.ts';

/** `POST /fit`: whether a model fits, with the arithmetic; without a tensor size every division that does. */
export const fitRoutes =
  (answer: AnswerFit): RouteModule =>
  (api) => {
    api.post(
      '/fit',
      {
        config: { authz: 'viewer' },
        schema: {
          summary: 'Does a model fit on nodes or GPUs',
          body: FitRequest,
          response: { 200: FitResponse },
        },
      },
      (request) => answer(request.body),
    );
  };
