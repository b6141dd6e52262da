/** Checks that run or ran, one at a time on every node: two checks of one node would measure each other. */
import { randomUUID } from 'node:crypto';
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { CheckReport } from '@dsr1/shared/fabric/check/model';
import { type RunDeps, runCheck } from './run.ts';
import type { CheckTarget } from './target.ts';

export interface CheckRuns {
  /** The check that is going on at one of these nodes. */
  busy(nodes: readonly string[]): CheckReport | null;
  /**
   * Begins at once, or after the checks that go on at its nodes. `told` hears every change of the report; the last one
   * is `done` or `failed`. After `signal` no more pairs are tested.
   */
  begin(target: CheckTarget, told: (report: CheckReport) => void, signal: AbortSignal): CheckReport;
  /** @throws NOT_FOUND */
  get(id: string): CheckReport;
}

interface Run {
  report: CheckReport;
  over: Promise<void>;
}

const KEPT = 20;

export function createCheckRuns(deps: RunDeps): CheckRuns {
  const runs = new Map<string, Run>();
  const overlapping = (nodes: readonly string[]): readonly Run[] =>
    [...runs.values()].filter(
      ({ report }) => report.state === 'running' && report.nodes.some((node) => nodes.includes(node)),
    );
  return {
    busy: (nodes) => overlapping(nodes)[0]?.report ?? null,
    begin(target, told, signal) {
      const nodes = target.nodes.map(({ name }) => name);
      const earlier = overlapping(nodes);
      const run: Run = {
        over: Promise.resolve(),
        report: {
          id: randomUUID(),
          state: 'running',
          message: earlier.length === 0 ? 'begins' : `waits for another check: ${earlier[0]?.report.message}`,
          deployment: target.deployment,
          nodes,
          startedAt: new Date(deps.clock.wallMs()).toISOString(),
          transport: null,
          ends: [],
          pairs: [],
          figures: [],
          findings: [],
        },
      };
      const begun = run.report;
      forgetOld(runs);
      runs.set(begun.id, run);
      const change = (changed: Partial<CheckReport>): void => {
        run.report = { ...run.report, ...changed };
        told(run.report);
      };
      run.over = Promise.all(earlier.map(({ over }) => over))
        .then(() => runCheck(target, deps, change, signal))
        .catch((error: unknown) => change({ state: 'failed', message: toDsr1Error(error).message }));
      return begun;
    },
    get(id) {
      const run = runs.get(id);
      if (run !== undefined) return run.report;
      throw new Dsr1Error('NOT_FOUND', `there is no check ${id}`, {
        hint: 'reports are kept until the coordinator ends',
      });
    },
  };
}

function forgetOld(runs: Map<string, Run>): void {
  const old = [...runs.values()].filter(({ report }) => report.state !== 'running').slice(0, -KEPT);
  for (const { report } of old) runs.delete(report.id);
}
