/**
 * The rehearsal of an attempt: the network between its ranks is tested as planned, after all of them are prepared and
 * before any is started. What it found, and what that means for the launch.
 */

import type { CheckFinding, CheckReport } from '@dsr1/shared/fabric/check/model';
import { pairRounds } from '@dsr1/shared/fabric/check/schedule';
import type { LaunchPlan } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { Ending } from './model.ts';

/** What this coordinator knows of the rehearsal of one attempt. */
export type Rehearsal =
  /** The same network passed before, and nothing has changed since. */
  { readonly kind: 'proven' } | { readonly kind: 'check'; readonly report: CheckReport };

export type RehearsalVerdict =
  | { readonly kind: 'end'; readonly ending: Ending }
  | ({ readonly kind: 'go' } & RehearsalNews);

export interface RehearsalNews {
  /** Nothing is broken as far as could be seen: a relaunch on the same network needs no other rehearsal. */
  readonly passed: boolean;
  /** Something is broken, or was not tested. */
  readonly doubt: boolean;
  readonly message: string;
}

/** The nodes' networks are not any more what was planned. */
export const FACTS_CHANGED = 'facts-changed';

/** One rank has nobody to talk to. */
export const isRehearsed = ({ network }: DeploymentSpec, { ranks }: LaunchPlan): boolean =>
  ranks.length > 1 && network?.rehearse !== 'off';

/** How long it may take, its wait for other checks of its nodes included. A round of healthy pairs takes 0.3 to 8 s. */
export const rehearsalLimitMs = ({ ranks }: LaunchPlan): number =>
  LOOK_MS + ROUND_MS * pairRounds(ranks.map(({ nodeName }) => nodeName)).length + ALL_REDUCE_MS;

const LOOK_MS = 45_000;
const ALL_REDUCE_MS = 120_000;
const ROUND_MS = 30_000;

/** What a report that is over means for the launch; what could not be tested stops none. */
export function verdictOf(
  report: CheckReport,
  mode: 'fail' | 'warn',
  { ranks }: LaunchPlan,
): RehearsalVerdict {
  const { state, findings, pairs } = report;
  if (state === 'failed') return doubt(`rehearsal incomplete: ${report.message}`);
  const of = (category: string): CheckFinding | undefined =>
    findings.find((finding) => finding.category === category);
  const changed = of(FACTS_CHANGED);
  if (changed !== undefined) return { kind: 'end', ending: endingOf(FACTS_CHANGED, changed, ranks) };
  const silent = of('node-silent');
  if (silent !== undefined) return { kind: 'end', ending: endingOf('interrupted', silent, ranks) };
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [broken, ...more] = errors.filter(({ category }) => category !== 'untested');
  if (broken !== undefined) {
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
    return mode === 'fail'
      ? { kind: 'end', ending: endingOf('rehearsal-failed', broken, ranks, others) }
      : doubt(`rehearsal: ${broken.cause}${others}; network.rehearse is warn, so the launch goes on`);
  }
  const untested = errors[0];
  if (untested !== undefined) return doubt(`rehearsal incomplete: ${untested.cause}`);
  const [remark] = findings;
  const tests = `${pairs.filter(({ outcome }) => outcome === 'pass').length} tests of pairs passed`;
  const message = `${tests}${sumOf(report)}${remark === undefined ? '' : `; remark: ${remark.cause}`}`;
  return withoutRdma(report)
    ? { kind: 'go', passed: true, doubt: true, message: `rehearsal incomplete: ${NO_TOOLS}; ${message}` }
    : { kind: 'go', passed: true, doubt: false, message: `rehearsed: ${message}` };
}

const doubt = (message: string): RehearsalVerdict => ({ kind: 'go', passed: false, doubt: true, message });

function sumOf({ allReduce }: CheckReport): string {
  if (allReduce === undefined) return '';
  const { outcome, backend, ranks, detail } = allReduce;
  return outcome === 'pass'
    ? `, and an all-reduce of ${ranks} ranks (${backend})`
    : `; no all-reduce: ${detail}`;
}

/** RDMA is planned, and no two nodes had a tool in common to test it. */
const withoutRdma = ({ ends, pairs, allReduce }: CheckReport): boolean =>
  ends.some(({ device }) => device !== null) &&
  !pairs.some(({ test }) => test === 'verbs') &&
  !(allReduce?.outcome === 'pass' && allReduce.backend === 'nccl');

const NO_TOOLS = 'RDMA itself was not tested, since neither perftest nor ibv_rc_pingpong is on both nodes';

function endingOf(
  cause: Ending['cause'],
  { culprit, cause: says, fix, evidence }: CheckFinding,
  ranks: LaunchPlan['ranks'],
  others = '',
): Ending {
  const [node, ...rest] = culprit.nodes;
  const blamed = rest.length === 0 ? ranks.find(({ nodeName }) => nodeName === node) : undefined;
  const failure = { code: 'REHEARSAL_FAILED', message: says, hint: fix };
  return {
    cause,
    rank: blamed?.rank ?? null,
    message: `${says}${others}`,
    failure: cause === 'rehearsal-failed' ? failure : null,
    evidence,
  };
}

/**
 * What a rehearsal proves, as a value: the same network of the same nodes with the same facts needs no second proof.
 * `factsHashes` by node id.
 */
export const provenBy = (
  { transport, ends, ranks }: LaunchPlan,
  factsHashes: Readonly<Record<string, string>>,
) => ({
  transport,
  ends,
  facts: ranks.map(({ nodeId }) => factsHashes[nodeId] ?? null),
});

/** May the network be to blame for this ending? Then what was proven counts no more. */
export function shakesTrust({ cause, evidence }: Ending, served: boolean): boolean {
  if (cause === 'rehearsal-failed' || cause === FACTS_CHANGED) return true;
  if (cause !== 'rank-failed' && cause !== 'rank-vanished') return false;
  return !served || evidence.some((line) => OF_THE_NETWORK.test(line));
}

/**
 * What NCCL (src/transport/net_ib, src/misc/socket.cc) and Gloo say when packets are lost. That a peer closed its
 * connection is no such word: a peer that ends does so.
 */
const OF_THE_NETWORK =
  /IBV_WC_|IBV_EVENT_|ncclSystemError|timed out|No route to host|(Network|Host) is unreachable/i;
