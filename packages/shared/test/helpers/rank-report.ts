import type { RankReport } from '@dsr1/shared/wire/messages';

/** A rank that runs and has said nothing of itself. */
export const aRankReport = (more: Partial<RankReport> = {}): RankReport => ({
  deployment: 'd',
  epoch: 1,
  rank: 0,
  state: 'running',
  phase: 'weights',
  progress: null,
  detail: null,
  phaseSeconds: {},
  exitCode: null,
  exitSignal: null,
  evidence: [],
  sequence: 1,
  failure: null,
  pid: 1,
  adopted: false,
  ...more,
});
