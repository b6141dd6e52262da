import { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { LogService } from '../../deployments/logs.ts';
import type { RouteModule } from '../api-server.ts';

const params = Type.Object({ name: Type.String() });
const query = Type.Object(
  {
    rank: Type.Optional(Type.Integer({ minimum: 0 })),
    process: Type.Optional(Type.String()),
    lines: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
    follow: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** `GET /deployments/:name/logs`: the log of one rank as chunked text, live with `follow=true`. */
export const logRoutes =
  (logs: LogService): RouteModule =>
  (api) => {
    api.get(
      '/deployments/:name/logs',
      {
        config: { authz: 'viewer' },
        schema: { summary: 'Log of one rank', params, querystring: query, produces: ['text/plain'] },
      },
      async (request, reply) => {
        const { rank = 0, process = null, lines = 200, follow = false } = request.query;
        const gone = new AbortController();
        // Clients that leave, and the server that closes, both end the tail on the node.
        reply.raw.once('close', () => gone.abort());
        const chunks = await logs.open(
          { name: request.params.name, rank, process, lines, follow },
          gone.signal,
        );
        return reply.type('text/plain; charset=utf-8').send(Readable.from(chunks, { objectMode: false }));
      },
    );
  };
