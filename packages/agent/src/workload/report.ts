import type { RankReport, RankState } from '@dsr1/shared/wire/messages';
import type { RunRecord, RunState } from './model.ts';

/** What changes too often to be written down. */
export interface Live {
  readonly progress: number | null;
  readonly detail: string | null;
}

/** What the coordinator is told of each state; null = nothing. */
const REPORTED: Readonly<Record<RunState, RankState | null>> = {
  prepared: 'prepared',
  void: null,
  launching: 'prepared',
  running: 'running',
  stopping: 'running',
  exited: 'exited',
  stopped: 'stopped',
};

/** null for a run that means nothing to others (a void prepare). */
export function reportOf(run: RunRecord, live: Live | undefined, sequence: number): RankReport | null {
  const state = REPORTED[run.state];
  if (state === null) return null;
  const {
    deployment,
    epoch,
    phase,
    phaseSeconds,
    exitCode,
    exitSignal,
    evidence,
    failure,
    adopted,
    processes,
    readings,
  } = run;
  return {
    deployment,
    epoch,
    rank: run.plan.rank,
    state,
    phase,
    progress: live?.progress ?? null,
    detail: live?.detail ?? null,
    phaseSeconds,
    exitCode,
    exitSignal,
    evidence,
    sequence,
    failure,
    pid: processes.at(-1)?.handle.pid ?? null,
    adopted,
    ...(readings === undefined ? {} : { readings }),
  };
}
