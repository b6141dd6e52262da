import { toDsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import { toServiceError } from '@dsr1/shared/rpc/errors';
import type { EnrollmentHandlers } from '@dsr1/shared/wire/generated/dsr1/v1/Enrollment';
import type { StatusObject, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { EnrolReply, EnrolRequest } from '../join/enrol.ts';
import type { RenewExpiredRequest } from '../join/renew-expired.ts';
import { peerAddress } from './peer.ts';

export interface EnrolmentServiceDeps {
  readonly enrol: (request: EnrolRequest) => Promise<EnrolReply>;
  readonly renewExpired: (
    request: RenewExpiredRequest,
  ) => Promise<{ readonly certificatePem: string; readonly caPem: string }>;
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
  /** Limits the caller, and turns what is thrown into a status. */
  const guarded = <Reply>(
    call: Parameters<typeof peerAddress>[0],
    about: Readonly<Record<string, unknown>>,
    callback: (error: Partial<StatusObject> | null, reply?: Reply) => void,
    work: () => Promise<Reply>,
  ): void => {
    const address = peerAddress(call);
    const answer = async (): Promise<Reply> => {
      deps.limit(address);
      return work();
    };
    answer().then(
      (reply) => callback(null, reply),
      (thrown: unknown) => {
        const error = toDsr1Error(thrown);
        deps.log.warn({ address, ...about, code: error.code, reason: error.message }, 'enrolment refused');
        callback(toServiceError(error));
      },
    );
  };
  return {
    Enroll: (call, callback) =>
      guarded(call, { tokenId: call.request.tokenId }, callback, async () => {
        const reply = await deps.enrol(call.request);
        deps.log.info({ nodeId: reply.nodeId, node: reply.nodeName }, 'node enrolled');
        const { clusterId, caPem } = deps;
        return { ...reply, clusterId, caPem, sessionPort: deps.sessionPort() };
      }),
    RenewExpired: (call, callback) => guarded(call, {}, callback, () => deps.renewExpired(call.request)),
  };
}
