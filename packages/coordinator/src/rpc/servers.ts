/** The two gRPC listeners: enrolment (server certificate only, nothing else on it) and sessions (mutual TLS). */

import { Dsr1Error } from '@dsr1/shared/errors';
import { SERVER_OPTIONS } from '@dsr1/shared/rpc/channel';
import type { Services } from '@dsr1/shared/rpc/services';
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

export interface ServerIdentity {
  readonly keyPem: string;
  readonly certificateChainPem: string;
}

export interface GrpcServer {
  readonly port: number;
  /** Ends all streams at once. */
  close(): void;
}

/** A request for a certificate is about 1 KiB. */
const ENROLMENT_MESSAGE_BYTES = 64 * 1024;

/** @throws PORT_TAKEN */
export function startEnrolmentServer(
  services: Services,
  implementation: UntypedServiceImplementation,
  options: { readonly listen: string; readonly port: number; readonly identity: ServerIdentity },
): Promise<GrpcServer> {
  const server = new Server({
    ...SERVER_OPTIONS,
    'grpc.max_receive_message_length': ENROLMENT_MESSAGE_BYTES,
  });
  server.addService(services.Enrollment.service as ServiceDefinition, implementation);
  return start(server, ServerCredentials.createSsl(null, [pairOf(options.identity)], false), options);
}

/** @throws PORT_TAKEN */
export function startSessionServer(
  services: Services,
  implementation: UntypedServiceImplementation,
  options: {
    readonly listen: string;
    readonly port: number;
    readonly identity: ServerIdentity;
    readonly caPem: string;
  },
): Promise<GrpcServer> {
  const server = new Server(SERVER_OPTIONS);
  server.addService(services.Node.service as ServiceDefinition, implementation);
  return start(
    server,
    ServerCredentials.createSsl(Buffer.from(options.caPem), [pairOf(options.identity)], true),
    options,
  );
}

const pairOf = ({ keyPem, certificateChainPem }: ServerIdentity) => ({
  private_key: Buffer.from(keyPem),
  cert_chain: Buffer.from(certificateChainPem),
});

async function start(
  server: Server,
  credentials: ServerCredentials,
  { listen, port }: { readonly listen: string; readonly port: number },
): Promise<GrpcServer> {
  const host = listen.includes(':') ? `[${listen}]` : listen;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(`${host}:${port}`, credentials, (error, bound) =>
    error === null ? resolve(bound) : reject(portError(listen, port, error)),
  );
  return { port: await promise, close: () => server.forceShutdown() };
}

export const portError = (listen: string, port: number, cause: Error): Dsr1Error =>
  new Dsr1Error('PORT_TAKEN', `the coordinator cannot listen on ${listen}:${port} (${cause.message})`, {
    cause,
    hint: `see who has it with \`ss -ltnp 'sport = :${port}'\`, or choose another port or address (dsr1-coordinator --print-config shows the settings)`,
  });
