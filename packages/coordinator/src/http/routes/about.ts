import { VersionInfo } from '@dsr1/shared/http-api/resources';
import type { Registry as MetricsRegistry } from 'prom-client';
import { Type } from 'typebox';
import type { RouteModule } from '../api-server.ts';

export const versionRoute =
  (version: VersionInfo): RouteModule =>
  (api) => {
    api.get(
      '/version',
      {
        config: { authz: 'viewer' },
        schema: { summary: 'Version and cluster', response: { 200: VersionInfo } },
      },
      async () => version,
    );
  };

/** Without a prefix. `/healthz` is the only open route and says nothing else. */
export const rootRoutes =
  (metrics: MetricsRegistry): RouteModule =>
  (server) => {
    server.get(
      '/healthz',
      {
        config: { authz: 'open' },
        schema: { summary: 'Alive', response: { 200: Type.Object({ ok: Type.Literal(true) }) } },
      },
      async () => ({ ok: true as const }),
    );
    server.get(
      '/metrics',
      { config: { authz: 'viewer' }, schema: { summary: 'Prometheus text' } },
      async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
    );
  };
