/** Checks that were asked for: begun at once, looked at while they run, kept until newer ones take their place. */
import { randomUUID } from 'node:crypto';
import { Dsr1Error, toDsr1Error } from '@dsr1/shared/errors';
import type { CheckReport, CheckRequest } from '@dsr1/shared/fabric/check/model';
import { type FabricPicture, pictureOf } from '@dsr1/shared/fabric/show/picture';
import type { EventLog } from '../events/event-log.ts';
import { type RunDeps, runCheck } from './run.ts';
import { fabricOf, type TargetDeps, targetOf } from './target.ts';

export interface Checks {
  /** The fabric as a launch would take it now, from the facts at hand. @throws as `start`; NOT_FOUND without facts */
  picture(request: CheckRequest): Promise<FabricPicture>;
  /** @throws NODE_NOT_FOUND, DEPLOYMENT_NOT_FOUND, NODE_BUSY while one of the nodes is being checked */
  start(request: CheckRequest): Promise<CheckReport>;
  /** @throws NOT_FOUND */
  get(id: string): CheckReport;
}

export interface ChecksDeps extends RunDeps, TargetDeps {
  readonly events: Pick<EventLog, 'record'>;
}

const KEPT = 20;

export function createChecks(deps: ChecksDeps): Checks {
  const reports = new Map<string, CheckReport>();
  return {
    picture: async (request) => {
      const target = await targetOf(request, deps);
      const gang = target.nodes.map(({ id, name, state, cordoned, facts }) => {
        if (facts !== null) return { id, name, state, cordoned, facts, busyPorts: [], busyGpus: [] };
        throw new Dsr1Error('NOT_FOUND', `node ${name} has sent no facts yet`);
      });
      const { selection, views } = fabricOf(target, gang);
      return pictureOf(selection, views);
    },
    async start(request) {
      const target = await targetOf(request, deps);
      const nodes = target.nodes.map(({ name }) => name);
      refuseTwice(reports, nodes);
      const begun: CheckReport = {
        id: randomUUID(),
        state: 'running',
        message: 'begins',
        deployment: target.deployment,
        nodes,
        startedAt: new Date(deps.clock.wallMs()).toISOString(),
        transport: null,
        ends: [],
        pairs: [],
        figures: [],
        findings: [],
      };
      const change = (changed: Partial<CheckReport>): void => {
        const report = { ...(reports.get(begun.id) ?? begun), ...changed };
        reports.set(begun.id, report);
        if (report.state === 'done') tell(deps.events, report);
      };
      change({});
      forgetOld(reports);
      runCheck(target, deps, change).catch((error: unknown) =>
        change({ state: 'failed', message: toDsr1Error(error).message }),
      );
      return begun;
    },
    get(id) {
      const report = reports.get(id);
      if (report !== undefined) return report;
      throw new Dsr1Error('NOT_FOUND', `there is no check ${id}`, {
        hint: 'reports are kept until the coordinator ends',
      });
    },
  };
}

/** Two checks of one node would measure each other. */
function refuseTwice(reports: ReadonlyMap<string, CheckReport>, nodes: readonly string[]): void {
  const other = [...reports.values()].find(
    (report) => report.state === 'running' && report.nodes.some((node) => nodes.includes(node)),
  );
  if (other === undefined) return;
  const busy = other.nodes.filter((node) => nodes.includes(node));
  throw new Dsr1Error('NODE_BUSY', `${busy.join(', ')} is being checked already (${other.message})`, {
    hint: 'wait until that check has ended',
  });
}

function forgetOld(reports: Map<string, CheckReport>): void {
  const old = [...reports.values()].filter(({ state }) => state !== 'running').slice(0, -KEPT);
  for (const { id } of old) reports.delete(id);
}

function tell(events: ChecksDeps['events'], { nodes, findings, deployment }: CheckReport): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  events.record({
    level: errors.length > 0 ? 'warning' : 'info',
    kind: 'fabric.checked',
    ...(deployment === null ? {} : { deployment }),
    message: `fabric check of ${nodes.join(', ')}: ${errors[0]?.cause ?? (findings.length === 0 ? 'all is well' : `${findings.length} remarks`)}`,
    data: { findings: findings.map(({ category, culprit }) => ({ category, culprit })) },
  });
}
