/** Rehearsals that go on or are over, one a deployment. They live as long as this process: the next one begins again. */
import type { CheckReport } from '@dsr1/shared/fabric/check/model';
import type { AttemptRecord, DeploymentRecord } from '../reconcile/model.ts';
import { type Rehearsal, rehearsalLimitMs } from '../reconcile/rehearsal.ts';
import type { Timers } from './timers.ts';

export interface RehearsalRequest {
  readonly deployment: DeploymentRecord;
  readonly attempt: AttemptRecord;
}

/**
 * Tests the network between the ranks as the attempt's plan says, after the checks that go on at its nodes. `told` hears
 * every change of the report, `done` or `failed` at last; after `signal` nothing more is tested.
 */
export type Rehearse = (
  request: RehearsalRequest,
  told: (report: CheckReport) => void,
  signal: AbortSignal,
) => CheckReport;

export interface Rehearsals {
  /** null = none was begun for this attempt. */
  of(deployment: string, epoch: number): Rehearsal | null;
  begin(request: RehearsalRequest): void;
  /** The same network passed before, and nothing has changed since. */
  skip(request: RehearsalRequest): void;
  /** Nobody waits for it any more. */
  drop(deployment: string): void;
}

export interface RehearsalsDeps {
  readonly rehearse: Rehearse;
  readonly timers: Timers;
  /** This deployment changed. */
  readonly wake: (deployment: string) => void;
}

interface Known {
  readonly epoch: number;
  rehearsal: Rehearsal;
  readonly end: () => void;
}

export function createRehearsals({ rehearse, timers, wake }: RehearsalsDeps): Rehearsals {
  const known = new Map<string, Known>();
  const drop = (name: string): void => {
    known.get(name)?.end();
    known.delete(name);
  };
  return {
    of(name, epoch) {
      const one = known.get(name);
      return one?.epoch === epoch ? one.rehearsal : null;
    },
    begin(request) {
      const { name } = request.deployment;
      drop(name);
      const limit = new AbortController();
      const cancel = timers.after(rehearsalLimitMs(request.attempt.plan), () => limit.abort());
      const told = (report: CheckReport): void => {
        if (report.state !== 'running') cancel();
        const one = known.get(name);
        if (one?.epoch !== request.attempt.epoch) return;
        one.rehearsal = { kind: 'check', report };
        wake(name);
      };
      known.set(name, {
        epoch: request.attempt.epoch,
        rehearsal: { kind: 'check', report: rehearse(request, told, limit.signal) },
        end() {
          cancel();
          limit.abort();
        },
      });
      wake(name);
    },
    skip({ deployment: { name }, attempt: { epoch } }) {
      drop(name);
      known.set(name, { epoch, rehearsal: { kind: 'proven' }, end: () => {} });
    },
    drop,
  };
}
