/** Default-deny: a route that declares no role stops the boot, and every request is checked before its body is read. */
import { Dsr1Error } from '@dsr1/shared/errors';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { authenticate, roleAllows } from '../keys/api-keys.ts';
import type { KeyStore } from '../store/store.ts';
import type { ApiServer, Authz } from './api-server.ts';

/** Must be called before any route is added. There is no exemption for loopback. */
export function requireAuthorisation(server: ApiServer, keys: KeyStore): void {
  server.decorateRequest('caller', null);
  server.addHook('onRoute', refuseUndeclared);
  server.addHook('onRequest', async (request) => {
    // Unknown paths come here too, without a declared role: they need a key like all others.
    const needed: Authz = request.routeOptions.config.authz ?? 'viewer';
    if (needed === 'open') return;
    const { id: keyId, role } = await authenticate(keys, keyOf(request));
    request.caller = { keyId, role };
    if (roleAllows(role, needed)) return;
    throw new Dsr1Error(
      'FORBIDDEN',
      `${request.method} ${request.routeOptions.url ?? request.url} needs role ${needed}, the key has ${role}`,
      {
        hint: `use a key with role ${needed}`,
        details: { needed, role },
      },
    );
  });
}

function refuseUndeclared(route: RouteOptions): void {
  if (route.config?.authz !== undefined) return;
  throw new Dsr1Error('INTERNAL', `route ${String(route.method)} ${route.url} declares no authorisation`);
}

/**
 * `Authorization: Bearer KEY`. A browser may read with Basic and the key as the password, to open the docs page; it may
 * not change anything that way, since it sends a remembered password along with the requests of foreign pages too.
 */
function keyOf(request: FastifyRequest): string {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() === 'basic' && request.method === 'GET') {
    const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(value, 'base64').toString('utf8')) ?? [];
    return password;
  }
  throw new Dsr1Error('UNAUTHENTICATED', 'the request carries no API key', {
    hint: 'send it as `Authorization: Bearer dsr1_…`',
  });
}
