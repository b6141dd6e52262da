/** What the agent does with its remembered runs when it starts. Pure. */
import { type AgentState, isLive, type RunRecord, type Step } from './model.ts';

/**
 * Another boot id: nothing of before can run, all records are void. Same boot: prepares are void (their ports were let
 * go with the old agent process), live runs are looked for and adopted, half-finished stops are finished.
 */
export function decideStart(state: AgentState, bootId: string): readonly Step[] {
  return [...state.runs.values()].flatMap((run) => startSteps(run, bootId));
}

function startSteps(run: RunRecord, bootId: string): readonly Step[] {
  if (run.bootId !== bootId || run.state === 'prepared' || run.state === 'void')
    return [{ kind: 'forget', runId: run.runId }];
  if (run.state === 'stopping')
    return [
      {
        kind: 'stop',
        runId: run.runId,
        graceMs: null,
        reason: 'the agent was restarted while it stopped this run',
      },
    ];
  return isLive(run) ? [{ kind: 'adopt', runId: run.runId }] : [];
}
