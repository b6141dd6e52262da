/**
 * Is a rank lost? Only what is certain counts: a rank that its own agent reports as ended, a node that came back with
 * another boot, a node that the operator removed. Silence is no evidence: a cut session, a suspect or lost node, or a
 * node that this coordinator has not heard since its own start never end an attempt that was committed.
 */
import { causeOfFailure } from './failure-cause.ts';
import { type GangRank, isPresent, isRebooted, rankName } from './gang.ts';
import { lostPort } from './lost-port.ts';
import type { AttemptRecord, Ending, ReconcilePolicy } from './model.ts';

/** The first certain loss, by weight (a reboot explains the exits of the others), then by rank; null = none. */
export function findLoss(
  attempt: AttemptRecord,
  gang: readonly GangRank[],
  nowMs: number,
  policy: ReconcilePolicy,
): Ending | null {
  const questions = [removed, rebooted, (rank: GangRank) => failed(rank, attempt.servedAtMs !== null)];
  for (const question of questions) {
    const ending = firstOf(gang, question);
    // The rank that lost its port is the cause, whoever ended first.
    if (ending?.cause === 'rank-failed' && attempt.servedAtMs === null)
      return firstOf(gang, (rank) => lostPort(attempt, rank)) ?? ending;
    if (ending !== null) return ending;
  }
  const overdue = attempt.commitAtMs !== null && nowMs - attempt.commitAtMs > policy.reportGraceMs;
  return overdue ? firstOf(gang, vanished) : null;
}

function removed({ record, node }: GangRank): Ending | null {
  if (node !== null) return null;
  return ending('node-removed', record.rank, `node ${record.nodeName} was removed from the cluster`);
}

function rebooted(rank: GangRank): Ending | null {
  if (!isRebooted(rank)) return null;
  return ending('node-rebooted', rank.record.rank, `node ${rank.record.nodeName} was rebooted`);
}

function failed({ record, report }: GangRank, served: boolean): Ending | null {
  if (report === null) return null;
  if (report.failure === null && report.state !== 'exited' && report.state !== 'stopped') return null;
  const how =
    report.failure?.message ??
    (report.state === 'stopped' ? 'was stopped on its node' : `ended with ${exitWords(report)}`);
  const during = served ? 'while serving' : `in phase ${report.phase}`;
  return {
    cause: causeOfFailure(report.failure, 'rank-failed'),
    rank: record.rank,
    message: `${rankName(record)} failed ${during}: ${how}`,
    failure: report.failure,
    evidence: report.evidence,
  };
}

function vanished({ record, node, report }: GangRank): Ending | null {
  if (!record.committed || report !== null || !isPresent(node)) return null;
  return ending('rank-vanished', record.rank, `node ${record.nodeName} no longer knows rank ${record.rank}`);
}

const exitWords = ({ exitCode, exitSignal }: { exitCode: number | null; exitSignal: string | null }) =>
  exitSignal === null ? `exit code ${exitCode ?? 'unknown'}` : `signal ${exitSignal}`;

const ending = (cause: Ending['cause'], rank: number, message: string): Ending => ({
  cause,
  rank,
  message,
  failure: null,
  evidence: [],
});

function firstOf(gang: readonly GangRank[], question: (rank: GangRank) => Ending | null): Ending | null {
  for (const rank of gang) {
    const answer = question(rank);
    if (answer !== null) return answer;
  }
  return null;
}
