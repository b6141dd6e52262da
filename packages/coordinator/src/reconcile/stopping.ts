/**
 * An attempt that is over: stop every rank of it, everywhere. The stop stays owed to a node that cannot be reached and is
 * sent as soon as it is back; until then nothing new is planned, so two epochs of one deployment never live together.
 */
import type { Action } from './actions.ts';
import { causesOfEnd } from './causes.ts';
import type { Situation } from './decide.ts';
import { type GangRank, isPresent, isRebooted, nodeNames } from './gang.ts';
import type { AttemptRecord, Ending } from './model.ts';
import { settle } from './settle.ts';

export function decideStopping(
  { deployment, nowMs, policy }: Situation,
  attempt: AttemptRecord,
  ending: Ending,
  gang: readonly GangRank[],
): readonly Action[] {
  const open = gang.filter((rank) => !isCleared(rank, deployment.name, attempt.epoch));
  if (open.length === 0) {
    const diagnoses = causesOfEnd(deployment, attempt, ending, gang);
    return [{ kind: 'close', ending: { ...lastWord(ending, gang), diagnoses } }];
  }

  const present = open.filter(({ node }) => isPresent(node));
  const retryAtMs = ({ record }: GangRank) =>
    (record.stopSentAtMs ?? Number.NEGATIVE_INFINITY) + policy.stopRetryMs;
  const due = present.filter((rank) => nowMs >= retryAtMs(rank));
  if (due.length > 0) return [stop(due, ending)];

  const absent = open.filter(({ node }) => !isPresent(node)).map(({ record }) => record.nodeName);
  const message =
    absent.length === 0
      ? ending.message
      : `${ending.message}; waits for ${nodeNames(absent)} to stop its rank`;
  const state = deployment.desired === 'running' ? 'waiting' : 'stopping';
  const told = settle(deployment, absent.length === 0 ? 'stopping' : state, message);
  return present.length === 0 ? told : [...told, { kind: 'wake', atMs: Math.min(...present.map(retryAtMs)) }];
}

/** Stopped and seen stopped, or fenced: a node that the operator removed can take no part any more. */
function isCleared({ record, node }: GangRank, deployment: string, epoch: number): boolean {
  if (node === null) return true;
  if (!record.stopAcknowledged || !node.reported) return false;
  return !node.ranks.some(
    (one) =>
      one.deployment === deployment &&
      one.epoch <= epoch &&
      (one.state === 'running' || one.state === 'prepared'),
  );
}

/**
 * A reboot is often known last: the others' engines fail at once, the node's new boot id comes minutes later. It explains
 * them, so it is the cause that the restart policy judges.
 */
function lastWord(ending: Ending, gang: readonly GangRank[]): Ending {
  if (ending.cause === 'operator' || ending.cause === 'node-rebooted') return ending;
  const rebooted = gang.find(isRebooted);
  if (rebooted === undefined) return ending;
  const { rank, nodeName } = rebooted.record;
  return { ...ending, cause: 'node-rebooted', rank, message: `node ${nodeName} was rebooted` };
}

const stop = (ranks: readonly GangRank[], ending: Ending): Action => ({
  kind: 'stop',
  ranks: ranks.map(({ record }) => record.rank),
  reason: ending.message,
});
