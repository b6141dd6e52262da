/** All tests of one pair: each node takes connections while the other dials, then the other way round. */
import { randomUUID } from 'node:crypto';
import { toDsr1Error } from '@dsr1/shared/errors';
import { verbsTools } from '@dsr1/shared/fabric/check/ends';
import type { CheckEnd, PairResult } from '@dsr1/shared/fabric/check/model';
import type { Ask } from './ask.ts';

export interface Partner {
  readonly id: string;
  readonly name: string;
  readonly ends: readonly CheckEnd[];
  readonly tools: readonly string[];
}

const SERVE_TIMEOUT_MS = 30_000;
const DIAL_TIMEOUT_MS = 90_000;
const END_TIMEOUT_MS = 10_000;

export async function testPair(ask: Ask, a: Partner, b: Partner): Promise<PairResult[]> {
  return [...(await oneWay(ask, a, b)), ...(await oneWay(ask, b, a))];
}

/** A node that does not answer has failed nobody: the path to it is untested, and the node is named elsewhere. */
async function oneWay(ask: Ask, from: Partner, to: Partner): Promise<PairResult[]> {
  const id = randomUUID();
  const tools = verbsTools(from.tools, to.tools);
  const rails = to.ends.flatMap(({ rail }) =>
    rail !== null && from.ends.some((own) => own.rail === rail) ? [rail] : [],
  );
  const verbs = rails.flatMap((rail) => tools.map((tool) => ({ rail, tool })));
  try {
    const listening = await ask(to.id, 'serve', { id, ends: [...to.ends], verbs }, SERVE_TIMEOUT_MS);
    const request = { id, own: [...from.ends], peer: [...to.ends], listening };
    const { results } = await ask(from.id, 'dial', request, DIAL_TIMEOUT_MS);
    const { counted } = await ask(to.id, 'end', { id }, END_TIMEOUT_MS);
    const counts = new Map(counted.map(({ rail, packets }) => [rail, packets]));
    return results.map((result) => withPeerCount(result, counts));
  } catch (error) {
    return [untested(from, to, toDsr1Error(error).message)];
  }
}

function withPeerCount(
  result: PairResult,
  counts: ReadonlyMap<number, NonNullable<PairResult['packets']>['to']>,
): PairResult {
  const to = counts.get(result.rail ?? -1);
  return result.packets === null || to === undefined
    ? result
    : { ...result, packets: { ...result.packets, to } };
}

const untested = (from: Partner, to: Partner, detail: string): PairResult => ({
  from: from.name,
  to: to.name,
  rail: null,
  test: 'tcp',
  tool: null,
  outcome: 'untested',
  detail,
  gigabitsPerSecond: null,
  microseconds: null,
  packets: null,
  reachedRails: [],
});
