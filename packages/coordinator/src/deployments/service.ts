/** What people can do with deployments. Verbs store a wish and wake the loop; they never wait for the nodes. */

import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import { hashOf } from '@dsr1/shared/hash';
import type { DeploymentEvent } from '@dsr1/shared/http-api/event-kinds';
import type { DeploymentDetail, DeploymentSummary, EndpointAccess } from '@dsr1/shared/http-api/resources';
import type { PlanResult } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { EventLog } from '../events/event-log.ts';
import type { NodeHub } from '../nodes/hub.ts';
import type { Gates } from './gates.ts';
import { withEta } from './phase-times.ts';
import type { Planner } from './planner.ts';
import { rejectionMessage } from './rejection-message.ts';
import type { DeploymentStore, StoredDeployment } from './store.ts';
import { toDetail, toSummary } from './views.ts';

export interface DeploymentService {
  /** What would happen; nothing is stored. */
  plan(spec: DeploymentSpec): Promise<PlanResult>;
  /**
   * Wants this deployment to run. Repeating it is harmless; a stopped or failed one with the same spec starts again.
   * @throws PLAN_INFEASIBLE (details.rejections), ALREADY_EXISTS
   */
  deploy(spec: DeploymentSpec, by: string): Promise<DeploymentDetail>;
  list(): Promise<readonly DeploymentSummary[]>;
  /** This and the following throw DEPLOYMENT_NOT_FOUND. */
  get(name: string): Promise<DeploymentDetail>;
  start(name: string, by: string): Promise<DeploymentDetail>;
  stop(name: string, by: string): Promise<DeploymentDetail>;
  /** @throws DEPLOYMENT_RUNNING unless it is stopped or failed, or `force` */
  remove(name: string, force: boolean, by: string): Promise<DeploymentSummary>;
  /** @throws NOT_FOUND while there is no plan, or when the engine serves no HTTP */
  access(name: string): Promise<EndpointAccess>;
  /** Names of the deployments that have a rank on this node which is not known to be stopped. */
  onNode(nodeId: string): Promise<readonly string[]>;
}

export interface ServiceDeps {
  readonly store: DeploymentStore;
  readonly hub: Pick<NodeHub, 'nodes'>;
  readonly planner: Planner;
  readonly gates: Pick<Gates, 'lastCall'>;
  readonly events: Pick<EventLog, 'record'>;
  readonly clock: Clock;
  /** Steady milliseconds. */
  readonly nowMs: () => number;
  readonly newApiKey: () => string;
  /** Tells the loop that this deployment changed. */
  readonly wake: (name: string) => void;
}

