/** Configuration of dsr1-coordinator (docs/config.md). */
import { type Static, Type } from 'typebox';

const port = (value: number, description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: value,
    description: `${description} (0 = any free one).`,
  });

export const CoordinatorConfig = Type.Object(
  {
    stateDir: Type.String({
      default: '/var/lib/dsr1-coordinator',
      description: 'Database, CA and admin key; made with mode 0700.',
    }),
    clusterName: Type.String({
      default: 'default',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
      description: 'Name for people; set at the first start.',
    }),
    listen: Type.String({ default: '0.0.0.0', description: 'Address that all three ports listen on.' }),
    httpPort: port(7440, 'HTTP API'),
    joinPort: port(
      7441,
      'Enrolment of nodes by token, the only port that answers without a client certificate',
    ),
    sessionPort: port(7442, 'Node sessions, mutual TLS only'),
    advertise: Type.Array(Type.String(), {
      default: [],
      description:
        'Host names or addresses by which nodes and people reach this coordinator, the first in the join line (default: the host name and all addresses).',
    }),
    httpTls: Type.Boolean({
      default: true,
      description:
        'Serve the HTTP API with a certificate of the cluster CA. Off is allowed on a loopback address only: keys must not travel in clear.',
    }),
    heartbeatIntervalMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 60_000,
      description: 'What nodes are asked for; silence of three makes a node suspect.',
    }),
    lostAfterMs: Type.Integer({
      default: 90_000,
      minimum: 500,
      description: 'Silence that makes a node lost.',
    }),
    certificateTtlSeconds: Type.Integer({
      default: 7 * 86_400,
      minimum: 2,
      description: 'Lifetime of node certificates; nodes renew at half of it.',
    }),
    eventsKept: Type.Integer({ default: 50_000, minimum: 100, description: 'Newest events that are kept.' }),
    requestsPerMinute: Type.Integer({
      default: 1200,
      minimum: 1,
      description: 'HTTP requests of one address a minute.',
    }),
    joinsPerMinute: Type.Integer({
      default: 300,
      minimum: 1,
      description: 'Enrolments of one address a minute.',
    }),
    logLevel: Type.Union(
      [Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')],
      {
        default: 'info',
        description: 'Lowest level that is logged (JSON lines on stderr).',
      },
    ),
  },
  { additionalProperties: false },
);
export type CoordinatorConfig = Static<typeof CoordinatorConfig>;
