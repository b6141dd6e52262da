/**
 * The level-triggered loop: one pass of a deployment at a time, as often as anything changed. A pass reads what is
 * stored and what the nodes say, asks `decide`, carries out the answer, and asks again until nothing is left to do.
 */

import { toDsr1Error } from '@dsr1/shared/errors';
import type { Logger } from '@dsr1/shared/logger';
import type { NodeHub } from '../nodes/hub.ts';
import type { Action, ActionKind, ActionOf } from '../reconcile/actions.ts';
import { decide } from '../reconcile/decide.ts';
import type { ReconcilePolicy } from '../reconcile/model.ts';
import type { Executors, Scene } from './executor.ts';
import type { Gates } from './gates.ts';
import type { Rehearsals } from './rehearsals.ts';
import type { DeploymentStore } from './store.ts';
import type { Timers } from './timers.ts';

export interface LoopDeps {
  readonly store: DeploymentStore;
  readonly hub: Pick<NodeHub, 'nodes' | 'onChange'>;
  readonly executors: Executors;
  readonly rehearsals: Pick<Rehearsals, 'of'>;
  readonly gates: Pick<Gates, 'lastCall'>;
  readonly policy: ReconcilePolicy;
  /** Steady milliseconds. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  readonly log: Pick<Logger, 'error'>;
  /** Every deployment is looked at this often even if nothing seems to change. */
  readonly tickMs: number;
}

export interface DeploymentLoop {
  /** Looks at every stored deployment, and from now on at each change. */
  start(): Promise<void>;
  /** Something about this deployment changed. */
  wake(name: string): void;
  /** Starts no more passes. One that waits for nodes is left behind after a moment: it may end at any step anyway. */
  stop(): Promise<void>;
}

/** Enough for a whole life from pending to serving; more in one pass is a defect, and the tick goes on from there. */
const MAX_ROUNDS = 50;
const STOP_WAIT_MS = 2_000;

interface Track {
  running: Promise<void> | null;
  again: boolean;
  cancelTimer: () => void;
}

export function createDeploymentLoop(deps: LoopDeps): DeploymentLoop {
  const tracks = new Map<string, Track>();
  let stopped = false;
  let unsubscribe = () => {};

  const wake = (name: string): void => {
    if (stopped) return;
    const track = tracks.get(name) ?? { running: null, again: false, cancelTimer: () => {} };
    tracks.set(name, track);
    track.again = true;
    track.running ??= run(name, track);
  };

  async function run(name: string, track: Track): Promise<void> {
    let sleepMs: number | null = deps.tickMs;
    // Changes that come together (64 ranks reporting at once) are one pass.
    await new Promise<void>((resolve) => deps.timers.after(0, resolve));
    while (track.again && !stopped) {
      track.again = false;
      sleepMs = await safePass(name);
    }
    track.running = null;
    track.cancelTimer();
    if (sleepMs === null) tracks.delete(name);
    else if (!stopped) track.cancelTimer = deps.timers.after(sleepMs, () => wake(name));
  }

  /** Milliseconds until the next pass is due, null when the deployment is gone. */
  async function safePass(name: string): Promise<number | null> {
    try {
      return await pass(deps, name);
    } catch (error) {
      // The store may be closed by now.
      if (stopped) return null;
      deps.log.error({ err: toDsr1Error(error), deployment: name }, 'a step failed and will be tried again');
      return deps.tickMs;
    }
  }

  return {
    async start() {
      unsubscribe = deps.hub.onChange(() => {
        for (const name of tracks.keys()) wake(name);
      });
      for (const name of await deps.store.names()) wake(name);
    },
    wake,
    async stop() {
      stopped = true;
      unsubscribe();
      for (const track of tracks.values()) track.cancelTimer();
      const running = Promise.all([...tracks.values()].map((track) => track.running));
      let cancel = () => {};
      const waited = new Promise<void>((resolve) => {
        cancel = deps.timers.after(STOP_WAIT_MS, resolve);
      });
      await Promise.race([running, waited]);
      cancel();
    },
  };
}

async function pass(deps: LoopDeps, name: string): Promise<number | null> {
  let alarmMs = deps.nowMs() + deps.tickMs;
  const alarm = (atMs: number) => {
    alarmMs = Math.min(alarmMs, atMs);
  };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await deps.store.load(name);
    if (stored === null) return null;
    const nodes = new Map(deps.hub.nodes().map((node) => [node.id, node]));
    const rehearsal = deps.rehearsals.of(name, stored.deployment.epoch);
    const gateCall = deps.gates.lastCall(name, stored.deployment.epoch);
    const { policy } = deps;
    const actions = decide({ ...stored, nodes, rehearsal, gateCall, nowMs: deps.nowMs(), policy });
    for (const action of actions) await execute(deps.executors, { ...stored, alarm }, action);
    if (actions.every(({ kind }) => kind === 'wake')) break;
  }
  return Math.max(0, alarmMs - deps.nowMs());
}

/** The compiler cannot see that `action` is of the kind that it was looked up by. */
function execute<Kind extends ActionKind>(executors: Executors, scene: Scene, action: Action): Promise<void> {
  const executor = executors[action.kind as Kind];
  return executor(scene, action as ActionOf<Kind>);
}
