import { toDsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import { toServiceError } from '@dsr1/shared/rpc/errors';
import type { EnrollmentHandlers } from '@dsr1/shared/wire/generated/dsr1/v1/Enrollment';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { EnrolReply, EnrolRequest } from '../join/enrol.ts';
import { peerAddress } from './peer.ts';

export interface EnrolmentServiceDeps {
  readonly enrol: (request: EnrolRequest) => Promise<EnrolReply>;
  /** Throws OVERLOADED. */
  readonly limit: (address: string) => void;
  readonly clusterId: string;
  readonly caPem: string;
  readonly sessionPort: () => number;
  readonly log: Logger;
}

/** The one service that callers without a certificate reach. */
export function enrolmentService(
  deps: EnrolmentServiceDeps,
): EnrollmentHandlers & UntypedServiceImplementation {
  return {
    Enroll: (call, callback) => {
      const { request } = call;
      const address = peerAddress(call);
      const answer = async () => {
        deps.limit(address);
        const reply = await deps.enrol(request);
        deps.log.info({ address, nodeId: reply.nodeId, node: reply.nodeName }, 'node enrolled');
        const { clusterId, caPem } = deps;
        return { ...reply, clusterId, caPem, sessionPort: deps.sessionPort() };
      };
      answer().then(
        (reply) => callback(null, reply),
        (thrown: unknown) => {
          const error = toDsr1Error(thrown);
          deps.log.warn(
            { address, tokenId: request.tokenId, code: error.code, reason: error.message },
            'enrolment refused',
          );
          callback(toServiceError(error));
        },
      );
    },
  };
}
