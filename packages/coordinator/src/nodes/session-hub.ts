/** The hub over live sessions: rpc/ attaches streams and hands their messages in, the rest of the coordinator uses NodeHub. */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import { VERSION } from '@dsr1/shared/version';
import type { FromAgent, FromCoordinator, Hello } from '@dsr1/shared/wire/messages';
import type { EventLog } from '../events/event-log.ts';
import type { Store } from '../store/store.ts';
import { remember } from './bookkeeping.ts';
import { type Commands, createCommands, failed } from './commands.ts';
import type { DuplicateWatch } from './duplicates.ts';
import { createDuplicateWatch } from './duplicates.ts';
import { takeFacts } from './facts-intake.ts';
import type { NodeHub } from './hub.ts';
import type { LeaderEpoch } from './leader-epoch.ts';
import { type NodeRecord, type NodeSession, rankKey } from './record.ts';
import type { Registry } from './registry.ts';

export interface SessionHub extends NodeHub {
  /** The session said hello: it is the node's session from now on. Returns the answer. @throws NODE_REMOVED */
  attach(
    nodeId: string,
    session: NodeSession,
    hello: Hello,
  ): Promise<Extract<FromCoordinator, { kind: 'welcome' }>>;
  /** Every later message but `renew`, in order. */
  receive(nodeId: string, session: NodeSession, message: FromAgent): Promise<void>;
  /** The stream ended, for whatever reason. */
  detach(nodeId: string, session: NodeSession): void;
  /** Looks for nodes that fell silent; call it about once a second. */
  tick(): void;
}

export interface SessionHubDeps {
  readonly registry: Registry;
  readonly store: Pick<Store, 'nodes' | 'certificates'>;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly leader: LeaderEpoch;
  readonly log: Logger;
  readonly heartbeatIntervalMs: number;
}

/** Beyond this the times in a node's logs mislead; certificates still allow for minutes. */
const CLOCK_SKEW_WARNING_MS = 5_000;

export function createSessionHub(deps: SessionHubDeps): SessionHub {
  const { registry } = deps;
  const commands = createCommands(deps.leader.current);
  const duplicates = createDuplicateWatch(deps);

  return {
    nodes: () => registry.all().map((record) => registry.view(record)),
    onChange: (listener) => registry.onChange(listener),
    async send(nodeId, command, timeoutMs) {
      const record = registry.byId(nodeId);
      if (record?.session == null)
        return failed('', 'NODE_OFFLINE', `node ${record?.row.name ?? nodeId} has no live session`);
      return commands.send(record.session, command, timeoutMs);
    },
    tailLog(nodeId, { deployment, epoch, ...request }, signal) {
      const session = registry.byId(nodeId)?.session;
      if (session == null)
        throw new Dsr1Error(
          'NODE_OFFLINE',
          `node ${registry.byId(nodeId)?.row.name ?? nodeId} has no live session`,
        );
      return commands.tail(
        session,
        { deployment, epoch, ttlMs: 0, action: { kind: 'tailLog', ...request } },
        signal,
      );
    },
    attach: (nodeId, session, hello) => attach(deps, duplicates, nodeId, session, hello),
    receive: (nodeId, session, message) => receive(deps, commands, duplicates, nodeId, session, message),
    detach(nodeId, session) {
      commands.cut(session);
      duplicates.forget(session);
      const record = registry.byId(nodeId);
      if (record?.session !== session) return;
      record.session = null;
      deps.events.record({
        level: 'warning',
        kind: 'node.disconnected',
        node: record.row.name,
        message: `node ${record.row.name} lost its session`,
      });
      tellState(deps, record);
      registry.changed(nodeId);
    },
    tick() {
      for (const record of registry.all()) if (tellState(deps, record)) registry.changed(record.row.id);
    },
  };
}

