/**
 * A whole cluster in one process and in virtual time: simulated hosts, the real hub, the real store, the real loop. The
 * coordinator can die at any moment; another one then opens the same database.
 */
import { createDeployments, type Deployments } from '@dsr1/coordinator/deployments/deployments';
import type { Executors } from '@dsr1/coordinator/deployments/executor';
import { createPlanner } from '@dsr1/coordinator/deployments/planner';
import type { Rehearse } from '@dsr1/coordinator/deployments/rehearsals';
import type { StoredDeployment } from '@dsr1/coordinator/deployments/store';
import type { Timers } from '@dsr1/coordinator/deployments/timers';
import type { NewEvent } from '@dsr1/coordinator/events/event-log';
import { takeLeadership } from '@dsr1/coordinator/nodes/leader-epoch';
import type { NodeSession } from '@dsr1/coordinator/nodes/record';
import { loadRegistry } from '@dsr1/coordinator/nodes/registry';
import { createSessionHub, type SessionHub } from '@dsr1/coordinator/nodes/session-hub';
import { defaultPolicy, type ReconcilePolicy } from '@dsr1/coordinator/reconcile/model';
import type { CheckFinding, CheckReport } from '@dsr1/shared/fabric/check/model';
import { pino } from 'pino';
import { type MemoryStore, openMemoryStore } from './memory-store.ts';
import { createObserver, type Observer } from './observer.ts';
import { createRandom, type Random } from './random.ts';
import { createSimNode, type SimNode } from './sim-node.ts';
import { simPlan } from './sim-plan.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export interface SimCluster {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly observer: Observer;
  readonly nodes: readonly SimNode[];
  readonly events: readonly NewEvent[];
  /** The living coordinator. @throws when it is down */
  deployments(): Deployments;
  isCoordinatorUp(): boolean;
  startCoordinator(around?: (executors: Executors, crash: () => void) => Executors): Promise<void>;
  /** As SIGKILL does: whatever it was waiting for never comes. */
  crashCoordinator(): void;
  /** Cuts the management link of a host; its engine goes on. */
  cut(node: SimNode): void;
  heal(node: SimNode): void;
  powerOff(node: SimNode): void;
  powerOn(node: SimNode): void;
  stored(name: string): Promise<StoredDeployment | null>;
}

export interface SimOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly portTakenShare?: number;
  readonly policy?: Partial<ReconcilePolicy>;
  /** What the rehearsal of this attempt finds. */
  readonly finds?: (epoch: number) => readonly CheckFinding[];
}

interface Incarnation {
  alive: boolean;
  readonly hub: SessionHub;
  readonly deployments: Deployments;
  readonly sessions: Map<string, NodeSession>;
}

const RECONNECT_MS = 300;

