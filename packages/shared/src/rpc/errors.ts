/** Dsr1Error over gRPC: the status code of the error table, and the body as binary metadata. */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { Dsr1Error, isErrorCode, toDsr1Error } from '../errors.ts';

const BODY_KEY = 'dsr1-error-bin';

/** What a server handler hands to its callback or emits on a stream. */
export function toServiceError(thrown: unknown): Pick<ServiceError, 'code' | 'details' | 'metadata'> {
  const error = toDsr1Error(thrown);
  const metadata = new Metadata();
  metadata.set(
    BODY_KEY,
    Buffer.from(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })),
  );
  return { code: error.entry.grpc, details: asciiOf(error.message), metadata };
}

/** The Dsr1Error that a peer sent, or one that says why there was no answer. `peer` is an address for the message. */
export function fromServiceError(error: ServiceError, peer: string): Dsr1Error {
  const sent = error.metadata?.get(BODY_KEY)[0];
  const body = Buffer.isBuffer(sent) ? parseBody(sent) : null;
  if (body !== null)
    return new Dsr1Error(body.code, body.message, body.hint === null ? {} : { hint: body.hint });
  if (error.code === status.DEADLINE_EXCEEDED) {
    return new Dsr1Error('TIMEOUT', `no answer from ${peer} within the time limit`, { cause: error });
  }
  if (error.code === status.UNAVAILABLE || error.code === status.CANCELLED) {
    return new Dsr1Error('COORDINATOR_UNREACHABLE', `no connection to ${peer}: ${error.details}`, {
      cause: error,
      hint: 'check that the coordinator runs, and that this host may reach that port',
    });
  }
  return new Dsr1Error('INTERNAL', `${peer} answered with gRPC status ${error.code}: ${error.details}`, {
    cause: error,
  });
}

function parseBody(bytes: Buffer) {
  try {
    const { code, message, hint } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (typeof code !== 'string' || !isErrorCode(code) || typeof message !== 'string') return null;
    return { code, message, hint: typeof hint === 'string' ? hint : null };
  } catch {
    return null;
  }
}

const asciiOf = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
