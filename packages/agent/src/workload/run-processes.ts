/** The processes of one run, all together. */
import { mkdirSync } from 'node:fs';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { ProcessHandle, RunProcess, RunRecord } from './model.ts';
import { makeLogFile, type RunFolders, withRunDir } from './run-folder.ts';
import type { Runtime, Runtimes } from './runtimes/runtime.ts';

/** Starts every process of the plan in its order. @throws LAUNCH_FAILED, with those before it running */
export async function startAll(
  run: RunRecord,
  runtime: Runtime,
  folders: RunFolders,
): Promise<readonly RunProcess[]> {
  const folder = folders.pathOf(run.runId);
  const cacheDir = folders.cacheOf(run.plan);
  mkdirSync(cacheDir, { recursive: true, mode: 0o700 });
  const filled = (text: string): string => withRunDir(text, folder).replaceAll('{cacheDir}', cacheDir);
  const started: RunProcess[] = [];
  for (const { id, argv, env } of run.plan.processes) {
    const logFile = folders.logFileOf(run, id);
    makeLogFile(logFile);
    const request = {
      runId: run.runId,
      processId: id,
      argv: argv.map(filled),
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, filled(value)])),
      folder,
      cacheDir,
      logFile,
      alone: run.plan.processes.length === 1,
      deployment: run.deployment,
      epoch: run.epoch,
      plan: run.plan,
    };
    started.push({ id, handle: await runtime.start(request) });
  }
  return started;
}

/** The processes of the plan that run, by record or by run id. */
export async function findAll(runtime: Runtime, run: RunRecord): Promise<readonly RunProcess[]> {
  const found = await Promise.all(
    run.plan.processes.map(async ({ id }) => {
      const recorded = run.processes.find((process) => process.id === id)?.handle ?? null;
      return { id, handle: await runtime.find(run.runId, id, recorded) };
    }),
  );
  return found.flatMap(({ id, handle }) => (handle === null ? [] : [{ id, handle }]));
}

/** Ends everything that belongs to the run. @throws TIMEOUT when something is left after SIGKILL */
export async function endAll(runtime: Runtime, run: RunRecord, graceMs: number): Promise<void> {
  const left = await runtime.stop(run.runId, await handlesOf(runtime, run), graceMs);
  if (left.length === 0) return;
  throw new Dsr1Error(
    'TIMEOUT',
    `processes ${left.join(', ')} of ${run.runId} are still there after SIGKILL`,
    {
      hint: 'a process in state D waits for a device or a file server: look at `ps -o pid,stat,wchan`; the node may need a reboot',
    },
  );
}

/** Recorded handles stay useful when their process is gone: they lead to the session or the unit of what it left behind. */
async function handlesOf(runtime: Runtime, run: RunRecord): Promise<readonly ProcessHandle[]> {
  if (run.processes.length > 0) return run.processes.map(({ handle }) => handle);
  return (await findAll(runtime, run)).map(({ handle }) => handle);
}

export function runtimeOf(runtimes: Runtimes, { plan }: RunRecord): Runtime {
  const runtime = runtimes[plan.runtime];
  if (runtime === undefined)
    throw new Dsr1Error('RUNTIME_MISSING', `this agent has no runtime ${plan.runtime}`);
  return runtime;
}
