import { ClusterEvent } from '@dsr1/shared/http-api/resources';
import { Type } from 'typebox';
import type { EventLog } from '../../events/event-log.ts';
import type { RouteModule } from '../api-server.ts';
import { streamEvents } from '../event-stream.ts';

const EventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Events with a higher sequence, oldest first (default: the newest ones).',
      }),
    ),
    deployment: Type.Optional(Type.String()),
    node: Type.Optional(Type.String({ description: 'Node name.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  },
  { additionalProperties: false },
);

const DEFAULT_LIMIT = 200;

export const eventRoutes =
  (events: EventLog): RouteModule =>
  (api) => {
    const closing = new AbortController();
    api.addHook('preClose', async () => closing.abort());
    api.get(
      '/events',
      {
        config: { authz: 'viewer' },
        schema: {
          summary: 'What happened',
          description:
            'With `Accept: text/event-stream` it goes on live; `Last-Event-ID` or `after` say from where, without a gap.',
          querystring: EventsQuery,
          response: { 200: Type.Array(ClusterEvent) },
        },
      },
      async (request, reply) => {
        const { after, limit = DEFAULT_LIMIT, ...filter } = request.query;
        if (request.headers.accept?.includes('text/event-stream') === true) {
          await streamEvents(
            events,
            filter,
            lastSeen(request.headers['last-event-id']) ?? after ?? null,
            reply,
            closing.signal,
          );
          return reply;
        }
        return [
          ...(after === undefined
            ? await events.newest(filter, limit)
            : await events.after(after, filter, limit)),
        ];
      },
    );
  };

/** Anything but a number means that the client has seen nothing. */
const lastSeen = (header: string | string[] | undefined): number | null =>
  typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null;
