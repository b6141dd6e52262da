/** Checks that people ask for: begun at once, looked at while they run, kept until newer ones take their place. */
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CheckReport, CheckRequest } from '@dsr1/shared/fabric/check/model';
import { type FabricPicture, pictureOf } from '@dsr1/shared/fabric/show/picture';
import type { EventLog } from '../events/event-log.ts';
import { gangViews } from '../plan/fabric.ts';
import type { CheckRuns } from './runs.ts';
import { type TargetDeps, targetOf } from './target.ts';

export interface Checks {
  /** The fabric as a launch would take it now, from the facts at hand. @throws as `start`; NOT_FOUND without facts */
  picture(request: CheckRequest): Promise<FabricPicture>;
  /** @throws NODE_NOT_FOUND, DEPLOYMENT_NOT_FOUND, NODE_BUSY while one of the nodes is being checked */
  start(request: CheckRequest): Promise<CheckReport>;
  /** Also of a launch's rehearsal. @throws NOT_FOUND */
  get(id: string): CheckReport;
}

export interface ChecksDeps extends TargetDeps {
  readonly runs: CheckRuns;
  readonly events: Pick<EventLog, 'record'>;
}

export function createChecks(deps: ChecksDeps): Checks {
  const { runs, events } = deps;
  return {
    picture: async (request) => {
      const target = await targetOf(request, deps);
      const gang = target.nodes.map(({ id, name, state, cordoned, facts }) => {
        if (facts !== null) return { id, name, state, cordoned, facts, busyPorts: [], busyGpus: [] };
        throw new Dsr1Error('NOT_FOUND', `node ${name} has sent no facts yet`);
      });
      return pictureOf(target.selectionOf(gang), gangViews(gang));
    },
    async start(request) {
      const target = await targetOf(request, deps);
      refuseTwice(
        runs,
        target.nodes.map(({ name }) => name),
      );
      const told = (report: CheckReport): void => {
        if (report.state === 'done') tell(events, report);
      };
      return runs.begin(target, told, new AbortController().signal);
    },
    get: runs.get,
  };
}

function refuseTwice(runs: CheckRuns, nodes: readonly string[]): void {
  const other = runs.busy(nodes);
  if (other === null) return;
  const busy = other.nodes.filter((node) => nodes.includes(node));
  throw new Dsr1Error('NODE_BUSY', `${busy.join(', ')} is being checked already (${other.message})`, {
    hint: 'wait until that check has ended',
  });
}

function tell(events: ChecksDeps['events'], { id, nodes, findings, deployment }: CheckReport): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  events.record({
    level: errors.length > 0 ? 'warning' : 'info',
    kind: 'fabric.checked',
    ...(deployment === null ? {} : { deployment }),
    message: `fabric check of ${nodes.join(', ')}: ${errors[0]?.cause ?? (findings.length === 0 ? 'all is well' : `${findings.length} remarks`)}`,
    data: { check: id, findings: findings.map(({ category, culprit }) => ({ category, culprit })) },
  });
}
