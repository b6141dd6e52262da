/**
 * The nodes that exist, in memory: loaded from the store at the start, kept current by sessions, enrolments and
 * operators. Everything else of the coordinator looks here; only what must survive a restart goes to the store.
 */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import { NodeFacts } from '@dsr1/shared/facts/node';
import type { NodeState } from '@dsr1/shared/http-api/resources';
import { Value } from 'typebox/value';
import type { NodeRow, NodeStore } from '../store/store.ts';
import type { NodeView } from './hub.ts';
import { type LivenessPolicy, nodeState } from './liveness.ts';
import type { NodeRecord } from './record.ts';

export interface Registry {
  /** Nodes that were not removed, by name. */
  all(): readonly NodeRecord[];
  byId(id: string): NodeRecord | null;
  /** By id, else by name. @throws NODE_NOT_FOUND, naming what is there */
  find(idOrName: string): NodeRecord;
  /** Rows of removed nodes: they may come back with their id. */
  removed(): readonly NodeRow[];
  /** Takes a row that was just written (join, rejoin, change). */
  put(row: NodeRow): NodeRecord;
  /** Forgets a removed node; returns its record. */
  drop(row: NodeRow): NodeRecord | null;
  state(record: NodeRecord): NodeState;
  view(record: NodeRecord): NodeView;
  changed(nodeId: string): void;
  onChange(listener: (nodeId: string) => void): () => void;
}

export interface RegistryDeps {
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly policy: LivenessPolicy;
}

export async function loadRegistry({ store, clock, policy }: RegistryDeps): Promise<Registry> {
  const records = new Map<string, NodeRecord>();
  const removed = new Map<string, NodeRow>();
  const listeners = new Set<(nodeId: string) => void>();

  const stateOf = (record: NodeRecord): NodeState =>
    nodeState(
      {
        quarantined: record.row.quarantine !== null,
        connected: record.session !== null,
        silentMs: clock.monotonicMs() - record.lastMessageMs,
      },
      policy,
    );
  const put = (row: NodeRow): NodeRecord => {
    removed.delete(row.id);
    const known = records.get(row.id);
    if (known !== undefined) {
      known.row = row;
      return known;
    }
    const record = newRecord(row, clock.monotonicMs());
    records.set(row.id, record);
    return record;
  };

  for (const row of await store.list()) {
    if (row.removedAtMs === null) put(row);
    else removed.set(row.id, row);
  }
  return {
    all: () => [...records.values()].sort((a, b) => (a.row.name < b.row.name ? -1 : 1)),
    byId: (id) => records.get(id) ?? null,
    find: (idOrName) => find(records, idOrName),
    removed: () => [...removed.values()],
    put,
    drop(row) {
      const record = records.get(row.id) ?? null;
      records.delete(row.id);
      removed.set(row.id, row);
      return record;
    },
    state: stateOf,
    view: (record) => viewOf(record, stateOf(record)),
    changed(nodeId) {
      for (const listener of listeners) listener(nodeId);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function find(records: ReadonlyMap<string, NodeRecord>, idOrName: string): NodeRecord {
  const record =
    records.get(idOrName) ?? [...records.values()].find((candidate) => candidate.row.name === idOrName);
  if (record !== undefined) return record;
  const names = [...records.values()].map((candidate) => candidate.row.name).sort();
  throw new Dsr1Error(
    'NODE_NOT_FOUND',
    `no node is called ${idOrName} (there are: ${names.join(', ') || 'none'})`,
    {
      hint:
        names.length === 0
          ? 'join one: `dsr1ctl token create` prints the line'
          : '`dsr1ctl node list` shows all',
    },
  );
}

function newRecord(row: NodeRow, nowMs: number): NodeRecord {
  return {
    row,
    facts: row.facts === null ? null : storedFacts(row.facts.json),
    session: null,
    reported: false,
    ranks: new Map(),
    heartbeat: null,
    lastMessageMs: nowMs,
    toldState: 'suspect',
  };
}

/** Facts that an older version stored may not fit any more; the node then sends them again. */
function storedFacts(json: string): NodeFacts | null {
  const value: unknown = JSON.parse(json);
  return Value.Check(NodeFacts, value) ? value : null;
}

function viewOf(record: NodeRecord, state: NodeState): NodeView {
  const { row, facts, session, reported, ranks } = record;
  return {
    id: row.id,
    name: row.name,
    state,
    cordoned: row.cordoned,
    facts,
    bootId: row.bootId,
    sessionId: session?.id ?? null,
    reported,
    ranks: [...ranks.values()],
  };
}
