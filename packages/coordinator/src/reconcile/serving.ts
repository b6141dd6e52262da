/** Is the gang serving? */
import { phaseIndex } from '@dsr1/shared/engines/phases';
import type { LaunchPlan } from '@dsr1/shared/plan/model';
import { type GangRank, rankName } from './gang.ts';
import { type GateCall, isAtGate } from './gate.ts';

/** Every rank runs, and those that answer HTTP have reached `serving`. Of a gang without HTTP nothing more is known. */
export function isServing(plan: LaunchPlan, gang: readonly GangRank[]): boolean {
  const answering = new Set(plan.ranks.filter((rank) => rank.health !== null).map((rank) => rank.rank));
  return gang.every(
    ({ record, report }) =>
      report?.state === 'running' && (report.phase === 'serving' || !answering.has(record.rank)),
  );
}

/**
 * What everybody waits for while the gang starts: the rank that is furthest behind, and how long the one furthest ahead
 * has been in its phase. `nowMs` and `commitAtMs` are steady milliseconds; `gateCall`: the last, null = none.
 */
export function startMessage(
  gang: readonly GangRank[],
  commitAtMs: number,
  nowMs: number,
  gateCall: GateCall | null,
): string {
  const silent = gang.find(({ report, node }) => report === null && node?.sessionId == null);
  if (silent !== undefined) return `${rankName(silent.record)} is silent; its last state is unknown`;
  const places = gang.map((rank) => ({
    rank,
    place: rank.report === null ? -1 : phaseIndex(rank.report.phase),
  }));
  const [first] = places;
  if (first === undefined) return 'starting';
  const behind = places.reduce((a, b) => (b.place < a.place ? b : a));
  const ahead = places.reduce((a, b) => (b.place > a.place ? b : a));
  const phase = ahead.rank.report?.phase;
  if (phase === undefined) return 'waits for the first report of every rank';
  const enteredSeconds = ahead.rank.report?.phaseSeconds[phase] ?? 0;
  const seconds = Math.max(0, Math.round((nowMs - commitAtMs) / 1000 - enteredSeconds));
  const atGate = gang.filter(isAtGate).map(({ record }) => rankName(record));
  if (atGate.length === gang.length) {
    const shut = gateCall?.because == null ? '' : `; the gate does not open: ${gateCall.because}`;
    return `all ranks wait at the gate since ${seconds} s${shut}`;
  }
  if (behind.place === ahead.place && atGate.length > 0)
    return `${atGate.join(', ')} waits at the gate, the others do not yet`;
  if (behind.place === ahead.place) return `all ranks in phase ${phase} since ${seconds} s`;
  // Followers of an engine without HTTP of their own end in an earlier phase than the head: only the rendezvous is common.
  if (behind.place < phaseIndex('rendezvous') || phase === 'rendezvous') {
    return `${rankName(behind.rank.record)} has not reached ${phase}; ${rankName(ahead.rank.record)} waits since ${seconds} s`;
  }
  return `${rankName(ahead.rank.record)} in phase ${phase} since ${seconds} s, ${rankName(behind.rank.record)} in ${behind.rank.report?.phase}`;
}
