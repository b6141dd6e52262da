/** How rank processes are started, found again, watched and ended. Ranks outlive the agent: stdio goes straight to files. */
import type { RankPlan, RuntimeKind } from '@dsr1/shared/plan/model';
import type { ProcessHandle } from '../model.ts';

/** Variable that every process of a run carries, children included. */
export const RUN_ID_VARIABLE = 'DSR1_RUN_ID';

export interface ProcessStart {
  readonly runId: string;
  readonly processId: string;
  readonly argv: readonly string[];
  /** What the plan says; the runtime adds what a program on its host may count on (base-environment.ts). */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Where this build of the engine keeps what it compiled, over attempts. */
  readonly cacheDir: string;
  readonly logFile: string;
  /** The rank's only process: nothing has to be shared through /tmp or /dev/shm with a process beside it. */
  readonly alone: boolean;
  readonly deployment: string;
  readonly epoch: number;
  readonly plan: RankPlan;
}

/** Why ranks cannot be started on this host (now). */
export interface RuntimeProblem {
  readonly code: 'RUNTIME_MISSING' | 'IMAGE_MISSING' | 'IMAGE_PULLING';
  readonly message: string;
  readonly hint: string;
}

export const runtimeMissing = (
  message: string,
  hint = 'set runtime: auto in the deployment, or choose another one',
): RuntimeProblem => ({ code: 'RUNTIME_MISSING', message, hint });

/** Both null when the status cannot be known: a process that the agent adopted is not its child. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** In words, when the runtime knows more (`killed by the kernel: out of memory`). */
  readonly detail: string | null;
}

export interface Runtime {
  readonly kind: RuntimeKind;
  /** null when ranks can be started here, in `image` where they run in one; else why not. */
  problem(image: string | null): Promise<RuntimeProblem | null>;
  /** Resolves once the program is exec'd. @throws LAUNCH_FAILED */
  start(process: ProcessStart): Promise<ProcessHandle>;
  /** The main process of `processId` if it runs, looked up by run id where no handle was recorded. */
  find(runId: string, processId: string, recorded: ProcessHandle | null): Promise<ProcessHandle | null>;
  /** Resolves when the main process has ended; never when `signal` aborts first. */
  waitForExit(handle: ProcessHandle, signal: AbortSignal): Promise<Exit>;
  /**
   * SIGTERM to the main processes, then SIGKILL to everything that carries the run, at the end of the grace or as soon as
   * the main processes are gone. Resolves with the pids that are still there after all that: normally none.
   */
  stop(runId: string, handles: readonly ProcessHandle[], graceMs: number): Promise<readonly number[]>;
}

export type Runtimes = Readonly<Partial<Record<RuntimeKind, Runtime>>>;
