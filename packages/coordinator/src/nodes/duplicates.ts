/**
 * Two hosts with one identity. A second session is usually the same node after a reboot or a dead connection, so the new
 * one takes over; but when the old one, of another boot, goes on talking, both hosts are alive. Then neither can be
 * trusted with ranks: the node is quarantined until an operator decides.
 */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { FromAgent } from '@dsr1/shared/wire/messages';
import type { EventLog } from '../events/event-log.ts';
import type { Store } from '../store/store.ts';
import type { NodeRecord, NodeSession } from './record.ts';
import type { Registry } from './registry.ts';

export interface DuplicateWatch {
  /** `session` is about to become the node's session. */
  takeOver(record: NodeRecord, session: NodeSession): void;
  /** A message came on a session that is not the node's current one. */
  heard(record: NodeRecord, session: NodeSession, message: FromAgent): Promise<void>;
  forget(session: NodeSession): void;
}

export interface DuplicateWatchDeps {
  readonly store: Pick<Store, 'nodes'>;
  readonly registry: Registry;
  readonly events: EventLog;
  readonly clock: Clock;
}

/** What was on its way when the host went down may still arrive for a moment. */
const IN_FLIGHT_MS = 2_000;

export function createDuplicateWatch({ store, registry, events, clock }: DuplicateWatchDeps): DuplicateWatch {
  const replacedAtMs = new Map<NodeSession, number>();
  return {
    takeOver(record, session) {
      const old = record.session;
      if (old === null || old === session) return;
      const sameHost = old.bootId === session.bootId && old.fingerprint === session.fingerprint;
      if (sameHost) return old.close(new Dsr1Error('STALE_EPOCH', 'a newer session of this node took over'));
      replacedAtMs.set(old, clock.monotonicMs());
    },
    async heard(record, session, message) {
      const sinceMs = clock.monotonicMs() - (replacedAtMs.get(session) ?? Number.POSITIVE_INFINITY);
      if (message.kind !== 'heartbeat' || sinceMs < IN_FLIGHT_MS) return;
      const { id, name } = record.row;
      const reason = 'two hosts use its identity at the same time';
      await store.nodes.setQuarantine(id, reason);
      record.row = { ...record.row, quarantine: reason };
      const current = record.session;
      events.record({
        level: 'error',
        kind: 'node.duplicate',
        node: name,
        message: `node ${name} is quarantined: ${reason}`,
        data: { bootIds: [session.bootId, current?.bootId ?? null] },
      });
      for (const each of [session, current]) each?.close(duplicateError(name));
      registry.changed(id);
    },
    forget: (session) => void replacedAtMs.delete(session),
  };
}

export const duplicateError = (name: string): Dsr1Error =>
  new Dsr1Error(
    'DUPLICATE_IDENTITY',
    `two hosts use the identity of node ${name}; it is quarantined and its ranks were left running`,
    {
      hint: `on the host that is the copy stop dsr1-agent, delete its state directory and join it with a new token; then \`dsr1ctl node uncordon ${name}\``,
    },
  );
