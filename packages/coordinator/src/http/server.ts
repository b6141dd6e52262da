/** The HTTP API: one Fastify server, everything that holds for all routes, and the route modules that main gives it. */

import { Dsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import {
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
  LogController,
} from 'fastify';
import type { KeyStore } from '../store/store.ts';
import type { ApiServer, RouteModule } from './api-server.ts';
import { requireAuthorisation } from './authorisation.ts';
import { answerErrors, EARLY_ERRORS } from './errors.ts';
import { describeApi } from './openapi.ts';
import { compileValidator } from './validation.ts';

export interface HttpServerDeps {
  readonly keys: KeyStore;
  readonly log: Logger;
  /** null: plain HTTP (loopback only, config.ts). */
  readonly tls: { readonly keyPem: string; readonly certificateChainPem: string } | null;
  readonly requestsPerMinute: number;
  /** Below `/api/v1`. */
  readonly modules: readonly RouteModule[];
  /** Without prefix: `/healthz`, `/metrics`. */
  readonly rootModules: readonly RouteModule[];
}

const BODY_LIMIT_BYTES = 1024 * 1024;
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Ready to listen. @throws INTERNAL when a route declares no authorisation */
export async function createHttpServer(deps: HttpServerDeps): Promise<ApiServer> {
  const server = fastify(serverOptions(deps)).withTypeProvider<TypeBoxTypeProvider>() as unknown as ApiServer;
  server.setValidatorCompiler(compileValidator);
  server.setSerializerCompiler(() => (value) => JSON.stringify(value));
  answerErrors(server);
  server.addHook('onRequest', async (_request, reply) => void reply.headers(SECURITY_HEADERS));
  await server.register(rateLimit, {
    global: false,
    max: deps.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) =>
      new Dsr1Error('OVERLOADED', `more than ${context.max} requests a minute from one address`, {
        hint: `try again in ${context.after}`,
      }),
  });
  // A hook of the whole server, so that wrong keys and unknown paths count too.
  server.addHook('onRequest', server.rateLimit());
  requireAuthorisation(server, deps.keys);
  server.addHook('onResponse', audit);
  await describeApi(server);
  for (const module of deps.rootModules) module(server);
  await server.register(
    async (api) => {
      for (const module of deps.modules) module(api as unknown as ApiServer);
    },
    { prefix: '/api/v1' },
  );
  await server.ready();
  return server;
}

/** Who changed what, and with which result. */
async function audit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.method === 'GET' || request.caller === null) return;
  const { caller, method, url } = request;
  request.log.info(
    { caller, method, url, status: reply.statusCode, address: request.ip },
    'change requested',
  );
}

function serverOptions(deps: HttpServerDeps): FastifyServerOptions {
  return {
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    ...EARLY_ERRORS,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    ...(deps.tls === null
      ? {}
      : { https: { key: deps.tls.keyPem, cert: deps.tls.certificateChainPem, minVersion: 'TLSv1.3' } }),
  } as FastifyServerOptions;
}
