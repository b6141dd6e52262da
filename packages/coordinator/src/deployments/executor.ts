/** Carries out what the reconciler decided. What an action changes is stored before, or together with, its effect. */
import type { Clock } from '@dsr1/shared/clock';
import { hashOf } from '@dsr1/shared/hash';
import type { DeploymentEvent } from '@dsr1/shared/http-api/event-kinds';
import type { EventLog } from '../events/event-log.ts';
import type { NodeHub } from '../nodes/hub.ts';
import type { ActionKind, ActionOf } from '../reconcile/actions.ts';
import { rankName } from '../reconcile/gang.ts';
import type { AttemptRecord, DeploymentRecord } from '../reconcile/model.ts';
import { isRehearsed, provenBy, rehearsalLimitMs, shakesTrust } from '../reconcile/rehearsal.ts';
import { sendCommit, sendPrepare, sendStop } from './gang-commands.ts';
import type { Gates } from './gates.ts';
import type { Planner } from './planner.ts';
import type { Rehearsals } from './rehearsals.ts';
import { rejectionMessage } from './rejection-message.ts';
import type { Change, DeploymentStore } from './store.ts';

export interface ExecutorDeps {
  readonly store: DeploymentStore;
  readonly hub: Pick<NodeHub, 'send' | 'nodes'>;
  readonly planner: Planner;
  readonly rehearsals: Pick<Rehearsals, 'begin' | 'skip' | 'drop'>;
  readonly gates: Pick<Gates, 'open' | 'drop'>;
  readonly events: Pick<EventLog, 'record'>;
  readonly clock: Clock;
  /** Steady milliseconds. */
  readonly nowMs: () => number;
}

/** What one pass of the loop found; `attempt` is the one that the action is about. */
export interface Scene {
  readonly deployment: DeploymentRecord;
  readonly attempt: AttemptRecord | null;
  /** Another pass is wanted at this time (steady milliseconds). */
  readonly alarm: (atMs: number) => void;
}

export type Executors = {
  readonly [Kind in ActionKind]: (scene: Scene, action: ActionOf<Kind>) => Promise<void>;
};

