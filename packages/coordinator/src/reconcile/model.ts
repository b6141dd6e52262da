/**
 * What the reconciler knows of a deployment: the stored wish, the stored attempt, and nothing of the machine. All times
 * are steady milliseconds (deployments/steady-clock.ts): they never go back, not even over a restart.
 */

import type { Diagnosis } from '@dsr1/shared/diagnose/model';
import type { Phase } from '@dsr1/shared/engines/phases';
import type { DeploymentState } from '@dsr1/shared/http-api/resources';
import type { LaunchPlan, Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { Failure, RankState } from '@dsr1/shared/wire/messages';

/** What the operator wants; `removed` ends with the record itself. */
export type Desired = 'running' | 'stopped' | 'removed';

export interface DeploymentRecord {
  readonly name: string;
  readonly spec: DeploymentSpec;
  readonly desired: Desired;
  readonly state: DeploymentState;
  /** One sentence that belongs to `state`. */
  readonly message: string;
  /** Why the last try to plan gave no plan. */
  readonly rejections: readonly Rejection[];
  /** When that was. */
  readonly plannedAtMs: number;
  /** Hash of the network and facts that passed the last rehearsal (rehearsal.ts), null = none, or it is in doubt. */
  readonly provenNetwork: string | null;
  /** Epoch of the latest attempt, 0 = none yet. */
  readonly epoch: number;
  /** When the operator last asked for it to run: older failures are forgotten. */
  readonly startedAtMs: number;
  /** Wall clock, for people only. */
  readonly createdAtWallMs: number;
}

/** How far an attempt was taken; each value is stored before what it names is done. */
export type AttemptStep = 'preparing' | 'rehearsing' | 'committing' | 'running';

/** Why an attempt is over. */
export type EndCause =
  /** The operator asked: stop, or remove. */
  | 'operator'
  /** A rank ended, or its agent gave it up (deadline), without being asked. */
  | 'rank-failed'
  /** An agent no longer knows a rank that it had started. */
  | 'rank-vanished'
  /** An agent refused to prepare or to start. */
  | 'refused'
  /** The rehearsal found the network between the ranks broken; nothing was started. */
  | 'rehearsal-failed'
  /** The nodes' networks are not as planned any more; nothing was started: plan again. */
  | 'facts-changed'
  /** A port of the plan was in use: plan again with other ports. */
  | 'port-taken'
  /** A node came back with another boot id. */
  | 'node-rebooted'
  /** A node fell silent before its rank was started, or a prepare ran out: nothing was wrong with the deployment. */
  | 'interrupted'
  /** The operator removed a node of the gang from the cluster. */
  | 'node-removed';

export interface Ending {
  readonly cause: EndCause;
  /** Rank to blame, null when it is none. */
  readonly rank: number | null;
  /** One sentence for people. */
  readonly message: string;
  readonly failure: Failure | null;
  /** Last log lines of the rank that failed first. */
  readonly evidence: readonly string[];
  /** What the logs of all ranks say, judged when the last of them had stopped. */
  readonly diagnoses?: readonly Diagnosis[];
}

/** One rank of an attempt. A deployment's ranks keep their nodes over attempts. */
export interface RankRecord {
  readonly rank: number;
  readonly nodeId: string;
  readonly nodeName: string;
  /** Boot of the node that prepared this rank, null before. */
  readonly bootId: string | null;
  readonly committed: boolean;
  /** The node has acknowledged the stop of this epoch. */
  readonly stopAcknowledged: boolean;
  /** When the stop was last sent, null = never. */
  readonly stopSentAtMs: number | null;
  /** What was last told in an event. */
  readonly toldState: RankState | null;
  readonly toldPhase: Phase | null;
}

export interface AttemptRecord {
  readonly epoch: number;
  readonly plan: LaunchPlan;
  readonly step: AttemptStep;
  readonly ranks: readonly RankRecord[];
  /** Ports that earlier tries found taken. */
  readonly avoidPorts: readonly number[];
  readonly commitAtMs: number | null;
  readonly servedAtMs: number | null;
  /** Wall clock of `servedAtMs`, for people only. */
  readonly servedAtWallMs: number | null;
  readonly ending: Ending | null;
  readonly endedAtMs: number | null;
  /** Ended, and every rank is stopped or fenced. */
  readonly closed: boolean;
}

/** An attempt as the restart policy sees it. */
export interface PastAttempt {
  readonly epoch: number;
  readonly cause: EndCause;
  readonly servedAtMs: number | null;
  readonly endedAtMs: number;
}

export interface ReconcilePolicy {
  /** Relaunches after a gang that once served has failed, when the deployment does not say. */
  readonly maxAttempts: number;
  readonly windowSeconds: number;
  /** A gang that served this long starts again without a backoff. */
  readonly stableMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Other ports are tried this often. */
  readonly maxPortRetries: number;
  /** Between two tries to plan while no plan is feasible. */
  readonly replanMs: number;
  /** Nodes that do not answer a commit are given up after this. */
  readonly commitWindowMs: number;
  /** An agent that answered a commit has this long to report the rank. */
  readonly reportGraceMs: number;
  /** Between two stops to a node that has not confirmed, or whose rank still shows as alive. */
  readonly stopRetryMs: number;
}

export const defaultPolicy: ReconcilePolicy = {
  maxAttempts: 3,
  windowSeconds: 600,
  stableMs: 300_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 60_000,
  maxPortRetries: 5,
  replanMs: 5_000,
  commitWindowMs: 30_000,
  reportGraceMs: 10_000,
  stopRetryMs: 2_000,
};
