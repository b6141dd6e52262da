/** The all-reduce of a check: all ranks at once, ended together as soon as one has failed. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { toDsr1Error } from '@dsr1/shared/errors';
import type { AllReduceRank } from '@dsr1/shared/fabric/check/all-reduce';
import {
  type AllReduceVerdict,
  judgeAllReduce,
  notReduced,
} from '@dsr1/shared/fabric/check/judge-all-reduce';
import type { PairResult } from '@dsr1/shared/fabric/check/model';
import type { AllReducePlan, NoAllReduce } from './all-reduce-plan.ts';
import type { Ask } from './ask.ts';

const MEET_SECONDS = 60;
const CONNECT_SECONDS = 30;
/** Beyond the limits by which an agent ends its ranks. */
const ANSWER_TIMEOUT_MS = 120_000;
const END_TIMEOUT_MS = 10_000;
/** The others may still say what they saw. */
const LAST_WORDS_MS = 5_000;

/** Not run where the pairs already tell what is broken. After `signal` it ends early. */
export async function allReduce(
  ask: Ask,
  plan: AllReducePlan | NoAllReduce,
  pairs: readonly PairResult[],
  signal: AbortSignal,
): Promise<AllReduceVerdict> {
  if ('untested' in plan) return notReduced(plan.untested);
  if (pairs.some(({ outcome }) => outcome === 'fail'))
    return notReduced('tests of pairs failed: it would fail for what they found');
  const id = randomUUID();
  const over = new AbortController();
  const end = (): void => {
    for (const node of plan.nodes) ask(node.id, 'end', { id }, END_TIMEOUT_MS).catch(() => {});
  };
  signal.addEventListener('abort', end);
  const endSoon = (): void =>
    void pause(LAST_WORDS_MS, undefined, { signal: over.signal }).then(end, () => {});
  const nodes = await Promise.all(
    plan.nodes.map(async ({ name, fabric, ...node }) => {
      const ranks = await runNode(ask, plan, node, id);
      if (ranks.some(({ untested }) => untested !== null)) end();
      else if (ranks.some(({ phase }) => phase !== 'done')) endSoon();
      return { name, fabric, ranks };
    }),
  );
  over.abort();
  signal.removeEventListener('abort', end);
  if (signal.aborted) return notReduced('the check ran into its time limit');
  return judgeAllReduce({ ...plan, nodes });
}

/** A node that does not answer, or whose agent is older than this test, has failed nobody. */
async function runNode(
  ask: Ask,
  { nodes, backend, address, port, sizesBytes }: AllReducePlan,
  { id: nodeId, python, env, ranks }: Pick<AllReducePlan['nodes'][number], 'id' | 'python' | 'env' | 'ranks'>,
  id: string,
): Promise<readonly AllReduceRank[]> {
  const request = {
    id,
    python,
    backend,
    env: { ...env },
    world: nodes.flatMap((node) => node.ranks).length,
    ranks: [...ranks],
    address,
    port,
    meetSeconds: MEET_SECONDS,
    connectSeconds: CONNECT_SECONDS,
    sizesBytes: [...sizesBytes],
  };
  try {
    return (await ask(nodeId, 'allReduce', request, ANSWER_TIMEOUT_MS)).ranks;
  } catch (error) {
    const untested = toDsr1Error(error).message;
    return ranks.map(({ rank }) => ({ rank, phase: 'starting', untested, ended: '', sizes: [], lines: [] }));
  }
}
