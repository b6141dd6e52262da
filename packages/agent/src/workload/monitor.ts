/** Watches one running rank: logs → phases and readings, health → serving, deadlines, exits, workers. What it sees goes to its listener. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PackedReading } from '@dsr1/shared/diagnose/packed';
import type { PhaseReader } from '@dsr1/shared/engines/engine';
import type { PhaseDeadlines } from '@dsr1/shared/plan/model';
import type { HealthProbe } from './health.ts';
import type { Line } from './log/lines.ts';
import { followLines, tailOf } from './log/log-file.ts';
import { maskSecrets } from './log/mask.ts';
import { createRankReader } from './log/rank-reader.ts';
import type { RunProcess, RunRecord } from './model.ts';
import { afterHealthy, afterHint, deadlineOf, isDone, type Progress, type ProgressRule } from './progress.ts';
import type { Exit, Runtime } from './runtimes/runtime.ts';
import { createWorkerLook } from './workers.ts';

export interface MonitorListener {
  progressed(progress: Progress): void;
  /** The logs said something that counts. */
  read(readings: readonly PackedReading[]): void;
  /** The first process of the run that ended without being asked. */
  exited(process: RunProcess, exit: Exit, evidence: readonly string[]): void;
  overdue(message: string, evidence: readonly string[]): void;
  /** A worker process is dead, and the rank's main process lives on. */
  workerDied(message: string, evidence: readonly string[]): void;
  /** The watching itself failed (the log cannot be read); the rank goes on. */
  failed(error: unknown): void;
}

export interface MonitorDeps {
  readonly runtime: Runtime;
  readonly phases: PhaseReader;
  /** `Engine.workerTitles` */
  readonly workerTitles: readonly string[];
  readonly rule: ProgressRule;
  readonly probeHealth: HealthProbe;
  readonly apiKey: string;
  /** Monotonic seconds since commit. */
  readonly seconds: () => number;
  readonly logFileOf: (processId: string) => string;
}

const EVIDENCE_LINES = 20;
const HEALTH_PERIOD_MS = 500;
const DEADLINE_PERIOD_MS = 500;
const WORKERS_PERIOD_MS = 2_000;
const DRAIN_MS = 1000;
/** Between two looks at a log while the rank starts, and afterwards. */
const FOLLOW_MS = 200;
const FOLLOW_DONE_MS = 2000;
/** After each chunk (64 KiB) of a rank that serves: a flood, or the gigabytes before a restart of the agent, wait their turn. */
const CHUNK_REST_MS = 10;

/** Starts watching; the result ends it, without any effect on the rank. */
export function monitorRank(run: RunRecord, listener: MonitorListener, deps: MonitorDeps): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const { rule, seconds } = deps;
  const { phase, phaseSeconds } = run;
  let progress: Progress = { phase, phaseSeconds, progress: null, detail: null, claimedSeconds: null };
  const move = (next: Progress): void => {
    if (next === progress || signal.aborted) return;
    progress = next;
    listener.progressed(progress);
  };
  const ended = new AbortController();
  const endOrAbort = AbortSignal.any([signal, ended.signal]);
  const over = (): boolean => signal.aborted || isDone(progress, rule);
  const evidenceOf = async (processId: string): Promise<readonly string[]> =>
    (await tailOf(deps.logFileOf(processId), EVIDENCE_LINES)).lines.map((line) =>
      maskSecrets(line, [deps.apiKey]),
    );

  const reader = createRankReader({
    rank: run.plan.rank,
    processes: run.processes.map(({ id }) => id),
    apiKey: deps.apiKey,
    seconds,
  });
  // The engine is the last process of a rank; what a plan puts before it prints no phases.
  const engine = run.processes.at(-1);
  const readPhases = (lines: readonly Line[]): void =>
    move(
      lines.reduce((state, { text }) => {
        if (isDone(state, rule)) return state;
        const hint = deps.phases.read(text, { rank: run.plan.rank, phase: state.phase });
        return hint === null ? state : afterHint(state, hint, seconds(), rule);
      }, progress),
    );
  /** Ends early with the rank: its last lines are the most telling. */
  const pause = (): Promise<void> =>
    sleep(over() ? FOLLOW_DONE_MS : FOLLOW_MS, undefined, { signal: endOrAbort });
  const readLog = async ({ id }: RunProcess): Promise<void> => {
    const isOver = (): boolean => ended.signal.aborted;
    for await (const lines of followLines(deps.logFileOf(id), 0, isOver, signal, pause)) {
      // What it says comes before the phase that it reached: whoever hears of the phase knows all that led to it.
      const readings = reader.push(id, lines);
      if (readings !== null && !signal.aborted) listener.read(readings);
      if (id === engine?.id) readPhases(lines);
      if (over()) await sleep(CHUNK_REST_MS, undefined, { signal: endOrAbort }).catch(() => {});
    }
  };
  const askHealth = async (): Promise<void> => {
    const { health } = run.plan;
    while (health !== null && !over()) {
      if (await deps.probeHealth(health, deps.apiKey)) move(afterHealthy(progress, seconds()));
      else await sleep(HEALTH_PERIOD_MS, undefined, { signal }).catch(() => {});
    }
  };
  const watchDeadline = async (deadlines: PhaseDeadlines | null): Promise<void> => {
    while (deadlines !== null && !over()) {
      const deadline = deadlineOf(progress, deadlines, rule);
      if (deadline !== null && seconds() > deadline.seconds) {
        const evidence = await evidenceOf(engine?.id ?? 'main');
        if (!over()) {
          listener.overdue(
            `waited ${deadline.limitSeconds} s in phase ${progress.phase} for ${deadline.waitingFor}${progress.detail === null ? '' : ` (last: ${progress.detail})`}`,
            evidence,
          );
        }
        return;
      }
      await sleep(DEADLINE_PERIOD_MS, undefined, { signal }).catch(() => {});
    }
  };
  const watchWorkers = async (): Promise<void> => {
    if (engine === undefined || deps.workerTitles.length === 0) return;
    const look = createWorkerLook(engine.handle, deps.workerTitles, WORKERS_PERIOD_MS);
    while (!endOrAbort.aborted) {
      const news = look(over());
      if (news !== null) {
        const evidence = await evidenceOf(engine.id);
        if (!endOrAbort.aborted) listener.workerDied(news, evidence);
        return;
      }
      await sleep(WORKERS_PERIOD_MS, undefined, { signal: endOrAbort }).catch(() => {});
    }
  };
  const watchExits = async (): Promise<void> => {
    const [first, exit] = await Promise.race(
      run.processes.map(
        async (process) => [process, await deps.runtime.waitForExit(process.handle, signal)] as const,
      ),
    );
    // What the engine wrote last is read before its end is told.
    ended.abort();
    await Promise.race([reading.catch(() => {}), sleep(DRAIN_MS, undefined, { signal }).catch(() => {})]);
    const evidence = await evidenceOf(first.id);
    if (signal.aborted) return;
    abort.abort();
    listener.exited(first, exit, evidence);
  };
  const reading = Promise.all(run.processes.map(readLog));
  for (const watch of [reading, askHealth(), watchDeadline(run.deadlines), watchWorkers(), watchExits()]) {
    watch.catch((error: unknown) => listener.failed(error));
  }
  return () => abort.abort();
}
