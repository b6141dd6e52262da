/** One bidirectional stream per node. The first message is its hello; all later ones are handled in order, one at a time. */
import { randomUUID } from 'node:crypto';
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import { toServiceError } from '@dsr1/shared/rpc/errors';
import { sameMajor, VERSION } from '@dsr1/shared/version';
import { decodeFromAgent, encodeFromCoordinator } from '@dsr1/shared/wire/codec';
import type { AgentMessage__Output } from '@dsr1/shared/wire/generated/dsr1/v1/AgentMessage';
import type { CoordinatorMessage } from '@dsr1/shared/wire/generated/dsr1/v1/CoordinatorMessage';
import type { NodeHandlers } from '@dsr1/shared/wire/generated/dsr1/v1/Node';
import type { FromAgent, Hello } from '@dsr1/shared/wire/messages';
import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { NodeSession } from '../nodes/record.ts';
import type { SessionHub } from '../nodes/session-hub.ts';
import type { CertificateRow } from '../store/store.ts';
import { type AdmissionDeps, admitPeer, checkStillAdmitted } from './admission.ts';
import { peerNode } from './peer.ts';

export interface SessionServiceDeps extends AdmissionDeps {
  readonly hub: SessionHub;
  /** A new certificate for the same node and a new key. */
  readonly renew: (
    nodeId: string,
    csrDer: Uint8Array,
  ) => Promise<{ readonly certificatePem: string; readonly caPem: string }>;
  readonly clusterId: string;
  readonly log: Logger;
}

type Stream = ServerDuplexStream<AgentMessage__Output, CoordinatorMessage>;

/** A peer that opens a stream and says nothing is cut after this time. */
const HELLO_TIMEOUT_MS = 10_000;

export function sessionService(deps: SessionServiceDeps): NodeHandlers & UntypedServiceImplementation {
  return { Session: (stream) => void serve(deps, stream) };
}

async function serve(deps: SessionServiceDeps, stream: Stream): Promise<void> {
  const close = closerOf(stream);
  // A stream that breaks is an end like any other; `close` and `end` tell.
  stream.on('error', () => {});
  try {
    const certificate = await admitPeer(deps, peerNode(stream, deps.clusterId));
    listen(deps, stream, certificate, close);
  } catch (thrown) {
    refuse(deps, stream, close, toDsr1Error(thrown));
  }
}

/** Nothing was read before: the stream hands over its messages from the first on. */
function listen(
  deps: SessionServiceDeps,
  stream: Stream,
  certificate: CertificateRow,
  close: (reason: Dsr1Error) => void,
): void {
  const { nodeId } = certificate;
  let session: NodeSession | null = null;
  let queue = Promise.resolve();
  const helloTimer = setTimeout(
    () => close(new Dsr1Error('TIMEOUT', `no hello within ${HELLO_TIMEOUT_MS} ms`)),
    HELLO_TIMEOUT_MS,
  );

  const handle = async (message: FromAgent): Promise<void> => {
    checkStillAdmitted(deps, certificate);
    if (session === null) {
      session = await begin(deps, stream, certificate, close, message);
      clearTimeout(helloTimer);
    } else if (message.kind === 'renew') {
      session.send({ kind: 'renewed', ...(await deps.renew(nodeId, message.csrDer)) });
    } else {
      await deps.hub.receive(nodeId, session, message);
    }
  };
  const over = () => {
    clearTimeout(helloTimer);
    queue = queue.then(() => {
      if (session !== null) deps.hub.detach(nodeId, session);
      session = null;
    });
  };
  stream.on('data', (wire: AgentMessage__Output) => {
    queue = queue
      .then(() => handle(decodeFromAgent(wire)))
      .catch((thrown: unknown) => refuse(deps, stream, close, toDsr1Error(thrown)));
  });
  stream.once('end', () => {
    stream.end();
    over();
  });
  stream.once('cancelled', over);
  stream.once('error', over);
}

async function begin(
  deps: SessionServiceDeps,
  stream: Stream,
  certificate: CertificateRow,
  close: (reason: Dsr1Error) => void,
  message: FromAgent,
): Promise<NodeSession> {
  if (message.kind !== 'hello')
    throw new Dsr1Error('INVALID_ARGUMENT', `the first message is ${message.kind}, expected hello`);
  const { hello } = message;
  checkVersion(hello);
  const session: NodeSession = {
    id: randomUUID(),
    bootId: hello.bootId,
    fingerprint: hello.fingerprint,
    certificateGeneration: certificate.generation,
    send: (out) => {
      if (stream.writable) stream.write(encodeFromCoordinator(out));
    },
    close,
  };
  const welcome = await deps.hub.attach(certificate.nodeId, session, hello);
  session.send(welcome);
  return session;
}

function checkVersion({ agentVersion }: Hello): void {
  if (sameMajor(agentVersion, VERSION)) return;
  throw new Dsr1Error(
    'VERSION_SKEW',
    `the agent is version ${agentVersion}, the coordinator ${VERSION}: their major versions must agree`,
    {
      hint: 'install the version of the coordinator on this node',
    },
  );
}

/** A removed node is told so over the channel that only its coordinator can hold; any other refusal changes nothing there. */
function refuse(
  deps: SessionServiceDeps,
  stream: Stream,
  close: (reason: Dsr1Error) => void,
  error: Dsr1Error,
): void {
  deps.log.warn(
    { peer: stream.getPeer(), code: error.code, reason: error.message },
    'session ended by the coordinator',
  );
  if (error.code === 'NODE_REMOVED' && stream.writable) {
    stream.write(encodeFromCoordinator({ kind: 'removed', reason: error.message }));
  }
  close(error);
}

/** Sends the error as the stream's status, once. */
function closerOf(stream: Stream): (reason: Dsr1Error) => void {
  let closed = false;
  return (reason) => {
    if (closed) return;
    closed = true;
    stream.emit('error', toServiceError(reason));
  };
}
