/** One HTTP request to a coordinator, over TLS that trusts the pinned CA and nothing else. */
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import { Dsr1Error } from '@dsr1/shared/errors';
import { checkCoordinator } from '@dsr1/shared/rpc/names';
import type { Target } from '../context/select-context.ts';
import { contextText } from '../text/context.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With query. */
  readonly path: string;
  readonly accept: string;
  readonly body?: unknown;
  /** Until the answer's head; the body of a stream may take as long as it likes. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Resolves with the answer's head. @throws COORDINATOR_UNREACHABLE, CA_MISMATCH, TIMEOUT */
export async function sendRequest(target: Target, request: HttpRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  const options = {
    method: request.method,
    headers: {
      accept: request.accept,
      authorization: `Bearer ${target.apiKey}`,
      ...(body === null
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
  };
  const url = new URL(request.path, target.server);
  const outgoing =
    target.caPem === null
      ? requestPlain(url, options)
      : requestTls(url, { ...options, ca: target.caPem, checkServerIdentity });
  const timer = setTimeout(() => {
    reject(new Dsr1Error('TIMEOUT', contextText.timeout(target.server.origin, request.timeoutMs)));
    outgoing.destroy();
  }, request.timeoutMs);
  outgoing.once('response', (answer) => {
    // Who reads the body sees its errors; this keeps an abort between two reads from being an uncaught one.
    answer.on('error', () => {});
    resolve(answer);
  });
  // Without an error: the socket may be back in the agent's pool, where nobody listens (as with Node's `signal` option).
  const abort = () => void outgoing.destroy();
  request.signal.addEventListener('abort', abort);
  outgoing.once('close', () => request.signal.removeEventListener('abort', abort));
  outgoing.on('error', (cause) => reject(connectionError(target.server.origin, cause)));
  outgoing.end(body ?? undefined);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** By its URI name, in the pinned CA's word: addresses may change. */
function checkServerIdentity(_host: string, certificate: PeerCertificate): Error | undefined {
  const error = checkCoordinator(certificate, null);
  return error && Object.assign(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
}

/** Why there is no answer, from an error of Node's network stack. */
export function connectionError(server: string, cause: NodeJS.ErrnoException): Dsr1Error {
  if (isTrustFailure(cause.code ?? '')) {
    return new Dsr1Error('CA_MISMATCH', contextText.caMismatch(server, cause.message), {
      cause,
      hint: contextText.caMismatchHint,
    });
  }
  return new Dsr1Error(
    'COORDINATOR_UNREACHABLE',
    contextText.unreachable(server, cause.code ?? cause.message),
    {
      cause,
      hint: contextText.unreachableHint,
    },
  );
}

/** OpenSSL's verification codes (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const isTrustFailure = (code: string): boolean =>
  /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|PATH_LENGTH)/.test(code);
