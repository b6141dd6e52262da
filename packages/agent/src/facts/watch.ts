import type { NodeFacts } from '@dsr1/shared/facts/node';
import { hashOf } from '@dsr1/shared/hash';
import cron from 'node-cron';
import type { Host } from '../host/host.ts';
import { type AgentIdentity, assembleFacts, collectParts } from './collect.ts';
import { factsHash } from './hash.ts';
import { COLLECTORS, type FactParts, type FactsOptions, type Part } from './parts.ts';

export interface WatchedFacts {
  readonly facts: NodeFacts;
  readonly hash: string;
}

export interface FactsWatch {
  /** The latest facts. */
  current(): WatchedFacts;
  /** Collects all parts now, whatever the schedule; resolves with facts no older than the call. */
  refresh(): Promise<WatchedFacts>;
  stop(): Promise<void>;
}

/** When each part is collected again (cron, seconds first). The vendors' fabric tools follow changes of the network. */
export type FactsSchedule = Readonly<Record<Exclude<Part, 'fabricTools'>, string>>;

export const DEFAULT_SCHEDULE: FactsSchedule = {
  network: '*/30 * * * * *',
  gpus: '10 */2 * * * *',
  machine: '20 */5 * * * *',
  software: '40 */10 * * * *',
};

/** A look that a busy moment made late is simply late: nobody needs to be warned on stderr. */
const CRON_OPTIONS = { noOverlap: true, suppressMissedWarning: true } as const;

/**
 * Collects all facts, then each part again on its schedule. `onChange` is called when the hash of the facts has
 * changed, and only then; not for the first collection, which the promise answers with.
 */
export async function watchFacts(
  host: Host,
  identity: AgentIdentity,
  options: FactsOptions,
  onChange: (changed: WatchedFacts) => void,
  schedule: FactsSchedule = DEFAULT_SCHEDULE,
): Promise<FactsWatch> {
  let parts = await collectParts(host, options);
  let current = await assembled(host, identity, parts);
  let turn: Promise<unknown> = Promise.resolve();

  /** One collection after the other, so that an older look never overwrites a younger one. */
  const inTurn = (collect: () => Promise<FactParts>): Promise<WatchedFacts> => {
    const next = turn.then(async () => {
      parts = await collect();
      const latest = await assembled(host, identity, parts);
      const changed = latest.hash !== current.hash;
      current = latest;
      if (changed) onChange(latest);
      return latest;
    });
    turn = next.catch(() => {});
    return next;
  };

  const again = async (part: Part): Promise<FactParts> => {
    const fresh = { ...parts, [part]: await COLLECTORS[part](host, options) };
    const rewired = part === 'network' && hashOf(fresh.network) !== hashOf(parts.network);
    return rewired ? { ...fresh, fabricTools: await COLLECTORS.fabricTools(host, options) } : fresh;
  };

  const tasks = (Object.keys(schedule) as (keyof FactsSchedule)[]).map((part) =>
    cron.schedule(schedule[part], () => inTurn(() => again(part)), CRON_OPTIONS),
  );

  return {
    current: () => current,
    refresh: () => inTurn(() => collectParts(host, options)),
    stop: async () => {
      await Promise.all(tasks.map((task) => task.destroy()));
      await turn;
    },
  };
}

async function assembled(host: Host, identity: AgentIdentity, parts: FactParts): Promise<WatchedFacts> {
  const facts = await assembleFacts(host, identity, parts);
  return { facts, hash: factsHash(facts) };
}
