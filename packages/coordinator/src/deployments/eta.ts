/** How long a start will still take, by how long the last one like it took. Pure; seconds are counted from commit. */
import { PHASES, type Phase, phaseIndex } from '@dsr1/shared/engines/phases';
import type { DeploymentDetail, RankStatus } from '@dsr1/shared/http-api/resources';
import type { LaunchPlan } from '@dsr1/shared/plan/model';

/** By rank: when it entered each phase. */
export type PhaseTimes = Readonly<Record<number, Readonly<Record<string, number>>>>;

/** What a start's length depends on; starts of one subject are compared. */
export const startSubject = ({ engine, world, ranks }: LaunchPlan, modelPath: string): string =>
  [engine, ranks[0]?.engineVersion ?? '-', ...Object.values(world), modelPath].join(' ');

export const timesOf = (ranks: readonly Pick<RankStatus, 'rank' | 'phaseSeconds'>[]): PhaseTimes =>
  Object.fromEntries(ranks.map(({ rank, phaseSeconds }) => [rank, phaseSeconds]));

/** null when it does not start, or nothing like it has. */
export function etaOf(
  { state, ranks }: Pick<DeploymentDetail, 'state' | 'ranks'>,
  last: PhaseTimes | null,
  sinceCommitSeconds: number | null,
): NonNullable<DeploymentDetail['eta']> | null {
  if (state !== 'starting' || last === null || sinceCommitSeconds === null) return null;
  const left = ranks.map((rank) => secondsLeft(rank, last[rank.rank] ?? {}, sinceCommitSeconds));
  return {
    secondsLeft: Math.round(Math.max(0, ...left)),
    lastSeconds: Math.round(Math.max(...Object.values(last).flatMap((times) => Object.values(times)))),
  };
}

/** What is left of the present phase (by its progress, where the engine says it), and all that came after it. */
function secondsLeft(rank: RankStatus, last: Readonly<Record<string, number>>, now: number): number {
  const phase = rank.phase ?? 'starting';
  const end = Math.max(0, ...Object.values(last));
  const [began, over] = [enteredBy(last, phase), followerOf(last, phase)];
  if (over === null) return 0;
  const lasts = over - began;
  const present =
    rank.progress === null ? lasts - (now - (rank.phaseSeconds[phase] ?? 0)) : lasts * (1 - rank.progress);
  return Math.max(0, present) + end - over;
}

/** A rank may pass through a phase so fast that it was never seen in it. */
function enteredBy(last: Readonly<Record<string, number>>, phase: Phase): number {
  return Math.max(0, ...PHASES.slice(0, phaseIndex(phase) + 1).map((each) => last[each] ?? 0));
}

/** When the phase after this one was entered; null when this was the last. */
function followerOf(last: Readonly<Record<string, number>>, phase: Phase): number | null {
  return (
    PHASES.slice(phaseIndex(phase) + 1)
      .map((each) => last[each])
      .find((at) => at !== undefined) ?? null
  );
}
