/** A node that says exactly what a test tells it to, over a real mutual-TLS stream. */

import type { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeIdentity } from '@dsr1/shared/identity/store';
import { CLIENT_OPTIONS, clientCredentials } from '@dsr1/shared/rpc/channel';
import { fromServiceError } from '@dsr1/shared/rpc/errors';
import { VERSION } from '@dsr1/shared/version';
import { decodeFromCoordinator, encodeFromAgent } from '@dsr1/shared/wire/codec';
import type { AgentMessage } from '@dsr1/shared/wire/generated/dsr1/v1/AgentMessage';
import type { CoordinatorMessage__Output } from '@dsr1/shared/wire/generated/dsr1/v1/CoordinatorMessage';
import type { FromAgent, FromCoordinator, Hello } from '@dsr1/shared/wire/messages';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { type Cluster, eventually, services } from './cluster.ts';

export type WireNode = ReturnType<typeof connectNode>;

export const aHello = (over: Partial<Hello> = {}): Hello => ({
  bootId: 'boot-1',
  agentVersion: VERSION,
  fingerprint: 'print',
  maxLeaderEpoch: 0,
  ranks: [],
  factsHash: '',
  clockMs: Date.now(),
  ...over,
});

/** Opens the stream; nothing is said yet. */
export function connectNode(
  cluster: Cluster,
  identity: Pick<NodeIdentity, 'privateKeyPem' | 'certificatePem'> | null,
) {
  const { caPem, coordinator } = cluster;
  const credentials = clientCredentials({ caPem, clusterId: coordinator.clusterId, identity });
  const client = new services.Node(`127.0.0.1:${coordinator.ports.session}`, credentials, CLIENT_OPTIONS);
  const stream = client.session() as ClientDuplexStream<AgentMessage, CoordinatorMessage__Output>;
  const received: FromCoordinator[] = [];
  const ended = Promise.withResolvers<Dsr1Error>();
  stream.on('data', (wire: CoordinatorMessage__Output) => received.push(decodeFromCoordinator(wire)));
  stream.on('error', (error: ServiceError) => {
    ended.resolve(fromServiceError(error, 'coordinator'));
    client.close();
  });
  stream.on('end', () => client.close());
  const say = (message: FromAgent) => void stream.write(encodeFromAgent(message));
  const next = <K extends FromCoordinator['kind']>(kind: K) =>
    eventually(() => {
      const at = received.findIndex((message) => message.kind === kind);
      return at < 0 ? null : (received.splice(at, 1)[0] as Extract<FromCoordinator, { kind: K }>);
    }, `a ${kind}`);
  return {
    say,
    next,
    stream,
    /** The error with which the coordinator ended the stream. */
    ended: ended.promise,
    hello: async (over: Partial<Hello> = {}) => {
      say({ kind: 'hello', hello: aHello(over) });
      return next('welcome');
    },
    heartbeat: (sequence = 1) =>
      say({
        kind: 'heartbeat',
        heartbeat: { sequence, clockMs: Date.now(), load1: 0, memoryAvailableBytes: 1e9, gpus: [] },
      }),
    leave: () => {
      stream.end();
      stream.cancel();
      client.close();
    },
  };
}