export function createDeploymentService(deps: ServiceDeps): DeploymentService {
  const { store, events, wake, nowMs } = deps;
  const moment = () => ({
    nodes: new Map(deps.hub.nodes().map((node) => [node.id, node])),
    gates: deps.gates,
    nowMs: nowMs(),
  });
  const detail = async (name: string) => {
    const stored = await loadOrThrow(store, name);
    return withEta(toDetail(stored, moment()), stored, store, nowMs());
  };
  const record = (kind: DeploymentEvent, deployment: string, message: string, by: string) =>
    events.record({ kind: `deployment.${kind}`, deployment, message, data: { by } });

  async function start(name: string, by: string): Promise<DeploymentDetail> {
    const { deployment } = await loadOrThrow(store, name);
    refuseRemoved(deployment.desired === 'removed', name);
    if (deployment.desired === 'stopped' || deployment.state === 'failed') {
      await store.change(name, deployment.epoch, {
        deployment: {
          desired: 'running',
          state: 'pending',
          message: 'waits to be planned',
          rejections: [],
          startedAtMs: nowMs(),
          provenNetwork: null,
        },
      });
      record('start-requested', name, 'start requested', by);
      wake(name);
    }
    return detail(name);
  }

  return {
    plan: async (spec) => planNow(deps, spec, await store.load(spec.name)),

    async deploy(spec, by) {
      const existing = await store.load(spec.name);
      if (existing !== null) {
        refuseOther(spec, existing);
        return start(spec.name, by);
      }
      const result = await planNow(deps, spec, null);
      if (!result.feasible) {
        throw new Dsr1Error('PLAN_INFEASIBLE', rejectionMessage(result.rejections), {
          hint: result.rejections[0]?.fix ?? `dsr1ctl plan ${spec.name} shows every node's reason`,
          details: { rejections: result.rejections },
        });
      }
      const created = {
        spec,
        apiKey: deps.newApiKey(),
        startedAtMs: nowMs(),
        createdAtWallMs: deps.clock.wallMs(),
      };
      if (!(await store.create(created))) refuseOther(spec, await loadOrThrow(store, spec.name));
      record(
        'created',
        spec.name,
        `created on ${result.plan.ranks.length} nodes with engine ${spec.engine.kind}`,
        by,
      );
      wake(spec.name);
      return detail(spec.name);
    },

    async list() {
      const stored = await loadAll(store);
      const now = moment();
      return stored.map((one) => toSummary(one, now));
    },

    get: detail,
    start,

    async stop(name, by) {
      const { deployment } = await loadOrThrow(store, name);
      refuseRemoved(deployment.desired === 'removed', name);
      if (deployment.desired !== 'stopped') {
        await store.change(name, deployment.epoch, { deployment: { desired: 'stopped', rejections: [] } });
        record('stop-requested', name, 'stop requested', by);
        wake(name);
      }
      return detail(name);
    },

    async remove(name, force, by) {
      const stored = await loadOrThrow(store, name);
      const lives = stored.attempt !== null && !stored.attempt.closed;
      if (lives && !force && stored.deployment.desired !== 'removed') {
        throw new Dsr1Error(
          'DEPLOYMENT_RUNNING',
          `deployment ${name} is ${stored.deployment.state}, expected it to be stopped`,
          {
            hint: `dsr1ctl stop ${name} first, or dsr1ctl rm --force ${name} to do both`,
          },
        );
      }
      await store.change(name, stored.deployment.epoch, { deployment: { desired: 'removed' } });
      record('remove-requested', name, 'removal requested', by);
      wake(name);
      return toSummary(stored, moment());
    },

    async access(name) {
      const { attempt } = await loadOrThrow(store, name);
      const endpoint = attempt?.plan.endpoint;
      if (attempt == null || endpoint == null) {
        throw new Dsr1Error(
          'NOT_FOUND',
          `deployment ${name} has no endpoint${attempt === null ? ' yet' : ': its engine serves no HTTP'}`,
          {
            hint: `dsr1ctl status ${name} says where it stands`,
          },
        );
      }
      return { url: endpoint.url, apiKey: await store.apiKey(name), model: attempt.plan.servedName };
    },

    async onNode(nodeId) {
      const stored = await loadAll(store);
      return stored
        .filter(
          ({ attempt }) =>
            attempt !== null && !attempt.closed && attempt.ranks.some((rank) => rank.nodeId === nodeId),
        )
        .map(({ deployment }) => deployment.name);
    },
  };
}

/** Plans as the next attempt would be, on the nodes that the deployment has had so far. */
async function planNow(
  { store, planner }: ServiceDeps,
  spec: DeploymentSpec,
  existing: StoredDeployment | null,
): Promise<PlanResult> {
  const epoch = await store.nextEpoch(spec.name);
  return planner.plan({ spec, epoch, previous: existing?.attempt ?? null, avoidPorts: [] });
}

async function loadOrThrow(store: DeploymentStore, name: string): Promise<StoredDeployment> {
  const stored = await store.load(name);
  if (stored !== null) return stored;
  throw new Dsr1Error('DEPLOYMENT_NOT_FOUND', `there is no deployment ${name}`, {
    hint: 'dsr1ctl ls lists them',
  });
}

async function loadAll(store: DeploymentStore): Promise<readonly StoredDeployment[]> {
  const stored = await Promise.all((await store.names()).map((name) => store.load(name)));
  return stored.filter((one) => one !== null);
}

function refuseRemoved(removed: boolean, name: string): void {
  if (!removed) return;
  throw new Dsr1Error('DEPLOYMENT_NOT_FOUND', `deployment ${name} is being removed`, {
    hint: `dsr1ctl status ${name} says which node it waits for`,
  });
}

function refuseOther(spec: DeploymentSpec, { deployment }: StoredDeployment): void {
  refuseRemoved(deployment.desired === 'removed', spec.name);
  if (hashOf(spec) === hashOf(deployment.spec)) return;
  throw new Dsr1Error('ALREADY_EXISTS', `deployment ${spec.name} exists with another specification`, {
    hint: `choose another name, or dsr1ctl stop ${spec.name} and dsr1ctl rm ${spec.name} first`,
  });
}
