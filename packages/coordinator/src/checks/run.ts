/** A check from its first question to its report. What it decides by is pure (shared/fabric/check). */
import type { Clock } from '@dsr1/shared/clock';
import { toDsr1Error } from '@dsr1/shared/errors';
import { allReduceFigures, bestOf, compare, figuresOf } from '@dsr1/shared/fabric/check/baseline';
import { judge } from '@dsr1/shared/fabric/check/judge';
import type { AllReduceVerdict } from '@dsr1/shared/fabric/check/judge-all-reduce';
import type { NodeState } from '@dsr1/shared/fabric/check/judge-nodes';
import type { CheckFinding, CheckReport, PairResult } from '@dsr1/shared/fabric/check/model';
import { pairRounds } from '@dsr1/shared/fabric/check/schedule';
import type { NodeView } from '../nodes/hub.ts';
import type { UsableNode } from '../plan/input.ts';
import type { FigureStore } from '../store/store.ts';
import { allReduce } from './all-reduce.ts';
import type { Ask } from './ask.ts';
import { type Partner, testPair } from './pair.ts';
import { type Looked, silent, stateOf } from './states.ts';
import type { CheckTarget } from './target.ts';

export interface RunDeps {
  readonly ask: Ask;
  /** The node with facts of now. @throws what the node answered, NODE_OFFLINE, TIMEOUT */
  readonly collect: (nodeId: string) => Promise<Pick<NodeView, 'facts' | 'state' | 'cordoned'>>;
  readonly figures: FigureStore;
  readonly clock: Clock;
}

/** Name look-ups take up to 8 s. */
const LOOK_TIMEOUT_MS = 20_000;

type Change = Partial<Omit<CheckReport, 'id'>>;

/** Tells each step through `change`; the last one makes the report complete. After `signal` it tests no more pairs. */
export async function runCheck(
  target: CheckTarget,
  deps: RunDeps,
  change: (change: Change) => void,
  signal: AbortSignal,
): Promise<void> {
  change({ message: 'collecting facts' });
  const met = await Promise.all(target.nodes.map(({ id, name }) => meet(deps, target, id, name)));
  const present = met.flatMap((one) => ('problem' in one ? [] : [one]));
  const gang = present.map(({ usable }) => usable);
  const { transport, selection, views, ends, changed } = await target.fabricOf(gang);
  change({ transport, ends: [...ends] });

  const partners = new Map(
    present.map(({ usable: { id, name }, looked }): [string, Partner] => [
      name,
      { id, name, ends: ends.filter(({ node }) => node === name), tools: looked.answer.tools },
    ]),
  );
  const tested = changed === null ? await testAll(partners, deps.ask, change, signal) : NOTHING_TESTED;
  const { pairs } = tested;
  const whole = changed === null && met.length === gang.length;
  const reduced = whole ? await sumAll(target, gang, pairs, deps, change, signal) : null;
  const measured = [
    ...figuresOf(pairs, [...partners.keys()]),
    ...(reduced === null ? [] : allReduceFigures(reduced.result, [...partners.keys()])),
  ];
  const figures = compare(measured, await deps.figures.of(measured.map(({ subject }) => subject)));
  await deps.figures.keep(bestOf(figures), deps.clock.wallMs());
  const rdma = ends.some(({ device }) => device !== null);
  const states = met.map((one) =>
    'problem' in one
      ? silent(one.name, one.problem)
      : stateOf(one.usable, one.looked, target.needsOf(one.usable, rdma)),
  );
  const findings = [
    ...(changed === null ? [] : [changed]),
    ...tested.findings,
    ...(reduced?.findings ?? []),
    ...judge({ selection, views, ends, states, pairs, figures }),
  ];
  const summed = reduced === null ? {} : { allReduce: reduced.result };
  change({ ...summed, pairs: [...pairs], figures, findings, state: 'done', message: '' });
}

async function sumAll(
  target: CheckTarget,
  gang: readonly UsableNode[],
  pairs: readonly PairResult[],
  { ask, clock }: RunDeps,
  change: (change: Change) => void,
  signal: AbortSignal,
): Promise<AllReduceVerdict> {
  const plan = target.allReduceOf(gang, Math.floor(clock.wallMs() / 1_000) % 500);
  change({ message: `all-reduce over ${gang.map(({ name }) => name).join(', ')}` });
  return allReduce(ask, plan, pairs, signal);
}

interface Tested {
  readonly pairs: readonly PairResult[];
  readonly findings: readonly CheckFinding[];
}

const NOTHING_TESTED: Tested = { pairs: [], findings: [] };

async function testAll(
  partners: ReadonlyMap<string, Partner>,
  ask: Ask,
  change: (change: Change) => void,
  signal: AbortSignal,
): Promise<Tested> {
  const rounds = pairRounds([...partners.keys()]);
  const pairs: PairResult[] = [];
  for (const [i, round] of rounds.entries()) {
    const where = `round ${i + 1} of ${rounds.length}: ${round.map(([a, b]) => `${a} with ${b}`).join(', ')}`;
    change({ message: where });
    const testing = Promise.all(
      round.map(([a, b]) => {
        const [left, right] = [partners.get(a), partners.get(b)];
        return left === undefined || right === undefined ? [] : testPair(ask, left, right);
      }),
    );
    const results = await beforeEnd(testing, signal);
    if (results === null) return { pairs, findings: [givenUp(where)] };
    pairs.push(...results.flat());
    change({ pairs: [...pairs] });
  }
  return { pairs, findings: [] };
}

/** null when `signal` comes first. */
async function beforeEnd<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const end = (): void => resolve(null);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  const first = await Promise.race([work, promise]);
  signal.removeEventListener('abort', end);
  return first;
}

const givenUp = (where: string): CheckFinding => ({
  severity: 'error',
  category: 'untested',
  culprit: { kind: 'gang', nodes: [], rail: null, device: null },
  cause: `the check ran into its time limit in ${where}`,
  evidence: [],
  fix: 'run `dsr1ctl fabric check` on these nodes: it has no time limit',
});

type Met =
  | { readonly usable: UsableNode; readonly looked: Looked }
  | { readonly name: string; readonly problem: NonNullable<NodeState['problem']> };

/** Fresh facts and a first look; or why there are none. */
async function meet(
  { ask, collect, clock }: RunDeps,
  { nodes }: CheckTarget,
  id: string,
  name: string,
): Promise<Met> {
  let collected = false;
  try {
    const { facts, state, cordoned } = await collect(id);
    collected = true;
    if (facts === null) return { name, problem: { silent: false, text: 'it has sent no facts' } };
    const peers = nodes.flatMap((peer) => (peer.id === id ? [] : (peer.facts?.hostname ?? [])));
    const askedMs = clock.wallMs();
    const answer = await ask(id, 'look', { names: [...new Set(peers)] }, LOOK_TIMEOUT_MS);
    // The clock was read when the answer was made, so only its way back counts; that is at most all of it.
    const slowestLookupMs = Math.max(0, ...answer.lookups.map(({ milliseconds }) => milliseconds));
    const wayMs = Math.max(0, clock.wallMs() - askedMs - slowestLookupMs) / 2;
    const usable = { id, name, state, cordoned, facts, busyPorts: [], busyGpus: [] };
    return { usable, looked: { answer, clockOffsetMs: Math.round(answer.wallMs - clock.wallMs() + wayMs) } };
  } catch (thrown) {
    const { code, message } = toDsr1Error(thrown);
    const cut = code === 'NODE_OFFLINE' || (code === 'TIMEOUT' && !collected);
    return { name, problem: { silent: cut, text: message } };
  }
}
