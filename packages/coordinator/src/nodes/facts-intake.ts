import type { Clock } from '@dsr1/shared/clock';
import { NodeFacts } from '@dsr1/shared/facts/node';
import type { Logger } from '@dsr1/shared/logger';
import { problemsOf } from '@dsr1/shared/schema';
import { Value } from 'typebox/value';
import type { EventLog } from '../events/event-log.ts';
import type { Store } from '../store/store.ts';
import { remember } from './bookkeeping.ts';
import type { NodeRecord } from './record.ts';
import type { Registry } from './registry.ts';

export interface FactsIntakeDeps {
  readonly store: Pick<Store, 'nodes'>;
  readonly registry: Registry;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Facts come from a machine that may be broken: what does not fit the schema is told, and the older facts stay. */
export async function takeFacts(
  { store, registry, events, clock, log }: FactsIntakeDeps,
  record: NodeRecord,
  report: { readonly hash: string; readonly facts: unknown },
): Promise<void> {
  const { id, name } = record.row;
  const { hash, facts } = report;
  if (!Value.Check(NodeFacts, facts)) {
    const problems = problemsOf(NodeFacts, facts).slice(0, 10);
    events.record({
      level: 'error',
      kind: 'node.facts-refused',
      node: name,
      message: `facts of node ${name} do not fit the schema: ${problems[0]?.path ?? ''} ${problems[0]?.message ?? ''}`,
      data: { problems },
    });
    return;
  }
  const known = record.row.facts?.hash;
  const stored = { hash, json: JSON.stringify(facts), atMs: clock.wallMs() };
  if (known !== hash) await remember(log, () => store.nodes.setFacts(id, stored));
  record.row = { ...record.row, facts: stored };
  record.facts = facts;
  if (known === hash) return;
  events.record({
    kind: 'node.facts',
    node: name,
    message: `node ${name} reported ${known === undefined ? 'its first' : 'changed'} facts`,
    data: { hash },
  });
  registry.changed(id);
}
