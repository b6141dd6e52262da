import { CreatedToken, TokenRequest, TokenSummary } from '@dsr1/shared/http-api/resources';
import { Type } from 'typebox';
import type { Tokens } from '../../join/tokens.ts';
import type { RouteModule } from '../api-server.ts';
import { IdParams } from '../params.ts';

export const tokenRoutes =
  (tokens: Tokens): RouteModule =>
  (api) => {
    api.post(
      '/tokens',
      {
        config: { authz: 'admin' },
        schema: {
          summary: 'Makes a join token; the only answer that shows it',
          body: TokenRequest,
          response: { 200: CreatedToken },
        },
      },
      (request) => tokens.create(request.body, request.caller?.keyId ?? ''),
    );
    api.get(
      '/tokens',
      {
        config: { authz: 'admin' },
        schema: { summary: 'All join tokens', response: { 200: Type.Array(TokenSummary) } },
      },
      async () => [...(await tokens.list())],
    );
    api.delete(
      '/tokens/:id',
      {
        config: { authz: 'admin' },
        schema: { summary: 'Revokes a join token', params: IdParams, response: { 200: TokenSummary } },
      },
      (request) => tokens.revoke(request.params.id),
    );
  };
