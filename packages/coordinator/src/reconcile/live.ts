/** An attempt that is under way: take its next step, or end it. */
import { assertNever } from '@dsr1/shared/errors';
import type { Action } from './actions.ts';
import type { Situation } from './decide.ts';
import { type GangRank, isPresent, nodeNames } from './gang.ts';
import { openGate } from './gate.ts';
import { findLoss } from './loss.ts';
import type { AttemptRecord, EndCause, Ending } from './model.ts';
import { findFallback, networkNews, rankNetworks } from './network.ts';
import { verdictOf } from './rehearsal.ts';
import { isServing } from './serving.ts';
import { settle } from './settle.ts';

export function decideLive(
  situation: Situation,
  attempt: AttemptRecord,
  gang: readonly GangRank[],
): readonly Action[] {
  const { deployment, nowMs, policy } = situation;
  if (deployment.desired !== 'running') {
    return [end('operator', deployment.desired === 'removed' ? 'removal requested' : 'stop requested')];
  }
  const news = tell(gang);
  const loss = findLoss(attempt, gang, nowMs, policy) ?? findFallback(deployment.spec, attempt, gang);
  if (loss !== null) return [{ kind: 'end', ending: loss }, ...news];
  switch (attempt.step) {
    case 'preparing':
      return [...prepare(situation, gang), ...news];
    case 'rehearsing':
      return [...rehearse(situation, attempt, gang), ...news];
    case 'committing':
      return [...commit(situation, attempt, gang), ...news];
    case 'running':
      return [...run(situation, attempt, gang), ...news];
  }
  return assertNever(attempt.step);
}

const prepare = (situation: Situation, gang: readonly GangRank[]): readonly Action[] =>
  awaitAll(situation, gang, 'prepared') ?? [{ kind: 'prepare' }];

/** A coordinator that died in a rehearsal knows none, and begins it again. */
function rehearse(
  situation: Situation,
  attempt: AttemptRecord,
  gang: readonly GangRank[],
): readonly Action[] {
  const absence = awaitAll(situation, gang, 'started');
  if (absence !== null) return absence;
  const { deployment, rehearsal } = situation;
  if (rehearsal === null) return [{ kind: 'rehearse' }];
  if (rehearsal.kind === 'proven') {
    const message = 'not rehearsed again: the same network passed, and nothing has changed since';
    return [{ kind: 'rehearsed', passed: true, doubt: false, message, check: null }];
  }
  const { report } = rehearsal;
  if (report.state === 'running') return settle(deployment, 'rehearsing', report.message);
  const mode = deployment.spec.network?.rehearse === 'warn' ? 'warn' : 'fail';
  const verdict = verdictOf(report, mode, attempt.plan);
  return verdict.kind === 'end' ? [verdict] : [{ ...verdict, kind: 'rehearsed', check: report.id }];
}

/**
 * Nothing runs yet, so a node that went away is no harm: the attempt ends and another is planned when it is back. null
 * when all are there.
 */
function awaitAll(
  { deployment }: Situation,
  gang: readonly GangRank[],
  before: 'prepared' | 'started',
): readonly Action[] | null {
  const absent = gang.filter(({ node }) => !isPresent(node));
  if (absent.length === 0) return null;
  const names = nodeNames(absent.map(({ record }) => record.nodeName));
  const gone = absent.some(({ node }) => node?.reported === true);
  return gone
    ? [end('interrupted', `${names} went away before its rank was ${before}`)]
    : settle(deployment, before === 'prepared' ? 'preparing' : 'rehearsing', `waits for ${names} to report`);
}

/**
 * A commit is repeated until it is answered: the agent starts a rank once, however often it is told. Ranks that already
 * run wait at their rendezvous meanwhile.
 */
function commit(
  { deployment, nowMs, policy }: Situation,
  attempt: AttemptRecord,
  gang: readonly GangRank[],
): readonly Action[] {
  const open = gang.filter(({ record }) => !record.committed);
  const present = open.filter(({ node }) => isPresent(node)).map(({ record }) => record.rank);
  const confirm = { kind: 'commit', ranks: present } as const;
  // Told by a coordinator that died before it could store the answers.
  if (open.every(({ report }) => report?.state === 'running')) return [confirm];
  const unknown = open.filter(({ node }) => node?.reported === false).map(({ record }) => record.nodeName);
  if (unknown.length > 0 && present.length === 0)
    return settle(deployment, 'starting', `waits for ${nodeNames(unknown)} to report`);
  const giveUpAtMs = (attempt.commitAtMs ?? nowMs) + policy.commitWindowMs;
  if (nowMs >= giveUpAtMs && unknown.length === 0) {
    const names = nodeNames(open.map(({ record }) => record.nodeName));
    return [
      end('interrupted', `${names} did not confirm the start within ${policy.commitWindowMs / 1000} s`),
    ];
  }
  return present.length > 0 ? [confirm] : [{ kind: 'wake', atMs: giveUpAtMs }];
}

function run(
  { deployment, gateCall, nowMs, policy }: Situation,
  attempt: AttemptRecord,
  gang: readonly GangRank[],
): readonly Action[] {
  if (attempt.servedAtMs === null && isServing(attempt.plan, gang)) {
    return [{ kind: 'serve', network: networkNews(rankNetworks(deployment.spec, attempt, gang), gang) }];
  }
  if (attempt.servedAtMs !== null) return settle(deployment, 'serving', servingMessage(gang));
  const gate = openGate(attempt.plan.ranks[0]?.ports ?? [], gang, gateCall, nowMs);
  if (gate.length > 0) return gate;
  const unseenUntilMs = (attempt.commitAtMs ?? nowMs) + policy.reportGraceMs + 1;
  return nowMs < unseenUntilMs ? [{ kind: 'wake', atMs: unseenUntilMs }] : [];
}

function servingMessage(gang: readonly GangRank[]): string {
  const silent = gang.filter(({ node }) => !isPresent(node)).map(({ record }) => record.nodeName);
  return silent.length === 0
    ? 'serving'
    : `serving; ${nodeNames(silent)} is silent, its ranks are left alone`;
}

/** Last in the list: what is to be done comes first. */
function tell(gang: readonly GangRank[]): readonly Action[] {
  const ranks = gang.flatMap(({ record, report }) =>
    report === null || (report.state === record.toldState && report.phase === record.toldPhase)
      ? []
      : [{ rank: record.rank, state: report.state, phase: report.phase }],
  );
  return ranks.length === 0 ? [] : [{ kind: 'tell', ranks }];
}

function end(cause: EndCause, message: string): Action {
  const ending: Ending = { cause, rank: null, message, failure: null, evidence: [] };
  return { kind: 'end', ending };
}
