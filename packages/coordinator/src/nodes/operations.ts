/** What operators do to nodes. */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeDetail, NodeSummary } from '@dsr1/shared/http-api/resources';
import type { EventLog } from '../events/event-log.ts';
import type { Store } from '../store/store.ts';
import { collectFacts } from './collect-facts.ts';
import type { NodeHub } from './hub.ts';
import type { NodeRecord } from './record.ts';
import type { Registry } from './registry.ts';
import { inventoryOf } from './summary.ts';

export interface NodeOperations {
  list(): Promise<readonly NodeSummary[]>;
  show(node: string): Promise<NodeDetail>;
  cordon(node: string): Promise<NodeSummary>;
  /** Lifts a quarantine too. */
  uncordon(node: string): Promise<NodeSummary>;
  /** Asks the node for its facts now. @throws NODE_OFFLINE, TIMEOUT */
  collect(node: string): Promise<NodeDetail>;
  /** Revokes its certificates and cuts its session at once. @throws NODE_BUSY unless `force` */
  remove(node: string, force: boolean): Promise<NodeSummary>;
}

export interface NodeOperationsDeps {
  readonly registry: Registry;
  readonly hub: NodeHub;
  readonly store: Pick<Store, 'nodes' | 'certificates'>;
  readonly events: EventLog;
  readonly clock: Clock;
  /** Names of the deployments that have a rank on this node which is not known to be stopped. */
  readonly deploymentsOn: (nodeId: string) => Promise<readonly string[]>;
}

export function createNodeOperations(deps: NodeOperationsDeps): NodeOperations {
  const { registry, store } = deps;
  const summary = (record: NodeRecord) => summaryOf(deps, record);
  const detail = async (record: NodeRecord): Promise<NodeDetail> => ({
    ...(await summary(record)),
    facts: record.facts,
    factsAt: isoOrNull(record.row.facts?.atMs ?? null),
  });
  return {
    list: () => Promise.all(registry.all().map(summary)),
    show: async (node) => detail(registry.find(node)),
    async cordon(node) {
      const record = registry.find(node);
      await store.nodes.setCordoned(record.row.id, true);
      return changed(deps, record, { cordoned: true }, 'node.cordoned', 'takes no new ranks');
    },
    async uncordon(node) {
      const record = registry.find(node);
      await store.nodes.setCordoned(record.row.id, false);
      await store.nodes.setQuarantine(record.row.id, null);
      return changed(
        deps,
        record,
        { cordoned: false, quarantine: null },
        'node.uncordoned',
        'takes new ranks again',
      );
    },
    async collect(node) {
      const record = registry.find(node);
      await collectFacts(deps.hub, record.row.id);
      return detail(record);
    },
    remove: (node, force) => remove(deps, registry.find(node), force),
  };
}

async function remove(deps: NodeOperationsDeps, record: NodeRecord, force: boolean): Promise<NodeSummary> {
  const { registry, store, events, clock } = deps;
  const { id, name } = record.row;
  const busy = await deps.deploymentsOn(id);
  if (busy.length > 0 && !force) {
    throw new Dsr1Error('NODE_BUSY', `node ${name} runs a rank of ${busy.join(', ')}`, {
      hint: `stop it first (\`dsr1ctl stop ${busy[0]}\`), or remove the node by force: its ranks then stop when the node hears of it`,
      details: { deployments: busy },
    });
  }
  const last = await summaryOf(deps, record);
  const removedAtMs = clock.wallMs();
  await store.nodes.remove(id, removedAtMs);
  registry.drop({ ...record.row, removedAtMs });
  record.session?.send({ kind: 'removed', reason: `node ${name} was removed by an operator` });
  record.session?.close(new Dsr1Error('NODE_REMOVED', `node ${name} was removed from the cluster`));
  events.record({
    level: 'warning',
    kind: 'node.removed',
    node: name,
    message: `node ${name} was removed${force ? ' by force' : ''}`,
  });
  registry.changed(id);
  return last;
}

async function changed(
  deps: NodeOperationsDeps,
  record: NodeRecord,
  change: { readonly cordoned: boolean; readonly quarantine?: null },
  kind: 'node.cordoned' | 'node.uncordoned',
  says: string,
): Promise<NodeSummary> {
  record.row = { ...record.row, ...change };
  deps.events.record({ kind, node: record.row.name, message: `node ${record.row.name} ${says}` });
  deps.registry.changed(record.row.id);
  return summaryOf(deps, record);
}

async function summaryOf(deps: NodeOperationsDeps, record: NodeRecord): Promise<NodeSummary> {
  const { registry, store, clock, deploymentsOn } = deps;
  const { row } = record;
  const certificate = await store.certificates.newestOf(row.id);
  const silentMs = clock.monotonicMs() - record.lastMessageMs;
  return {
    id: row.id,
    name: row.name,
    state: registry.state(record),
    cordoned: row.cordoned,
    agentVersion: row.agentVersion,
    bootId: row.bootId,
    joinedAt: new Date(row.joinedAtMs).toISOString(),
    // Heartbeats are not persisted: the stored time is that of the last hello.
    lastSeenAt: isoOrNull(record.reported ? Math.round(clock.wallMs() - silentMs) : row.lastSeenAtMs),
    ...inventoryOf(record.facts),
    deployments: [...(await deploymentsOn(row.id))],
    certificateExpiresAt: isoOrNull(certificate?.notAfterMs ?? null),
  };
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
