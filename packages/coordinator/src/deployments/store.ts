/**
 * What is persisted of deployments. Every method is one transaction and is on disk when its promise resolves. Epochs of a
 * name rise for ever, also over its removal: agents keep tombstones by name and epoch.
 */
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { AttemptRecord, DeploymentRecord, PastAttempt, RankRecord } from '../reconcile/model.ts';
import type { PhaseTimes } from './eta.ts';

export interface StoredDeployment {
  readonly deployment: DeploymentRecord;
  /** The latest attempt. */
  readonly attempt: AttemptRecord | null;
  /** Ended attempts, newest first. */
  readonly past: readonly PastAttempt[];
}

export interface NewDeployment {
  readonly spec: DeploymentSpec;
  readonly apiKey: string;
  readonly startedAtMs: number;
  readonly createdAtWallMs: number;
}

export type NewAttempt = Pick<AttemptRecord, 'epoch' | 'plan' | 'avoidPorts'>;

/** What changes at once; fields that are left out stay. */
export interface Change {
  readonly deployment?: Partial<
    Pick<
      DeploymentRecord,
      'desired' | 'state' | 'message' | 'rejections' | 'plannedAtMs' | 'startedAtMs' | 'provenNetwork'
    >
  >;
  readonly attempt?: Partial<
    Pick<
      AttemptRecord,
      'step' | 'commitAtMs' | 'servedAtMs' | 'servedAtWallMs' | 'ending' | 'endedAtMs' | 'closed'
    >
  >;
  readonly ranks?: readonly RankChange[];
}
export type RankChange = Pick<RankRecord, 'rank'> &
  Partial<
    Pick<RankRecord, 'bootId' | 'committed' | 'stopAcknowledged' | 'stopSentAtMs' | 'toldState' | 'toldPhase'>
  >;

export interface DeploymentStore {
  /** False when the name is taken. */
  create(deployment: NewDeployment): Promise<boolean>;
  /** Sorted by name. */
  names(): Promise<readonly string[]>;
  load(name: string): Promise<StoredDeployment | null>;
  apiKey(name: string): Promise<string | null>;
  /** Secret that the ranks of this attempt share; always the same for the same attempt. */
  gangKey(name: string, epoch: number): Promise<string>;
  /** One more than the highest epoch that this name ever had. */
  nextEpoch(name: string): Promise<number>;
  /** Adds an attempt in step `preparing` together with the change of its deployment. */
  addAttempt(name: string, attempt: NewAttempt, change: NonNullable<Change['deployment']>): Promise<void>;
  /** Changes the deployment, the attempt `epoch` and its ranks together. */
  change(name: string, epoch: number, change: Change): Promise<void>;
  remove(name: string): Promise<void>;
  /** Of the last start of this subject (eta.ts) that came to serve; null before the first. */
  phaseTimes(subject: string): Promise<PhaseTimes | null>;
  /** Replaces. */
  keepPhaseTimes(subject: string, times: PhaseTimes): Promise<void>;
  /** The latest time that any record holds, 0 when there is none. */
  latestMs(): Promise<number>;
}
