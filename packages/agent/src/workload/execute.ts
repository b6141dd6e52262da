/** Carries out steps. One executor per kind of step; what one throws ends the command with that failure. */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import type { ProcessHandle, RunProcess, RunRecord, Step, StepTypes } from './model.ts';
import { checkAndReserve, type PrepareDeps, type Reservation } from './prepare-checks.ts';
import { makeLogFolder, type RunFolders, withRunDir } from './run-folder.ts';
import type { RunTable } from './run-table.ts';
import type { Runtime, Runtimes } from './runtimes/runtime.ts';
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
    const runtime = runtimeOf(deps.runtimes, run);
    const left = await runtime.stop(run.runId, await handlesOf(runtime, run), graceMs);
    if (left.length === 0) return;
    throw new Dsr1Error(
      'TIMEOUT',
      `processes ${left.join(', ')} of ${run.runId} are still there after SIGKILL`,
      {
        hint: 'a process in state D waits for a device or a file server: look at `ps -o pid,stat,wchan`; the node may need a reboot',
      },
    );
  };

  return {
    raiseLeaderEpoch: async ({ leaderEpoch }) => table.raiseLeaderEpoch(leaderEpoch),
    tombstone: async ({ deployment, epoch }) => table.bury(deployment, epoch),
    async forget({ runId }) {
      await letGo(runId);
      folders.remove(runId);
      table.remove(runId);
    },
    async prepare(step) {
      const { plan, deployment, epoch, specHash, planHash, expiresMs } = step;
      const runId = deps.runIdOf(deployment, epoch, plan.rank);
      if ((await deps.engineOf(plan.engine)) === null) {
        throw new Dsr1Error('RUNTIME_MISSING', `this agent does not know the engine ${plan.engine}`, {
          hint: 'install the newest dsr1 on the node',
        });
      }
      const reservation = await checkAndReserve(plan, {
        ...deps.prepare,
        runtime: deps.runtimes[plan.runtime],
      });
      try {
        folders.create(runId, plan, step.apiKey);
        const blank = {
          deadlines: null,
          committedAtMs: null,
          processes: [],
          phase: 'starting',
          phaseSeconds: {},
          exitCode: null,
          exitSignal: null,
        } as const;
        const rest = {
          evidence: [],
          failure: null,
          adopted: false,
          bootId: deps.bootId,
          expiresAtMs: clock.monotonicMs() + expiresMs,
        } as const;
        table.put({
          runId,
          deployment,
          epoch,
          specHash,
          planHash,
          plan,
          state: 'prepared',
          ...blank,
          ...rest,
        });
      } catch (error) {
        await reservation.release();
        folders.remove(runId);
        throw error;
      }
      reservations.set(runId, reservation);
      const expire = (): void => {
        const run = table.get(runId);
        if (run?.state !== 'prepared' || run.expiresAtMs > clock.monotonicMs()) return;
        table.note({ ...run, state: 'void' });
        letGo(runId).catch((err: unknown) =>
          log.warn({ err, runId }, 'ports of an expired prepare were not let go'),
        );
      };
      setTimeout(expire, expiresMs + 1).unref();
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
        const error = toDsr1Error(thrown);
        await end(intent, 0);
        table.note({
          ...intent,
          state: 'exited',
          failure: { code: error.code, message: error.message, hint: error.hint },
        });
        throw error;
      } finally {
        changed(runId);
      }
    },
    async stop({ runId, graceMs, reason }) {
      const run = mustHave(table, runId);
      await letGo(runId);
      if (run.state === 'prepared' || run.state === 'void') {
        folders.remove(runId);
        table.note({ ...run, state: 'stopped' });
      } else {
        log.info({ runId, reason }, 'stopping rank');
        table.note({ ...run, state: run.state === 'exited' ? 'exited' : 'stopping' });
        await end(run, graceMs ?? run.plan.stopGraceSeconds * 1000);
        table.note({ ...run, state: 'stopped' });
      }
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

async function startAll(
  run: RunRecord,
  runtime: Runtime,
  folders: RunFolders,
): Promise<readonly RunProcess[]> {
  const folder = folders.pathOf(run.runId);
  const started: RunProcess[] = [];
  for (const { id, argv, env } of run.plan.processes) {
    const logFile = folders.logFileOf(run, id);
    makeLogFolder(logFile);
    const filled = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, withRunDir(value, folder)]),
    );
    const request = {
      runId: run.runId,
      processId: id,
      argv: argv.map((text) => withRunDir(text, folder)),
      env: filled,
      folder,
      logFile,
    };
    started.push({ id, handle: await runtime.start(request) });
  }
  return started;
}

async function findAll(runtime: Runtime, run: RunRecord): Promise<readonly RunProcess[]> {
  const found = await Promise.all(
    run.plan.processes.map(async ({ id }) => {
      const recorded = run.processes.find((process) => process.id === id)?.handle ?? null;
      return { id, handle: await runtime.find(run.runId, id, recorded) };
    }),
  );
  return found.flatMap(({ id, handle }) => (handle === null ? [] : [{ id, handle }]));
}

/** Recorded handles stay useful when their process is gone: they lead to the session or the unit of what it left behind. */
async function handlesOf(runtime: Runtime, run: RunRecord): Promise<readonly ProcessHandle[]> {
  if (run.processes.length > 0) return run.processes.map(({ handle }) => handle);
  return (await findAll(runtime, run)).map(({ handle }) => handle);
}

function runtimeOf(runtimes: Runtimes, { plan }: RunRecord): Runtime {
  const runtime = runtimes[plan.runtime];
  if (runtime === undefined)
    throw new Dsr1Error('RUNTIME_MISSING', `this agent has no runtime ${plan.runtime}`);
  return runtime;
}

function mustHave(table: RunTable, runId: string): RunRecord {
  const run = table.get(runId);
  if (run === undefined) throw new Dsr1Error('INTERNAL', `run ${runId} is not known`);
  return run;
}
