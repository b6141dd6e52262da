/** One session: the stream from hello to its end. Everything that a coordinator may want of this node goes through here. */
import type { Clock } from '@dsr1/shared/clock';
import { assertNever, Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { NodeIdentity } from '@dsr1/shared/identity/store';
import { fromServiceError } from '@dsr1/shared/rpc/errors';
import { sameMajor, VERSION } from '@dsr1/shared/version';
import { decodeFromCoordinator } from '@dsr1/shared/wire/codec';
import type { AgentMessage } from '@dsr1/shared/wire/generated/dsr1/v1/AgentMessage';
import type { CoordinatorMessage__Output } from '@dsr1/shared/wire/generated/dsr1/v1/CoordinatorMessage';
import type { FromCoordinator, Heartbeat, Hello, RankReport } from '@dsr1/shared/wire/messages';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { Workload } from '../workload/workload.ts';
import { createCommandHandler } from './commands.ts';
import { createOutbox } from './outbox.ts';
import { createRenewal } from './renewal.ts';
import { repeat } from './repeat.ts';
import { createStallGuard } from './stall.ts';

export interface KnownFacts {
  readonly facts: unknown;
  readonly hash: string;
}

/** What a session needs of the rest of the agent. */
export interface SessionDeps {
  readonly workload: Workload;
  /** Reports as they come; the result unsubscribes. */
  readonly onReport: (listener: (report: RankReport) => void) => () => void;
  readonly facts: {
    /** null until they were collected for the first time. */
    current(): KnownFacts | null;
    refresh(): Promise<KnownFacts>;
    /** After the first collection and after each change. */
    onChange(listener: (facts: KnownFacts) => void): () => void;
  };
  readonly heartbeat: () => Promise<Heartbeat>;
  readonly probe: (kind: string, args: unknown) => Promise<unknown>;
  readonly host: { readonly bootId: string; readonly fingerprint: string };
  /** Identity of this agent process. */
  readonly sessionId: string;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface SessionEvents {
  connected(): void;
  /** The coordinator holds the current facts. */
  factsSeen(): void;
}

export type SessionEnd =
  | { readonly kind: 'removed'; readonly reason: string }
  | { readonly kind: 'renewed'; readonly identity: NodeIdentity }
  | { readonly kind: 'lost'; readonly error: Dsr1Error; readonly wasConnected: boolean };

type Stream = ClientDuplexStream<AgentMessage, CoordinatorMessage__Output>;
type Welcome = Extract<FromCoordinator, { kind: 'welcome' }>;

const WELCOME_TIMEOUT_MS = 10_000;
/** gRPC keepalive: 10 s until the ping, 5 s for its answer. */
const PEER_PATIENCE_MS = 15_000;

/** Speaks on `stream` until it ends. Never rejects. */
export function runSession(
  stream: Stream,
  server: string,
  identity: NodeIdentity,
  deps: SessionDeps,
  events: SessionEvents,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { workload, facts, clock } = deps;
  const outbox = createOutbox(stream);
  const renewal = createRenewal(identity, deps.random());
  const { promise, resolve } = Promise.withResolvers<SessionEnd>();
  const cleanups: (() => void)[] = [];
  let connected = false;
  let over = false;
  const finish = (end: SessionEnd): void => {
    if (over) return;
    over = true;
    for (const clean of cleanups) clean();
    outbox.close();
    stream.cancel();
    resolve(end);
  };
  const fail = (thrown: unknown): void =>
    finish({ kind: 'lost', error: toDsr1Error(thrown), wasConnected: connected });

  const sendFacts = ({ facts: value, hash }: KnownFacts): void => {
    const collectedAtMs = Math.round(clock.wallMs());
    outbox.send({ kind: 'facts', hash, facts: value, collectedAtMs }, () => over || events.factsSeen());
  };
  const commands = createCommandHandler({
    workload,
    outbox,
    probe: deps.probe,
    bootId: deps.host.bootId,
    sessionId: deps.sessionId,
    monotonicMs: () => clock.monotonicMs(),
    collectFacts: async () => sendFacts(await facts.refresh()),
  });
  const beat = async (): Promise<void> => {
    outbox.heartbeat(await deps.heartbeat());
    const csrDer = await renewal.request(clock.wallMs());
    if (csrDer !== null) outbox.send({ kind: 'renew', csrDer });
  };
  const begin = (welcome: Welcome, greetedHash: string): void => {
    clearTimeout(welcomeTimer);
    if (!sameMajor(welcome.coordinatorVersion, VERSION)) {
      throw new Dsr1Error(
        'VERSION_SKEW',
        `this agent is version ${VERSION}, the coordinator ${welcome.coordinatorVersion}: their major versions must agree`,
        {
          hint: "install the coordinator's version on this node; ranks run on meanwhile",
        },
      );
    }
    connected = true;
    events.connected();
    const known = facts.current();
    if (known !== null && (welcome.sendFacts || known.hash !== greetedHash)) sendFacts(known);
    else if (known !== null) events.factsSeen();
    cleanups.push(facts.onChange(sendFacts));
    const { heartbeatIntervalMs } = welcome;
    // The first beat comes at a random moment, so that a fleet that reconnects together does not beat together.
    cleanups.push(repeat(beat, heartbeatIntervalMs * deps.random(), heartbeatIntervalMs, fail));
  };
  const receive = (message: FromCoordinator): void => {
    switch (message.kind) {
      case 'removed':
        finish(message);
        break;
      case 'welcome':
        if (!connected) begin(message, hello.factsHash);
        break;
      case 'command':
        commands.handle(message.command);
        break;
      case 'renewed':
        finish({ kind: 'renewed', identity: renewal.accept(message) });
        break;
      default:
        assertNever(message);
    }
  };

  const stall = createStallGuard(
    () => clock.monotonicMs(),
    PEER_PATIENCE_MS,
    () => fail(stoodStill()),
  );
  const welcomeTimer = setTimeout(
    () => fail(new Dsr1Error('TIMEOUT', `${server} sent no welcome within ${WELCOME_TIMEOUT_MS} ms`)),
    WELCOME_TIMEOUT_MS,
  );
  const close = (): void => fail(new Dsr1Error('COORDINATOR_UNREACHABLE', 'the agent ends'));
  signal.addEventListener('abort', close, { once: true });
  cleanups.push(
    stall.close,
    commands.close,
    () => clearTimeout(welcomeTimer),
    () => signal.removeEventListener('abort', close),
  );

  stream.on('data', (wire: CoordinatorMessage__Output) => {
    try {
      if (stall.stalled()) throw stoodStill();
      if (!over) receive(decodeFromCoordinator(wire));
    } catch (thrown) {
      fail(thrown);
    }
  });
  stream.on('error', (error: ServiceError) => fail(fromServiceError(error, server)));
  stream.on('end', () => fail(new Dsr1Error('COORDINATOR_UNREACHABLE', `${server} ended the session`)));

  const hello: Hello = {
    ...deps.host,
    agentVersion: VERSION,
    maxLeaderEpoch: workload.maxLeaderEpoch(),
    ranks: workload.reports(),
    factsHash: facts.current()?.hash ?? '',
    clockMs: Math.round(clock.wallMs()),
  };
  outbox.send({ kind: 'hello', hello });
  cleanups.push(deps.onReport(outbox.report));
  return promise;
}

const stoodStill = (): Dsr1Error =>
  new Dsr1Error(
    'TIMEOUT',
    'this agent stood still for too long: what came meanwhile is dropped, and the session begun anew',
  );
