/** Wires the deployments of one coordinator. */
import type { Clock } from '@dsr1/shared/clock';
import type { Logger } from '@dsr1/shared/logger';
import type { EventLog } from '../events/event-log.ts';
import type { NodeHub } from '../nodes/hub.ts';
import type { ReconcilePolicy } from '../reconcile/model.ts';
import { createExecutors, type Executors } from './executor.ts';
import { createGates } from './gates.ts';
import { createLogService, type LogService } from './logs.ts';
import { createDeploymentLoop, type DeploymentLoop } from './loop.ts';
import { keepingTimes } from './phase-times.ts';
import type { Planner } from './planner.ts';
import { createRehearsals, type Rehearse } from './rehearsals.ts';
import { createDeploymentService, type DeploymentService } from './service.ts';
import { createSteadyClock } from './steady-clock.ts';
import type { DeploymentStore } from './store.ts';
import type { Timers } from './timers.ts';

export interface DeploymentsDeps {
  readonly store: DeploymentStore;
  readonly hub: NodeHub;
  readonly planner: Planner;
  readonly rehearse: Rehearse;
  readonly events: Pick<EventLog, 'record'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly policy: ReconcilePolicy;
  readonly tickMs: number;
  readonly newApiKey: () => string;
  /** Tests put failpoints around the executors here. */
  readonly around?: (executors: Executors) => Executors;
}

export interface Deployments {
  readonly service: DeploymentService;
  readonly logs: LogService;
  /** Not started yet. */
  readonly loop: DeploymentLoop;
}

export async function createDeployments(deps: DeploymentsDeps): Promise<Deployments> {
  const nowMs = createSteadyClock(deps.clock, await deps.store.latestMs());
  const rehearsals = createRehearsals({ ...deps, wake: (name) => loop.wake(name) });
  const gates = createGates(deps.hub, nowMs);
  const executors = keepingTimes(createExecutors({ ...deps, rehearsals, gates, nowMs }), deps);
  const around = deps.around ?? ((same: Executors) => same);
  const loop: DeploymentLoop = createDeploymentLoop({
    ...deps,
    executors: around(executors),
    rehearsals,
    gates,
    nowMs,
  });
  const service = createDeploymentService({ ...deps, gates, nowMs, wake: loop.wake });
  return { service, logs: createLogService(deps.store, deps.hub), loop };
}
