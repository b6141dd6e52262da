/** The Docker engine's HTTP API on its socket (Docker Engine API, unversioned paths: the daemon's own version answers). */
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Dsr1Error } from '@dsr1/shared/errors';

export interface DockerAnswer {
  readonly status: number;
  /** The parsed body; null when it is empty. */
  readonly body: unknown;
}

export interface DockerApi {
  readonly socketPath: string;
  /** @throws RUNTIME_MISSING when the daemon cannot be reached, TIMEOUT */
  call(method: 'GET' | 'POST' | 'DELETE', path: string, options?: CallOptions): Promise<DockerAnswer>;
  /** A body that goes on: logs, progress. Its errors come from reading it. */
  stream(method: 'GET' | 'POST', path: string, signal?: AbortSignal): Promise<IncomingMessage>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 20_000;

export function dockerApi(socketPath: string): DockerApi {
  const send = (
    method: string,
    path: string,
    { body, signal }: { readonly body?: unknown; readonly signal?: AbortSignal | undefined },
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const content = body === undefined ? '' : JSON.stringify(body);
      const headers = {
        host: 'docker',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(content),
      };
      const options = { socketPath, path, method, headers, agent: false, ...(signal && { signal }) };
      request(options, resolve)
        .on('error', (error: NodeJS.ErrnoException) => reject(unreachable(socketPath, error)))
        .end(content);
    });
  return {
    socketPath,
    async call(method, path, { body, signal = AbortSignal.timeout(TIMEOUT_MS) } = {}) {
      const response = await send(method, path, { body, signal });
      const answer = await text(response).catch((error: NodeJS.ErrnoException) => {
        throw unreachable(socketPath, signal.aborted ? signal.reason : error);
      });
      return { status: response.statusCode ?? 0, body: answer === '' ? null : parsed(answer) };
    },
    stream: (method, path, signal) => send(method, path, { signal }),
  };
}

/** What the daemon says went wrong. */
export const messageOf = ({ status, body }: DockerAnswer): string =>
  (body as { message?: string } | null)?.message ?? `status ${status}`;

/** `/containers/json?all=1&filters={…}` */
export const query = (path: string, values: Readonly<Record<string, string>>): string =>
  `${path}?${new URLSearchParams(values)}`;

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return { message: answer.trim() };
  }
}

function unreachable(socketPath: string, error: NodeJS.ErrnoException): Error {
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return new Dsr1Error('TIMEOUT', `the Docker engine at ${socketPath} did not answer in time`);
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such socket',
    ECONNREFUSED: 'nothing listens there',
    EACCES: 'this user may not use it',
    EINVAL: 'paths of sockets end at 107 bytes',
  };
  return new Dsr1Error(
    'RUNTIME_MISSING',
    `the Docker engine cannot be reached at ${socketPath}: ${why[error.code ?? ''] ?? error.message}`,
    { hint: 'start it (systemctl start docker), and run the agent as root or in the group docker' },
  );
}
