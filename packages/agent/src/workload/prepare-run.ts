/** Makes one rank ready to be launched: host checked, ports held, folder and record written; void again when its time is over. */
import type { ExecuteDeps } from './execute.ts';
import type { PrepareRequest, RunRecord } from './model.ts';
import { checkAndReserve, type Reservation } from './prepare-checks.ts';

/** Answers with the run id and what it holds. @throws what checkAndReserve finds wrong, DISK_FULL */
export async function prepareRun(
  step: PrepareRequest,
  deps: ExecuteDeps,
): Promise<{ readonly runId: string; readonly reservation: Reservation }> {
  const { table, folders, clock } = deps;
  const { deployment, epoch, plan, planHash, specHash, keys, expiresMs } = step;
  const runId = deps.runIdOf(deployment, epoch, plan.rank);
  const reservation = await checkAndReserve(plan, { ...deps.prepare, runtime: deps.runtimes[plan.runtime] });
  try {
    folders.create({ runId, deployment, epoch, plan }, keys);
    const expiresAtMs = clock.monotonicMs() + expiresMs;
    const { bootId } = deps;
    table.put({ ...NOT_STARTED, runId, deployment, epoch, plan, planHash, specHash, bootId, expiresAtMs });
  } catch (error) {
    await reservation.release();
    folders.remove(runId);
    throw error;
  }
  return { runId, reservation };
}

/** Calls `expired` once the prepare's time is over and nothing came of it. */
export function whenExpired(
  runId: string,
  expiresMs: number,
  { table, clock }: ExecuteDeps,
  expired: () => void,
): void {
  const look = (): void => {
    const run = table.get(runId);
    if (run?.state !== 'prepared' || run.expiresAtMs > clock.monotonicMs()) return;
    table.note({ ...run, state: 'void' });
    expired();
  };
  setTimeout(look, expiresMs + 1).unref();
}

const NOT_STARTED = {
  state: 'prepared',
  deadlines: null,
  committedAtMs: null,
  processes: [],
  phase: 'starting',
  phaseSeconds: {},
  exitCode: null,
  exitSignal: null,
  evidence: [],
  failure: null,
  adopted: false,
} as const satisfies Partial<RunRecord>;
