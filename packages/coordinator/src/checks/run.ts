/** A check from its first question to its report. What it decides by is pure (shared/fabric/check). */
import type { Clock } from '@dsr1/shared/clock';
import { toDsr1Error } from '@dsr1/shared/errors';
import { bestOf, compare, figuresOf } from '@dsr1/shared/fabric/check/baseline';
import { checkEnds } from '@dsr1/shared/fabric/check/ends';
import { judge } from '@dsr1/shared/fabric/check/judge';
import type { CheckReport, PairResult } from '@dsr1/shared/fabric/check/model';
import { pairRounds } from '@dsr1/shared/fabric/check/schedule';
import type { NodeOperations } from '../nodes/operations.ts';
import type { UsableNode } from '../plan/input.ts';
import type { FigureStore } from '../store/store.ts';
import type { Ask } from './ask.ts';
import { type Partner, testPair } from './pair.ts';
import { type Looked, silent, stateOf } from './states.ts';
import { type CheckTarget, fabricOf } from './target.ts';

export interface RunDeps {
  readonly ask: Ask;
  readonly collect: NodeOperations['collect'];
  readonly figures: FigureStore;
  readonly clock: Clock;
}

/** Name look-ups take up to 8 s. */
const LOOK_TIMEOUT_MS = 20_000;

type Change = Partial<Omit<CheckReport, 'id'>>;

/** Tells each step through `change`; the last one makes the report complete. */
export async function runCheck(
  target: CheckTarget,
  deps: RunDeps,
  change: (change: Change) => void,
): Promise<void> {
  change({ message: 'collecting facts' });
  const met = await Promise.all(target.nodes.map(({ id, name }) => meet(deps, target, id, name)));
  const present = met.flatMap((one) => ('problem' in one ? [] : [one]));
  const gang = present.map(({ usable }) => usable);
  const { selection, views } = fabricOf(target, gang);
  const ends = checkEnds(selection, views);
  change({ transport: selection.transport, ends });

  const partners = new Map(
    present.map(({ usable: { id, name }, looked }): [string, Partner] => [
      name,
      { id, name, ends: ends.filter(({ node }) => node === name), tools: looked.answer.tools },
    ]),
  );
  const pairs = await testAll(partners, deps.ask, change);
  const measured = figuresOf(pairs, [...partners.keys()]);
  const figures = compare(measured, await deps.figures.of(measured.map(({ subject }) => subject)));
  await deps.figures.keep(bestOf(figures), deps.clock.wallMs());
  const rdma = ends.some(({ device }) => device !== null);
  const states = met.map((one) =>
    'problem' in one
      ? silent(one.name, one.problem)
      : stateOf(one.usable.name, one.usable.facts, one.looked, rdma),
  );
  const findings = judge({ selection, views, ends, states, pairs, figures });
  change({ pairs, figures, findings, state: 'done', message: '' });
}

async function testAll(
  partners: ReadonlyMap<string, Partner>,
  ask: Ask,
  change: (change: Change) => void,
): Promise<PairResult[]> {
  const rounds = pairRounds([...partners.keys()]);
  const pairs: PairResult[] = [];
  for (const [i, round] of rounds.entries()) {
    change({
      message: `round ${i + 1} of ${rounds.length}: ${round.map(([a, b]) => `${a} with ${b}`).join(', ')}`,
    });
    const results = await Promise.all(
      round.map(([a, b]) => {
        const [left, right] = [partners.get(a), partners.get(b)];
        return left === undefined || right === undefined ? [] : testPair(ask, left, right);
      }),
    );
    pairs.push(...results.flat());
    change({ pairs });
  }
  return pairs;
}

type Met =
  | { readonly usable: UsableNode; readonly looked: Looked }
  | { readonly name: string; readonly problem: string };

/** Fresh facts and a first look; or why there are none. */
async function meet(
  { ask, collect, clock }: RunDeps,
  { nodes }: CheckTarget,
  id: string,
  name: string,
): Promise<Met> {
  try {
    const { facts, state, cordoned } = await collect(id);
    if (facts === null) return { name, problem: 'it has sent no facts' };
    const peers = nodes.flatMap((peer) => (peer.id === id ? [] : (peer.facts?.hostname ?? [])));
    const askedMs = clock.wallMs();
    const answer = await ask(id, 'look', { names: [...new Set(peers)] }, LOOK_TIMEOUT_MS);
    // The clock was read when the answer was made, so only its way back counts; that is at most all of it.
    const slowestLookupMs = Math.max(0, ...answer.lookups.map(({ milliseconds }) => milliseconds));
    const wayMs = Math.max(0, clock.wallMs() - askedMs - slowestLookupMs) / 2;
    const usable = { id, name, state, cordoned, facts, busyPorts: [], busyGpus: [] };
    return { usable, looked: { answer, clockOffsetMs: Math.round(answer.wallMs - clock.wallMs() + wayMs) } };
  } catch (error) {
    return { name, problem: toDsr1Error(error).message };
  }
}
