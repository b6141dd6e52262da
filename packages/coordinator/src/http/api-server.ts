/** Types of the HTTP side. A route module adds routes of one resource: `(deps) => (api) => { api.get(…) }`. */

import type { KeyRole } from '@dsr1/shared/http-api/resources';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';

/** Lowest role that may call a route; `open` ones answer anybody and say nothing. */
export type Authz = 'open' | KeyRole;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route declares it: one without stops the boot. */
    authz?: Authz;
  }
  interface FastifyRequest {
    /** Who calls, null on open routes. */
    caller: Caller | null;
  }
}

export interface Caller {
  readonly keyId: string;
  readonly role: KeyRole;
}

export type ApiServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/**
 * Adds routes below `/api/v1` (paths are without the prefix). Each names `config: { authz }` and the schemas of its
 * params, querystring, body and answers; it throws Dsr1Error for everything that goes wrong.
 */
export type RouteModule = (api: ApiServer) => void;
