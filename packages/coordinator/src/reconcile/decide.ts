/**
 * The reconciler: from what is wanted, what was stored and what the nodes say now, to what is to be done next. Pure and
 * level-triggered: it is asked again after every step and every change, and the same input gives the same answer, so a
 * coordinator that died at any point goes on where its store says.
 */
import type { Action } from './actions.ts';
import { lookAtGang, type NodesById } from './gang.ts';
import type { GateCall } from './gate.ts';
import { decideIdle } from './idle.ts';
import { decideLive } from './live.ts';
import type { AttemptRecord, DeploymentRecord, PastAttempt, ReconcilePolicy } from './model.ts';
import type { Rehearsal } from './rehearsal.ts';
import { decideStopping } from './stopping.ts';

export interface Situation {
  readonly deployment: DeploymentRecord;
  /** The latest attempt, null before the first. */
  readonly attempt: AttemptRecord | null;
  /** Ended attempts, newest first. */
  readonly past: readonly PastAttempt[];
  readonly nodes: NodesById;
  /** Of the latest attempt; null when this coordinator has begun none. */
  readonly rehearsal: Rehearsal | null;
  /** This coordinator's last call to the gate of the latest attempt, null = none. */
  readonly gateCall: GateCall | null;
  /** Steady milliseconds. */
  readonly nowMs: number;
  readonly policy: ReconcilePolicy;
}

/** Next actions, in order; empty = nothing until something changes. */
export function decide(situation: Situation): readonly Action[] {
  const { deployment, attempt } = situation;
  if (attempt === null || attempt.closed) return decideIdle(situation);
  const gang = lookAtGang(deployment.name, attempt, situation.nodes);
  return attempt.ending === null
    ? decideLive(situation, attempt, gang)
    : decideStopping(situation, attempt, attempt.ending, gang);
}
