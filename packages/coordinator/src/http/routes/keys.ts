import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import { CreatedKey, KeyRequest, KeySummary } from '@dsr1/shared/http-api/resources';
import { Type } from 'typebox';
import { createApiKey } from '../../keys/api-keys.ts';
import type { KeyRow, KeyStore } from '../../store/store.ts';
import type { RouteModule } from '../api-server.ts';
import { IdParams } from '../params.ts';

export const keyRoutes =
  ({ keys, clock }: { readonly keys: KeyStore; readonly clock: Clock }): RouteModule =>
  (api) => {
    api.post(
      '/keys',
      {
        config: { authz: 'admin' },
        schema: {
          summary: 'Makes an API key; the only answer that shows it',
          body: KeyRequest,
          response: { 200: CreatedKey },
        },
      },
      async (request) => {
        const { role, note = '' } = request.body;
        const { row, key } = await createApiKey(keys, { role, note, nowMs: clock.wallMs() });
        return { ...summary(row), key };
      },
    );
    api.get(
      '/keys',
      {
        config: { authz: 'admin' },
        schema: { summary: 'All API keys', response: { 200: Type.Array(KeySummary) } },
      },
      async () => (await keys.list()).map(summary),
    );
    api.delete(
      '/keys/:id',
      {
        config: { authz: 'admin' },
        schema: { summary: 'Revokes an API key', params: IdParams, response: { 200: KeySummary } },
      },
      async (request) => {
        const { id } = request.params;
        if (id === request.caller?.keyId) {
          throw new Dsr1Error('INVALID_ARGUMENT', 'a key cannot revoke itself', {
            hint: 'use another admin key',
          });
        }
        const row = await keys.revoke(id, clock.wallMs());
        if (row === null)
          throw new Dsr1Error('NOT_FOUND', `no key has id ${id}`, { hint: 'GET /api/v1/keys lists all' });
        return summary(row);
      },
    );
  };

const summary = (row: KeyRow): KeySummary => ({
  id: row.id,
  role: row.role,
  note: row.note,
  createdAt: new Date(row.createdAtMs).toISOString(),
  revoked: row.revokedAtMs !== null,
});
