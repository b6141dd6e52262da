/** What happened, in order: persisted first, then told to whoever listens. Recording never throws and never blocks. */
import type { Clock } from '@dsr1/shared/clock';
import { toDsr1Error } from '@dsr1/shared/errors';
import type { EventKind } from '@dsr1/shared/http-api/event-kinds';
import type { ClusterEvent } from '@dsr1/shared/http-api/resources';
import type { Logger } from '@dsr1/shared/logger';
import type { EventFilter, EventStore } from '../store/store.ts';

export interface NewEvent {
  /** Default `info`. */
  readonly level?: ClusterEvent['level'];
  readonly kind: EventKind;
  /** Node name. */
  readonly node?: string;
  readonly deployment?: string;
  /** One sentence for people. */
  readonly message: string;
  /** Facts for machines; never secrets. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface EventLog {
  record(event: NewEvent): void;
  after(sequence: number, filter: EventFilter, limit: number): Promise<readonly ClusterEvent[]>;
  newest(filter: EventFilter, limit: number): Promise<readonly ClusterEvent[]>;
  /** Called with every event once it is on disk, in order. Returns the unsubscribe function. */
  subscribe(listener: (event: ClusterEvent) => void): () => void;
  /** Resolves when everything recorded so far is on disk; what is recorded later is not kept. */
  close(): Promise<void>;
}

export interface EventLogDeps {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Newest events that are kept. */
  readonly keep: number;
}

/** Old events are deleted after this many new ones, so that the table exceeds its bound only by as much. */
const PRUNE_EVERY = 500;

export function createEventLog({ store, clock, log, keep }: EventLogDeps): EventLog {
  const listeners = new Set<(event: ClusterEvent) => void>();
  let queue = Promise.resolve();
  let sincePrune = 0;
  let closed = false;

  const append = async (event: NewEvent, atMs: number): Promise<void> => {
    const { level = 'info', kind, node = null, deployment = null, message, data = {} } = event;
    const stored = await store.append({ atMs, level, kind, node, deployment, message, data: { ...data } });
    for (const listener of listeners) listener(stored);
    sincePrune += 1;
    if (sincePrune < PRUNE_EVERY) return;
    sincePrune = 0;
    await store.prune(keep);
  };

  return {
    record(event) {
      if (closed) return;
      const atMs = clock.wallMs();
      queue = queue.then(() =>
        append(event, atMs).catch((error: unknown) => {
          log.error({ err: toDsr1Error(error), event }, 'an event could not be kept');
        }),
      );
    },
    after: (sequence, filter, limit) => store.after(sequence, filter, limit),
    newest: (filter, limit) => store.newest(filter, limit),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      return queue;
    },
  };
}
