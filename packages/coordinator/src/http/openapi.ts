/** The OpenAPI document is made of the routes' own schemas; the page shows it without a script. */

import { ErrorBody } from '@dsr1/shared/errors';
import { VERSION } from '@dsr1/shared/version';
import swagger from '@fastify/swagger';
import type { ApiServer } from './api-server.ts';
import { renderDocs } from './docs-page.ts';

/** Must be called after authorisation is required and before any other route is added. */
export async function describeApi(server: ApiServer): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'dsr1 coordinator',
        version: VERSION,
        description: 'Nodes, plans and deployments of one cluster.',
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key: dsr1_<id>_<secret>.' },
        },
      },
      security: [{ key: [] }],
    },
    // The lowest role is part of the contract, and every error has one shape.
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        'x-role': route.config?.authz,
        response: { ...(schema?.response as object | undefined), default: ErrorBody },
      } as typeof schema,
      url,
    }),
  });
  server.get(
    '/api/v1/openapi.json',
    { config: { authz: 'viewer' }, schema: { summary: 'This document' } },
    async () => server.swagger(),
  );
  server.get(
    '/api/v1/docs',
    { config: { authz: 'viewer' }, schema: { summary: 'This document as a page' } },
    async (_request, reply) => reply.type('text/html; charset=utf-8').send(renderDocs(server.swagger())),
  );
}
