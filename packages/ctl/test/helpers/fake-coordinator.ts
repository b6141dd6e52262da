/** An HTTP server that answers as a coordinator would: every route returns what the test says. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { fastify } from 'fastify';
import type { Test } from 'tap';
import { saveContext } from '../../src/context/contexts-file.ts';

export const KEY = 'dsr1_test_key';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** `GET /nodes` → answer, a function of the request, or an error to answer with. Text answers are sent as they are. */
export type Routes = Readonly<Record<string, unknown>>;

/** Serves `routes` under /api/v1 and writes a context for it into `home`. */
export async function fakeCoordinator(
  t: Test,
  home: string,
  routes: Routes,
  tls?: { key: string; cert: string; ca: string },
) {
  const received: Received[] = [];
  const server = fastify({ https: tls ? { key: tls.key, cert: tls.cert } : null });
  server.setNotFoundHandler(async (request, reply) => {
    if (request.headers.authorization !== `Bearer ${KEY}`) {
      const refusal = new Dsr1Error('UNAUTHENTICATED', 'the API key is unknown or revoked', {
        hint: 'take a valid key',
      });
      return reply.code(401).send(refusal.toBody());
    }
    const [path = ''] = request.url.split('?');
    received.push({ method: request.method, path: request.url, body: request.body });
    const route = routes[`${request.method} ${path.replace('/api/v1', '')}`];
    const answer = typeof route === 'function' ? await route(request) : route;
    if (answer === undefined) {
      return reply.code(404).send(new Dsr1Error('NOT_FOUND', `no route ${path}`).toBody());
    }
    if (answer instanceof Dsr1Error) return reply.code(answer.entry.http).send(answer.toBody());
    if (typeof answer === 'string') return reply.type('text/plain').send(answer);
    return reply.send(answer);
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => server.close());
  saveContext(`${home}/.config/dsr1/contexts.yaml`, 'test', {
    server: address,
    key: KEY,
    ...(tls ? { ca: tls.ca } : {}),
  });
  return { received, address };
}
