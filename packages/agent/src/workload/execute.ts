/** Carries out steps. One executor per kind of step; what one throws ends the command with that failure. */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import { failureOf } from '@dsr1/shared/wire/failure';
import type { RunRecord, Step, StepTypes } from './model.ts';
import type { PrepareDeps, Reservation } from './prepare-checks.ts';
import { prepareRun, whenExpired } from './prepare-run.ts';
import type { RunFolders } from './run-folder.ts';
import { endAll, findAll, runtimeOf, startAll } from './run-processes.ts';
import type { RunTable } from './run-table.ts';
import type { Runtimes } from './runtimes/runtime.ts';
import type { Supervisor, SupervisorDeps } from './supervisor.ts';

export interface ExecuteDeps {
  readonly table: RunTable;
  readonly folders: RunFolders;
  readonly runtimes: Runtimes;
  readonly supervisor: Supervisor;
  readonly engineOf: SupervisorDeps['engineOf'];
  readonly prepare: Omit<PrepareDeps, 'runtime'>;
  readonly clock: Clock;
  readonly bootId: string;
  readonly runIdOf: (deployment: string, epoch: number, rank: number) => string;
  readonly changed: (runId: string) => void;
  readonly log: Logger;
}

type Executors = { readonly [K in keyof StepTypes]: (step: StepTypes[K]) => Promise<void> };

export function createExecutor(deps: ExecuteDeps): (step: Step) => Promise<void> {
  const executors = executorsOver(deps);
  return <K extends keyof StepTypes>(step: { readonly kind: K } & StepTypes[K]) => executors[step.kind](step);
}

function executorsOver(deps: ExecuteDeps): Executors {
  const { table, folders, supervisor, clock, changed, log } = deps;
  const reservations = new Map<string, Reservation>();
  const letGo = async (runId: string): Promise<void> => {
    await reservations.get(runId)?.release();
    reservations.delete(runId);
  };
  const end = async (run: RunRecord, graceMs: number): Promise<void> => {
    supervisor.unwatch(run.runId);
    await endAll(runtimeOf(deps.runtimes, run), run, graceMs);
  };

  return {
    raiseLeaderEpoch: async ({ leaderEpoch }) => table.raiseLeaderEpoch(leaderEpoch),
    tombstone: async ({ deployment, epoch }) => table.bury(deployment, epoch),
    async forget({ runId }) {
      await letGo(runId);
      folders.remove(runId);
      table.remove(runId);
    },
    async prepare(request) {
      const { runId, reservation } = await prepareRun(request, deps);
      reservations.set(runId, reservation);
      whenExpired(runId, request.expiresMs, deps, () => {
        letGo(runId).catch((err: unknown) =>
          log.warn({ err, runId }, 'ports of an expired prepare were not let go'),
        );
      });
      changed(runId);
    },
    async launch({ runId, deadlines }) {
      const prepared = mustHave(table, runId);
      const runtime = runtimeOf(deps.runtimes, prepared);
      await letGo(runId);
      const intent: RunRecord = {
        ...prepared,
        state: 'launching',
        deadlines,
        committedAtMs: clock.monotonicMs(),
        phaseSeconds: { starting: 0 },
      };
      table.put(intent);
      try {
        const running: RunRecord = {
          ...intent,
          state: 'running',
          processes: await startAll(intent, runtime, folders),
        };
        table.put(running);
        await supervisor.watch(running);
      } catch (thrown) {
        await end(intent, 0);
        table.note({
          ...intent,
          state: 'exited',
          failure: failureOf(thrown),
        });
        throw thrown;
      } finally {
        changed(runId);
      }
    },
    async stop({ runId, graceMs, reason }) {
      const run = mustHave(table, runId);
      await letGo(runId);
      if (run.state !== 'prepared' && run.state !== 'void') {
        log.info({ runId, reason }, 'stopping rank');
        table.note({ ...run, state: run.state === 'exited' ? 'exited' : 'stopping' });
        await end(run, graceMs ?? run.plan.stopGraceSeconds * 1000);
      }
      folders.remove(runId);
      table.note({ ...run, state: 'stopped' });
      changed(runId);
    },
    async adopt({ runId }) {
      const run = mustHave(table, runId);
      const runtime = runtimeOf(deps.runtimes, run);
      const found = await findAll(runtime, run);
      // Interrupted between intent and record: either all of it was started, or the launch is undone.
      if (run.state === 'launching' && found.length < run.plan.processes.length) {
        await end(run, 0);
        const failure = {
          code: 'LAUNCH_FAILED',
          message: 'the agent ended while it was starting this rank',
          hint: null,
        };
        table.note({ ...run, state: 'exited', failure });
      } else {
        const adopted: RunRecord = {
          ...run,
          state: 'running',
          processes: run.state === 'launching' ? found : run.processes,
          adopted: true,
        };
        table.note(adopted);
        log.info({ runId, pids: adopted.processes.map(({ handle }) => handle.pid) }, 'adopted rank');
        await supervisor.watch(adopted);
      }
      changed(runId);
    },
  };
}

function mustHave(table: RunTable, runId: string): RunRecord {
  const run = table.get(runId);
  if (run === undefined) throw new Dsr1Error('INTERNAL', `run ${runId} is not known`);
  return run;
}
