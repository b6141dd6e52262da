/** What the agent remembers of its runs, and the steps that a decision consists of. A run is one rank of one attempt. */
import type { PackedReading } from '@dsr1/shared/diagnose/packed';
import type { Phase } from '@dsr1/shared/engines/phases';
import type { PhaseDeadlines, RankPlan } from '@dsr1/shared/plan/model';
import type { Failure } from '@dsr1/shared/wire/messages';

/** `launching` is the intent that is on disk before anything is spawned; `void` an expired or interrupted prepare. */
export type RunState = 'prepared' | 'void' | 'launching' | 'running' | 'stopping' | 'exited' | 'stopped';

/** How a runtime finds a process again after the agent was restarted. Never a pid alone. */
export type ProcessHandle =
  | {
      readonly runtime: 'process';
      readonly pid: number /** Field 22 of /proc/PID/stat. */;
      readonly startTicks: number;
    }
  | { readonly runtime: 'systemd'; readonly unit: string; readonly pid: number; readonly startTicks: number }
  | {
      readonly runtime: 'docker';
      readonly container: string;
      readonly pid: number;
      readonly startTicks: number;
    };

export interface RunProcess {
  readonly id: string;
  readonly handle: ProcessHandle;
}

export interface RunRecord {
  readonly runId: string;
  readonly deployment: string;
  readonly epoch: number;
  readonly specHash: string;
  /** SHA-256 of the plan: tells a repeat from other content under the same epoch. */
  readonly planHash: string;
  readonly plan: RankPlan;
  readonly bootId: string;
  readonly state: RunState;
  /** Monotonic clock of the boot; meaningful while `prepared`. */
  readonly expiresAtMs: number;
  readonly deadlines: PhaseDeadlines | null;
  /** Monotonic clock of the boot at commit. */
  readonly committedAtMs: number | null;
  readonly processes: readonly RunProcess[];
  readonly phase: Phase;
  readonly phaseSeconds: Readonly<Record<string, number>>;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  readonly evidence: readonly string[];
  readonly failure: Failure | null;
  readonly adopted: boolean;
  /** What its logs said last; absent before they say anything that counts. */
  readonly readings?: readonly PackedReading[];
}

export interface AgentState {
  readonly maxLeaderEpoch: number;
  /** Highest stopped epoch of each deployment: it and all below are refused for ever. */
  readonly tombstones: ReadonlyMap<string, number>;
  /** By run id; at most one live run of a deployment. */
  readonly runs: ReadonlyMap<string, RunRecord>;
}

/** Secrets of an attempt, for the files of its run folders. */
export interface RunKeys {
  readonly apiKey: string;
  readonly gangKey: string;
}

export interface PrepareRequest {
  readonly deployment: string;
  readonly epoch: number;
  readonly plan: RankPlan;
  readonly planHash: string;
  readonly specHash: string;
  readonly keys: RunKeys;
  readonly expiresMs: number;
}

/** Every step, by name, with what it needs; executors are a mapped type over this (execute.ts). */
export interface StepTypes {
  readonly raiseLeaderEpoch: { readonly leaderEpoch: number };
  readonly tombstone: { readonly deployment: string; readonly epoch: number };
  /** Forgets a finished or void run and its folder; the logs stay. */
  readonly forget: { readonly runId: string };
  readonly prepare: PrepareRequest;
  readonly launch: { readonly runId: string; readonly deadlines: PhaseDeadlines };
  /** Ends every process of the run and proves that none is left; null grace = the plan's. */
  readonly stop: { readonly runId: string; readonly graceMs: number | null; readonly reason: string };
  /** Finds the run's processes again after a restart of the agent. */
  readonly adopt: { readonly runId: string };
}
export type Step = { readonly [K in keyof StepTypes]: { readonly kind: K } & StepTypes[K] }[keyof StepTypes];

export type Decision =
  | { readonly refused: Failure }
  | { readonly refused: null; readonly steps: readonly Step[] };

export const isLive = (run: RunRecord): boolean =>
  run.state === 'launching' || run.state === 'running' || run.state === 'stopping';
