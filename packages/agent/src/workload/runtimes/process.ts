/**
 * Ranks as detached process groups, for hosts without systemd: own session, stdio in files, ended by searching /proc for
 * everything that belongs to the run. Children that leave the session and overwrite their environment can escape this;
 * a systemd unit or a container cannot be escaped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { ProcessHandle } from '../model.ts';
import { awaitUntil } from './await-until.ts';
import { baseEnvironment } from './base-environment.ts';
import { allStats, isSame, liveStat, membersOf, runIdOf, signalSame, variableOf } from './proc.ts';
import { type Exit, type ProcessStart, RUN_ID_VARIABLE, type Runtime, runtimeMissing } from './runtime.ts';

const PROCESS_ID_VARIABLE = 'DSR1_PROCESS_ID';
const EXIT_POLL_MS = 250;
const KILL_WAIT_MS = 10_000;

export function processRuntime(): Runtime {
  /** Children of this agent process, by pid: their exit status comes by waiting. */
  const children = new Map<number, Promise<Exit>>();
  return {
    kind: 'process',
    problem: async () => (liveStat(process.pid) === null ? runtimeMissing('/proc is not mounted') : null),
    async start(request) {
      const child = await spawnDetached(request);
      const pid = child.pid ?? 0;
      children.set(pid, exitOf(child));
      // 0 when the program has ended already: its exit is reported as any other.
      return { runtime: 'process', pid, startTicks: liveStat(pid)?.startTicks ?? 0 };
    },
    async find(runId, processId, recorded) {
      if (recorded !== null && recorded.runtime === 'process') return isSame(recorded) ? recorded : null;
      const leader = allStats().find(
        ({ pid, session }) =>
          pid === session && runIdOf(pid) === runId && variableOf(pid, PROCESS_ID_VARIABLE) === processId,
      );
      return leader === undefined
        ? null
        : { runtime: 'process', pid: leader.pid, startTicks: leader.startTicks };
    },
    waitForExit: (handle, signal) => children.get(handle.pid) ?? waitForStranger(handle, signal),
    stop: stopMembers,
  };
}

async function spawnDetached({
  argv,
  env,
  folder,
  logFile,
  runId,
  processId,
}: ProcessStart): Promise<ChildProcess> {
  const [program = '', ...args] = argv;
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: folder,
      env: {
        ...baseEnvironment(program),
        ...env,
        [RUN_ID_VARIABLE]: runId,
        [PROCESS_ID_VARIABLE]: processId,
      },
      detached: true,
      stdio: ['ignore', log, log],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    resetOomScore(child.pid);
    return child;
  } catch (cause) {
    throw new Dsr1Error(
      'LAUNCH_FAILED',
      `${program} could not be started (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
      { cause },
    );
  } finally {
    closeSync(log);
  }
}

/** The agent is protected from the OOM killer; its ranks must not inherit that. */
function resetOomScore(pid: number | undefined): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '0');
  } catch {
    // The process is gone already, or may not be changed: it keeps what it has.
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal, detail: null })),
  );
}

async function waitForStranger(handle: ProcessHandle, signal: AbortSignal): Promise<Exit> {
  while (!signal.aborted && isSame(handle))
    await awaitUntil(() => signal.aborted, EXIT_POLL_MS, EXIT_POLL_MS);
  if (signal.aborted) return new Promise(() => {});
  return {
    code: null,
    signal: null,
    detail: 'exit status unknown: the process was started by an earlier agent process',
  };
}

async function stopMembers(
  runId: string,
  handles: readonly ProcessHandle[],
  graceMs: number,
): Promise<readonly number[]> {
  for (const handle of handles) signalSame(handle, 'SIGTERM');
  await awaitUntil(() => !handles.some(isSame), graceMs, 50);
  const killAll = (): boolean => {
    const members = membersOf(runId, handles);
    for (const member of members) signalSame(member, 'SIGKILL');
    return members.length === 0;
  };
  await awaitUntil(killAll, KILL_WAIT_MS, 50);
  return membersOf(runId, handles).map(({ pid }) => pid);
}
