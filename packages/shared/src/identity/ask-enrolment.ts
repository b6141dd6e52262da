import type { ServiceError } from '@grpc/grpc-js';
import { Dsr1Error } from '../errors.ts';
import { CLIENT_OPTIONS, clientCredentials } from '../rpc/channel.ts';
import { fromServiceError } from '../rpc/errors.ts';
import type { Services } from '../rpc/services.ts';

export interface EnrolmentServer {
  /** `host:port` */
  readonly address: string;
  readonly caPem: string;
  /** null before the cluster is known: any coordinator under that CA. */
  readonly clusterId: string | null;
}

type Client = InstanceType<Services['Enrollment']>;

/** One call to the enrolment service, without a client certificate. @throws what it answers, COORDINATOR_UNREACHABLE, TIMEOUT */
export async function askEnrolment<Reply>(
  services: Services,
  { address, caPem, clusterId }: EnrolmentServer,
  timeoutMs: number,
  call: (
    client: Client,
    options: { readonly deadline: number },
    done: (error: ServiceError | null, reply?: Reply) => void,
  ) => unknown,
): Promise<Reply> {
  const credentials = clientCredentials({ caPem, clusterId, identity: null });
  const client = new services.Enrollment(address, credentials, CLIENT_OPTIONS);
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  try {
    call(client, { deadline: Date.now() + timeoutMs }, (error, reply) => {
      if (error !== null) reject(fromServiceError(error, address));
      else if (reply === undefined)
        reject(new Dsr1Error('INTERNAL', `${address} answered without a message`));
      else resolve(reply);
    });
    return await promise;
  } finally {
    client.close();
  }
}