export async function createSimCluster(options: SimOptions): Promise<SimCluster> {
  const time = createVirtualTime();
  const random = createRandom(options.seed);
  const store = await openMemoryStore(nodeNames(options.nodes));
  const nodes: SimNode[] = [];
  const linked = new Set<string>();
  const events: NewEvent[] = [];
  let incarnation: Incarnation | null = null;
  let sessions = 0;

  const allRuns = () =>
    nodes.flatMap((node) => [...node.runs.values()].map((run) => ({ node: node.name, run })));
  const observer = createObserver({ nowMs: time.clock.monotonicMs, allRuns, worldOf: () => options.nodes });
  const peersOf = (deployment: string, epoch: number) =>
    allRuns().flatMap(({ run }) => (run.deployment === deployment && run.epoch === epoch ? [run] : []));
  for (const name of nodeNames(options.nodes)) {
    const portTakenShare = options.portTakenShare ?? 0;
    nodes.push(
      createSimNode({ id: name, name, time, random, observer, peersOf, portTakenShare, loadScale: 1 }),
    );
    linked.add(name);
  }

  /** An agent tries to reach its coordinator for ever. */
  function reconnect(node: SimNode): void {
    time.after(random.between(RECONNECT_MS / 2, RECONNECT_MS), () => {
      const to = incarnation;
      if (to === null || !to.alive || !node.isUp() || !linked.has(node.id) || to.sessions.has(node.id))
        return;
      void open(node, to);
    });
  }

  async function open(node: SimNode, to: Incarnation): Promise<void> {
    sessions += 1;
    const live = () => to.alive && to.sessions.get(node.id) === session;
    const later = (work: () => void) => time.after(random.between(1, 10), () => live() && work());
    const session: NodeSession = {
      id: `session-${sessions}`,
      bootId: node.bootId(),
      fingerprint: node.id,
      certificateGeneration: 1,
      send: (message) => void later(() => node.receive(message)),
      close: () => drop(node),
    };
    to.sessions.set(node.id, session);
    const hello = node.hello();
    let last = Promise.resolve();
    // Messages arrive in order, as on a stream.
    node.connect((message) => {
      last = last
        .then(() => new Promise<void>((resolve) => void time.after(2, resolve)))
        .then(() => (live() ? to.hub.receive(node.id, session, message) : undefined));
    });
    const welcome = await to.hub.attach(node.id, session, hello);
    if (!live()) return;
    if (welcome.sendFacts)
      await to.hub.receive(node.id, session, {
        kind: 'facts',
        hash: node.factsHash(),
        facts: node.facts(),
        collectedAtMs: 0,
      });
  }

  /** The coordinator sees a session end; the agent tries again. */
  function drop(node: SimNode): void {
    const session = incarnation?.sessions.get(node.id);
    incarnation?.sessions.delete(node.id);
    node.connect(null);
    if (session !== undefined) incarnation?.hub.detach(node.id, session);
  }

  async function startCoordinator(
    around?: (executors: Executors, crash: () => void) => Executors,
  ): Promise<void> {
    const born: { alive: boolean } = { alive: true };
    const mortal = mortalStore(store, born);
    const clock = time.clock;
    const record = { record: (event: NewEvent) => void events.push(event) };
    const eventLog = {
      ...record,
      after: async () => [],
      newest: async () => [],
      subscribe: () => () => {},
      close: async () => {},
    };
    const policy = { heartbeatIntervalMs: 1e12, lostAfterMs: 1e12 };
    const registry = await loadRegistry({ store: mortal.nodes, clock, policy });
    const leader = await takeLeadership(mortal.meta);
    const hub = createSessionHub({
      registry,
      store: mortal,
      events: eventLog,
      clock,
      log: pino({ level: 'silent' }),
      leader,
      heartbeatIntervalMs: 10_000,
    });
    const timers: Timers = {
      after: (ms: number, work: () => void) => time.after(ms, () => born.alive && work()),
    };
    const planner = createPlanner({ store: mortal.deployments, hub, plan: simPlan });
    const deployments = await createDeployments({
      store: mortal.deployments,
      hub,
      planner,
      rehearse: simRehearse(timers, random, options.finds ?? (() => [])),
      events: record,
      clock,
      timers,
      log: pino({ level: 'silent' }),
      policy: { ...defaultPolicy, ...options.policy },
      tickMs: 1_000,
      newApiKey: () => `key-${random.between(0, 1e9)}`,
      ...(around === undefined
        ? {}
        : { around: (executors: Executors) => around(executors, crashCoordinator) }),
    });
    incarnation = Object.assign(born, { hub, deployments, sessions: new Map<string, NodeSession>() });
    await deployments.loop.start();
    for (const node of nodes) reconnect(node);
  }

  function crashCoordinator(): void {
    const dead = incarnation;
    if (dead === null) return;
    dead.alive = false;
    for (const node of nodes) drop(node);
    incarnation = null;
  }

  return {
    time,
    random,
    observer,
    nodes,
    events,
    deployments: () => {
      if (incarnation === null) throw new Error('the coordinator is down');
      return incarnation.deployments;
    },
    isCoordinatorUp: () => incarnation !== null,
    startCoordinator,
    crashCoordinator,
    cut(node) {
      linked.delete(node.id);
      drop(node);
    },
    heal(node) {
      linked.add(node.id);
      reconnect(node);
    },
    powerOff(node) {
      node.powerOff();
      drop(node);
    },
    powerOn(node) {
      node.powerOn();
      reconnect(node);
    },
    stored: (name) => store.deployments.load(name),
  };
}

/** Tests that take a second or two. */
const simRehearse =
  (timers: Timers, random: Random, finds: (epoch: number) => readonly CheckFinding[]): Rehearse =>
  ({ deployment, attempt }, told) => {
    const begun: CheckReport = {
      id: `check-${attempt.epoch}`,
      state: 'running',
      message: 'round 1 of 1',
      deployment: deployment.name,
      nodes: attempt.ranks.map(({ nodeName }) => nodeName),
      startedAt: '',
      transport: 'tcp',
      ends: [],
      pairs: [],
      figures: [],
      findings: [],
    };
    timers.after(random.between(500, 2_000), () =>
      told({ ...begun, state: 'done', message: '', findings: [...finds(attempt.epoch)] }),
    );
    return begun;
  };

const nodeNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `gpu-${index + 1}`);

/** The store of one life of the coordinator: after its death no call ever returns, and none changes anything. */
function mortalStore(store: MemoryStore, life: { readonly alive: boolean }): MemoryStore {
  const mortal = <T extends object>(part: T): T =>
    new Proxy(part, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => (life.alive ? method(...args) : new Promise(() => {}));
      },
    });
  return {
    meta: mortal(store.meta),
    nodes: mortal(store.nodes),
    certificates: mortal(store.certificates),
    deployments: mortal(store.deployments),
  };
}