async function attach(
  deps: SessionHubDeps,
  duplicates: DuplicateWatch,
  nodeId: string,
  session: NodeSession,
  hello: Hello,
) {
  const { registry, store, clock, events, leader } = deps;
  await leader.liftAbove(hello.maxLeaderEpoch);
  const seen = { atMs: clock.wallMs(), bootId: hello.bootId, agentVersion: hello.agentVersion };
  await remember(deps.log, async () => {
    await store.nodes.setSeen(nodeId, seen);
    await store.certificates.supersede(nodeId, session.certificateGeneration, seen.atMs);
  });
  const record = registry.byId(nodeId);
  // Removed while it was on its way in.
  if (record === null) throw new Dsr1Error('NODE_REMOVED', 'the node was removed from the cluster');

  const { row } = record;
  const rebooted = row.bootId !== null && row.bootId !== hello.bootId;
  duplicates.takeOver(record, session);
  record.session = session;
  record.reported = true;
  record.lastMessageMs = clock.monotonicMs();
  record.row = { ...row, lastSeenAtMs: seen.atMs, bootId: hello.bootId, agentVersion: hello.agentVersion };
  record.ranks.clear();
  for (const report of hello.ranks) record.ranks.set(rankKey(report), report);
  events.record({
    kind: rebooted ? 'node.rebooted' : 'node.connected',
    node: row.name,
    message: rebooted ? `node ${row.name} has rebooted` : `node ${row.name} is connected`,
    data: { agentVersion: hello.agentVersion, bootId: hello.bootId, ranks: hello.ranks.length },
  });
  warnOfSkew(deps, record, hello.clockMs);
  tellState(deps, record);
  registry.changed(nodeId);
  return {
    kind: 'welcome',
    leaderEpoch: leader.current(),
    heartbeatIntervalMs: deps.heartbeatIntervalMs,
    sendFacts: record.facts === null || row.facts?.hash !== hello.factsHash,
    coordinatorVersion: VERSION,
    nodeName: row.name,
  } as const;
}

async function receive(
  deps: SessionHubDeps,
  commands: Commands,
  duplicates: DuplicateWatch,
  nodeId: string,
  session: NodeSession,
  message: FromAgent,
): Promise<void> {
  const record = deps.registry.byId(nodeId);
  if (record === null) return;
  if (record.session !== session) return duplicates.heard(record, session, message);
  record.lastMessageMs = deps.clock.monotonicMs();
  switch (message.kind) {
    case 'heartbeat':
      record.heartbeat = message.heartbeat;
      if (tellState(deps, record)) deps.registry.changed(nodeId);
      return;
    case 'facts':
      return takeFacts(deps, record, message);
    case 'rank': {
      const key = rankKey(message.report);
      if ((record.ranks.get(key)?.sequence ?? -1) >= message.report.sequence) return;
      record.ranks.set(key, message.report);
      deps.registry.changed(nodeId);
      return;
    }
    case 'result':
      return commands.settle(session, message.result);
    case 'log':
      return commands.log(session, message);
    case 'hello':
    case 'renew':
      throw new Dsr1Error('INVALID_ARGUMENT', `a message ${message.kind} came where it is not expected`);
  }
}

/** Records the change of a node's state once; true when it changed. */
function tellState({ registry, events }: SessionHubDeps, record: NodeRecord): boolean {
  const state = registry.state(record);
  if (state === record.toldState) return false;
  const wasLost = record.toldState === 'lost';
  record.toldState = state;
  const { name } = record.row;
  if (state === 'lost')
    events.record({
      level: 'error',
      kind: 'node.lost',
      node: name,
      message: `node ${name} is lost: it has not been heard for too long`,
    });
  if (state === 'online' && wasLost)
    events.record({ kind: 'node.back', node: name, message: `node ${name} is back` });
  return true;
}

function warnOfSkew({ clock, events }: SessionHubDeps, record: NodeRecord, nodeClockMs: number): void {
  const skewMs = nodeClockMs - clock.wallMs();
  if (Math.abs(skewMs) <= CLOCK_SKEW_WARNING_MS) return;
  events.record({
    level: 'warning',
    kind: 'node.clock-skew',
    node: record.row.name,
    message: `the clock of node ${record.row.name} is ${(skewMs / 1000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the coordinator's`,
    data: { skewMs },
  });
}
