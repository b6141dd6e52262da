/** Where a rank's start stands, and until when it may stand there. Pure; seconds are counted from commit. */
import type { PhaseHint } from '@dsr1/shared/engines/engine';
import { type Phase, phaseIndex } from '@dsr1/shared/engines/phases';
import type { PhaseDeadlines } from '@dsr1/shared/plan/model';

export interface Progress {
  readonly phase: Phase;
  readonly phaseSeconds: Readonly<Record<string, number>>;
  /** 0..1 within the phase, null when the engine does not say. */
  readonly progress: number | null;
  readonly detail: string | null;
  /** When the engine itself said that it serves; on the rank with a health check that alone is not believed. */
  readonly claimedSeconds: number | null;
}

export interface ProgressRule {
  /** The phase at which the start is over for this rank. */
  readonly donePhase: Phase;
  /** This rank serves HTTP, and `serving` is said by its answers only. */
  readonly provenByHealth: boolean;
}

export const isDone = (progress: Progress, rule: ProgressRule): boolean =>
  phaseIndex(progress.phase) >= phaseIndex(rule.donePhase);

/** After a line of the log. A rank never goes back: hints of earlier phases are ignored. */
export function afterHint(
  progress: Progress,
  hint: PhaseHint,
  seconds: number,
  rule: ProgressRule,
): Progress {
  if (hint.phase === 'serving' && rule.provenByHealth) {
    if (progress.claimedSeconds !== null || progress.phase === 'serving') return progress;
    const listening = entered(progress, 'listening', seconds);
    return {
      ...listening,
      claimedSeconds: seconds,
      detail: 'the engine says it is ready; waiting for its answer',
    };
  }
  if (phaseIndex(hint.phase) < phaseIndex(progress.phase)) return progress;
  const moved = entered(progress, hint.phase, seconds);
  return {
    ...moved,
    progress: hint.progress ?? (moved === progress ? progress.progress : null),
    detail: hint.detail ?? moved.detail,
  };
}

/** After /health and the list of models answered. */
export const afterHealthy = (progress: Progress, seconds: number): Progress =>
  entered(progress, 'serving', seconds);

/** When the current phase must be over, null when the start is done. The wait before rendezvous counts as rendezvous. */
export function deadlineOf(
  progress: Progress,
  deadlines: PhaseDeadlines,
  rule: ProgressRule,
): { readonly seconds: number; readonly limitSeconds: number; readonly waitingFor: string } | null {
  if (isDone(progress, rule)) return null;
  const { phase, claimedSeconds, phaseSeconds } = progress;
  const since = phaseSeconds[phase] ?? 0;
  const until = (from: number, limitSeconds: number, waitingFor: string) => ({
    seconds: from + limitSeconds,
    limitSeconds,
    waitingFor,
  });
  if (claimedSeconds !== null)
    return until(claimedSeconds, deadlines.servingSeconds, 'the engine to answer on its HTTP port');
  switch (phase) {
    case 'starting':
    case 'rendezvous':
      return until(0, deadlines.rendezvousSeconds, 'all ranks to find each other');
    case 'weights':
      return until(since, deadlines.weightsSeconds, 'the weights to be loaded');
    case 'graphs':
      return until(since, deadlines.graphsSeconds, 'memory and graphs to be prepared');
    case 'listening':
      return until(since, deadlines.listeningSeconds, 'the engine to finish its warm-up');
    case 'serving':
      return null;
  }
}

function entered(progress: Progress, phase: Phase, seconds: number): Progress {
  if (phaseIndex(phase) <= phaseIndex(progress.phase)) return progress;
  return {
    ...progress,
    phase,
    phaseSeconds: { ...progress.phaseSeconds, [phase]: seconds },
    progress: null,
    detail: null,
  };
}
