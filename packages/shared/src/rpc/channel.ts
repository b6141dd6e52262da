/** How gRPC connections are kept alive and secured, the same on both sides. */

import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { checkCoordinator, SERVER_NAME } from './names.ts';

/** Largest message: facts of a host with 16 HCAs × 256 GIDs are about 1 MiB of JSON. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const common = {
  // A peer that vanished without a FIN is noticed after at most 15 s; without this the stream stays open for ever.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
} as const;

export const SERVER_OPTIONS: ChannelOptions = { ...common };

export const CLIENT_OPTIONS: ChannelOptions = {
  ...common,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.ssl_target_name_override': SERVER_NAME,
  // The session retries by its own rules; channels are made anew for each try.
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
};

export interface ClientTls {
  readonly caPem: string;
  /** null while joining: the cluster's id is not known before the reply. */
  readonly clusterId: string | null;
  /** null on the enrolment port, which asks for none. */
  readonly identity: { readonly privateKeyPem: string; readonly certificatePem: string } | null;
}

/** Credentials that trust `caPem` only and take the server by its URI name, not by host name or address. */
export function clientCredentials(tls: ClientTls): ChannelCredentials {
  return credentials.createSsl(
    Buffer.from(tls.caPem),
    tls.identity === null ? null : Buffer.from(tls.identity.privateKeyPem),
    tls.identity === null ? null : Buffer.from(tls.identity.certificatePem),
    { checkServerIdentity: (_host, certificate) => checkCoordinator(certificate, tls.clusterId) },
  );
}
