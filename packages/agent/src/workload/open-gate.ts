/** Opens the gate of a rank of this node. */
import { request } from 'node:http';
import type { OpenGateAnswer, OpenGateRequest } from '@dsr1/shared/engines/gate';

const TIMEOUT_MS = 1_500;

/** Never rejects. An open gate answers the same, so it may be asked again. */
export function openGate({ address, port }: OpenGateRequest): Promise<OpenGateAnswer> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const options = { host: address, port, path: '/gate/activate', method: 'POST', agent: false, signal };
    const call = request(options, (response) => {
      response.resume();
      const { statusCode } = response;
      resolve({ because: statusCode === 200 ? null : `expected status 200, found ${statusCode}` });
    });
    call.on('error', ({ message }) =>
      resolve({ because: signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : message }),
    );
    call.end();
  });
}
