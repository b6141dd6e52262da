/** Puts a monitor on every running rank and turns what it sees into records. */
import type { Clock } from '@dsr1/shared/clock';
import type { PackedReading } from '@dsr1/shared/diagnose/packed';
import type { Engine } from '@dsr1/shared/engines/engine';
import type { Logger } from '@dsr1/shared/logger';
import type { EngineKind } from '@dsr1/shared/spec/deployment';
import type { Failure } from '@dsr1/shared/wire/messages';
import type { HealthProbe } from './health.ts';
import type { RunProcess, RunRecord } from './model.ts';
import { monitorRank } from './monitor.ts';
import type { ProgressRule } from './progress.ts';
import type { Live } from './report.ts';
import type { RunFolders } from './run-folder.ts';
import type { RunTable } from './run-table.ts';
import type { Exit, Runtimes } from './runtimes/runtime.ts';

/** What the agent needs of an engine. */
export type WatchedEngine = Pick<Engine, 'phases' | 'followerDonePhase' | 'workerTitles'>;

export interface SupervisorDeps {
  readonly table: RunTable;
  readonly folders: RunFolders;
  readonly runtimes: Runtimes;
  readonly engineOf: (kind: EngineKind) => Promise<WatchedEngine>;
  readonly probeHealth: HealthProbe;
  readonly clock: Clock;
  readonly changed: (runId: string) => void;
  readonly log: Logger;
}

export interface Supervisor {
  /** Watches a run whose processes are recorded. */
  watch(run: RunRecord): Promise<void>;
  /** From now on an exit of this run was asked for. */
  unwatch(runId: string): void;
  live(runId: string): Live | undefined;
  close(): void;
}

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { table, changed, log } = deps;
  const ends = new Map<string, () => void>();
  const lives = new Map<string, Live>();
  const change = (runId: string, news: (run: RunRecord) => Partial<RunRecord>): void => {
    const run = table.get(runId);
    if (run === undefined) return;
    table.note({ ...run, ...news(run) });
    changed(runId);
  };
  const unwatch = (runId: string): void => {
    ends.get(runId)?.();
    ends.delete(runId);
    lives.delete(runId);
  };
  return {
    async watch(run) {
      const { runId, plan } = run;
      const runtime = deps.runtimes[plan.runtime];
      const engine = await deps.engineOf(plan.engine);
      if (runtime === undefined) return;
      unwatch(runId);
      const listener = {
        progressed: ({
          phase,
          phaseSeconds,
          progress,
          detail,
        }: Pick<RunRecord, 'phase' | 'phaseSeconds'> & Live) => {
          lives.set(runId, { progress, detail });
          if (phase !== table.get(runId)?.phase) change(runId, () => ({ phase, phaseSeconds }));
          else changed(runId);
        },
        read: (readings: readonly PackedReading[]) => change(runId, () => ({ readings })),
        exited: (process: RunProcess, exit: Exit, evidence: readonly string[]) => {
          log.warn({ runId, process: process.id, exit }, 'rank process ended');
          unwatch(runId);
          change(runId, ({ phase, failure }) => ({
            state: 'exited',
            exitCode: exit.code,
            exitSignal: exit.signal,
            evidence,
            failure: failure ?? exitFailure(process, exit, phase),
          }));
        },
        overdue: (message: string, evidence: readonly string[]) => {
          log.warn({ runId }, 'rank is over its deadline');
          const hint =
            "read the ranks' logs (`dsr1ctl logs`), or give the phase more time (deadlines in the deployment)";
          change(runId, () => ({ evidence, failure: { code: 'PHASE_DEADLINE', message, hint } }));
        },
        workerDied: (message: string, evidence: readonly string[]) => {
          log.warn({ runId, message }, 'a worker of the rank is dead');
          const hint = 'the kernel may have ended it: `dmesg -T` on its node; what it wrote: `dsr1ctl logs`';
          change(runId, () => ({ evidence, failure: { code: 'WORKER_DEAD', message, hint } }));
        },
        failed: (err: unknown) => log.error({ err, runId }, 'watching a rank failed'),
      };
      const end = monitorRank(run, listener, {
        runtime,
        phases: engine.phases,
        workerTitles: engine.workerTitles,
        rule: ruleOf(run, engine),
        probeHealth: deps.probeHealth,
        apiKey: deps.folders.apiKeyOf(run),
        seconds: () => Math.max(0, (deps.clock.monotonicMs() - (run.committedAtMs ?? 0)) / 1000),
        logFileOf: (processId) => deps.folders.logFileOf(run, processId),
      });
      ends.set(runId, end);
    },
    unwatch,
    live: (runId) => lives.get(runId),
    close() {
      for (const end of ends.values()) end();
    },
  };
}

const ruleOf = ({ plan }: RunRecord, engine: WatchedEngine): ProgressRule =>
  plan.health === null
    ? { donePhase: engine.followerDonePhase, provenByHealth: false }
    : { donePhase: 'serving', provenByHealth: true };

/** Exit codes say nothing: both engines leave with 0 after failures. Whatever nobody asked for is a failure. */
function exitFailure(process: RunProcess, exit: Exit, phase: string): Failure {
  const how =
    exit.signal !== null
      ? `was ended by ${exit.signal}`
      : exit.code !== null
        ? `ended with status ${exit.code}`
        : 'ended';
  const detail = exit.detail === null ? '' : ` (${exit.detail})`;
  return {
    code: 'LAUNCH_FAILED',
    message: `process ${process.id} ${how} in phase ${phase} without being asked${detail}`,
    hint: 'its last lines are the evidence; the whole log: `dsr1ctl logs`',
  };
}