export function createExecutors(deps: ExecutorDeps): Executors {
  const { store, events, clock, nowMs } = deps;
  const record = (scene: Scene, kind: DeploymentEvent, message: string, more: EventDetails = {}) =>
    events.record({ kind: `deployment.${kind}`, deployment: scene.deployment.name, message, ...more });
  const change = (scene: Scene, what: Change) =>
    store.change(scene.deployment.name, scene.attempt?.epoch ?? 0, what);

  // One plan at a time: each sees what the one before it holds.
  let planning: Promise<unknown> = Promise.resolve();

  return {
    plan(scene, action) {
      const planned = planning.then(() => planAttempt(deps, scene, action, record));
      planning = planned.catch(() => {});
      return planned;
    },

    async prepare(scene) {
      const attempt = attemptOf(scene);
      const { name } = scene.deployment;
      const keys = {
        apiKey: (await store.apiKey(name)) ?? '',
        gangKey: await store.gangKey(name, attempt.epoch),
      };
      const rehearsed = isRehearsed(scene.deployment.spec, attempt.plan);
      const rehearsalMs = rehearsed ? rehearsalLimitMs(attempt.plan) : 0;
      const answer = await sendPrepare(deps.hub, name, attempt, keys, rehearsalMs);
      if (answer.ending !== null) return end(scene, answer.ending);
      const next = rehearsed ? 'rehearsing' : 'starting';
      const message = `${attempt.ranks.length} ranks prepared, ${next}`;
      await change(scene, {
        deployment: { state: next, message },
        attempt: rehearsed ? { step: 'rehearsing' } : { step: 'committing', commitAtMs: nowMs() },
        ranks: answer.ranks,
      });
      record(scene, 'prepared', message, { data: { epoch: attempt.epoch } });
    },

    async rehearse(scene) {
      const { deployment } = scene;
      const attempt = attemptOf(scene);
      if (deployment.provenNetwork !== null && deployment.provenNetwork === provenNetworkOf(attempt)) {
        deps.rehearsals.skip({ deployment, attempt });
      } else deps.rehearsals.begin({ deployment, attempt });
    },

    async rehearsed(scene, { passed, doubt, message, check }) {
      const attempt = attemptOf(scene);
      await change(scene, {
        deployment: { state: 'starting', message, provenNetwork: passed ? provenNetworkOf(attempt) : null },
        attempt: { step: 'committing', commitAtMs: nowMs() },
      });
      deps.rehearsals.drop(scene.deployment.name);
      record(scene, 'rehearsed', message, {
        level: doubt ? 'warning' : 'info',
        data: { epoch: attempt.epoch, check },
      });
    },

    async commit(scene, { ranks }) {
      const attempt = attemptOf(scene);
      const answer = await sendCommit(deps.hub, scene.deployment.name, attempt, new Set(ranks));
      if (answer.ending !== null) return end(scene, answer.ending);
      const open = attempt.ranks.filter(
        (one) => !one.committed && !answer.ranks.some(({ rank }) => rank === one.rank),
      );
      const all = open.length === 0;
      await change(scene, { ranks: answer.ranks, ...(all ? { attempt: { step: 'running' } } : {}) });
      if (all)
        record(scene, 'started', `all ${attempt.ranks.length} ranks started`, {
          data: { epoch: attempt.epoch },
        });
    },

    openGate: (scene, action) => deps.gates.open(scene.deployment.name, attemptOf(scene).epoch, action),

    async tell(scene, { ranks }) {
      const attempt = attemptOf(scene);
      await change(scene, {
        ranks: ranks.map(({ rank, state, phase }) => ({ rank, toldState: state, toldPhase: phase })),
      });
      for (const { rank, state, phase } of ranks) {
        const known = attempt.ranks[rank];
        if (known === undefined || state !== 'running' || phase === known.toldPhase) continue;
        record(scene, 'phase', `${rankName(known)} is in phase ${phase}`, {
          node: known.nodeName,
          data: { epoch: attempt.epoch, rank, phase },
        });
      }
    },

    async serve(scene, { network }) {
      const attempt = attemptOf(scene);
      await change(scene, {
        deployment: { state: 'serving', message: 'serving' },
        attempt: { servedAtMs: nowMs(), servedAtWallMs: clock.wallMs() },
      });
      const where = attempt.plan.endpoint === null ? '' : ` at ${attempt.plan.endpoint.url}`;
      record(scene, 'serving', `serving${where}`, { data: { epoch: attempt.epoch } });
      if (network === null) return;
      record(scene, 'network', network.message, {
        level: network.asPlanned ? 'info' : 'warning',
        data: { epoch: attempt.epoch },
      });
    },

    end: (scene, action) => end(scene, action.ending),

    async stop(scene, { ranks, reason }) {
      const attempt = attemptOf(scene);
      const sentAtMs = nowMs();
      await change(scene, { ranks: ranks.map((rank) => ({ rank, stopSentAtMs: sentAtMs })) });
      const stopped = await sendStop(deps.hub, scene.deployment.name, attempt, new Set(ranks), reason);
      await change(scene, { ranks: stopped.map((rank) => ({ rank, stopAcknowledged: true })) });
    },

    async close(scene, { ending }) {
      await change(scene, { attempt: { closed: true, ending } });
      record(
        scene,
        'closed',
        `all ranks of attempt ${attemptOf(scene).epoch} are stopped: ${ending.message}`,
        {
          data: {
            epoch: attemptOf(scene).epoch,
            cause: ending.cause,
            category: ending.diagnoses?.[0]?.category ?? null,
          },
        },
      );
    },

    async settle(scene, { state, message }) {
      await change(scene, { deployment: { state, message } });
      if (state === scene.deployment.state) return;
      record(scene, state, message, { level: state === 'failed' ? 'error' : 'info' });
    },

    async remove(scene) {
      await store.remove(scene.deployment.name);
      record(scene, 'removed', 'removed');
    },

    wake: async (scene, { atMs }) => scene.alarm(atMs),
  };

  /** Of the facts that the nodes have sent last. */
  function provenNetworkOf({ plan }: AttemptRecord): string {
    const nodes = new Map(deps.hub.nodes().map(({ id, facts }) => [id, facts]));
    const hashes = plan.ranks.map(({ nodeId }) => [nodeId, hashOf(nodes.get(nodeId) ?? null)]);
    return hashOf(provenBy(plan, Object.fromEntries(hashes)));
  }

  async function end(scene: Scene, ending: ActionOf<'end'>['ending']): Promise<void> {
    const attempt = attemptOf(scene);
    const blamed = attempt.ranks.find(({ rank }) => rank === ending.rank);
    const shaken = shakesTrust(ending, attempt.servedAtMs !== null);
    deps.rehearsals.drop(scene.deployment.name);
    deps.gates.drop(scene.deployment.name);
    await change(scene, {
      deployment: { state: 'stopping', message: ending.message, ...(shaken ? { provenNetwork: null } : {}) },
      attempt: { ending, endedAtMs: nowMs() },
    });
    record(scene, 'ended', ending.message, {
      level: ending.cause === 'operator' ? 'info' : 'error',
      ...(blamed === undefined ? {} : { node: blamed.nodeName }),
      data: {
        epoch: attempt.epoch,
        cause: ending.cause,
        rank: ending.rank,
        code: ending.failure?.code ?? null,
      },
    });
  }
}

type EventDetails = Partial<Parameters<EventLog['record']>[0]>;

/** The epoch is stored before anything is sent, and lies above whatever an agent still reports of this name. */
async function planAttempt(
  { store, hub, planner, nowMs }: ExecutorDeps,
  scene: Scene,
  { avoidPorts, why }: ActionOf<'plan'>,
  record: (scene: Scene, kind: DeploymentEvent, message: string, more?: EventDetails) => void,
): Promise<void> {
  const { deployment } = scene;
  const { name, spec } = deployment;
  const reported = hub.nodes().flatMap(({ ranks }) => ranks.filter((one) => one.deployment === name));
  const epoch = Math.max(await store.nextEpoch(name), ...reported.map((one) => one.epoch + 1));
  const result = await planner.plan({ spec, epoch, previous: scene.attempt, avoidPorts });
  const plannedAtMs = nowMs();
  if (result.feasible) {
    const message = `attempt ${epoch} on ${result.plan.ranks.length} nodes: ${why}`;
    await store.addAttempt(
      name,
      { epoch, plan: result.plan, avoidPorts },
      { state: 'preparing', message, rejections: [], plannedAtMs },
    );
    record(scene, 'planned', message, { data: { epoch } });
    return;
  }
  const message = rejectionMessage(result.rejections);
  await store.change(name, 0, {
    deployment: { state: 'waiting', message, rejections: result.rejections, plannedAtMs },
  });
  if (message !== deployment.message) record(scene, 'infeasible', message, { level: 'warning' });
}

function attemptOf({ attempt, deployment }: Scene): AttemptRecord {
  if (attempt !== null) return attempt;
  throw new Error(`deployment ${deployment.name} has no attempt to act on`);
}
