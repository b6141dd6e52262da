/**
 * One simulated host: an agent that obeys the fences of the protocol, and an engine that behaves as engines do (waits at
 * its rendezvous, loads, serves, and notices a lost peer late or never). It talks to whatever session it is given.
 */

import type { Phase } from '@dsr1/shared/engines/phases';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { RankPlan } from '@dsr1/shared/plan/model';
import type {
  AgentCommand,
  CommandResult,
  Failure,
  FromAgent,
  FromCoordinator,
  Hello,
  RankReport,
  RankState,
} from '@dsr1/shared/wire/messages';
import type { Observer } from './observer.ts';
import type { Random } from './random.ts';
import { simFacts } from './sim-facts.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface SimRun {
  readonly deployment: string;
  readonly epoch: number;
  readonly specHash: string;
  readonly plan: RankPlan;
  state: RankState;
  phase: Phase;
  phaseSeconds: Record<string, number>;
  committedAtMs: number | null;
  exitCode: number | null;
  failure: Failure | null;
  cancelExpiry: () => void;
}

export interface SimNodeDeps {
  readonly id: string;
  readonly name: string;
  readonly time: Pick<VirtualTime, 'clock' | 'after'>;
  readonly random: Random;
  readonly observer: Observer;
  /** Every run of this attempt, on all hosts: what the engine sees of its peers over the fabric. */
  readonly peersOf: (deployment: string, epoch: number) => readonly SimRun[];
  /** Share of prepares that find a port taken. */
  readonly portTakenShare: number;
  /** 1 = an engine takes 7 s to load. */
  readonly loadScale: number;
}

export interface SimNode {
  readonly id: string;
  readonly name: string;
  readonly runs: ReadonlyMap<string, SimRun>;
  isUp(): boolean;
  bootId(): string;
  hello(): Hello;
  facts(): NodeFacts;
  factsHash(): string;
  /** The session that messages go up on from now; null = cut. */
  connect(up: ((message: FromAgent) => void) | null): void;
  receive(message: FromCoordinator): void;
  /** Log tails that somebody follows. */
  tails(): number;
  killRank(deployment: string): void;
  powerOff(): void;
  powerOn(): void;
}

const TICK_MS = 500;
const LOAD_SECONDS: Readonly<Record<Phase, number>> = {
  starting: 0.5,
  rendezvous: 0,
  weights: 3,
  graphs: 2,
  listening: 1,
  serving: 0,
};
const NEXT: Readonly<Record<Phase, Phase>> = {
  starting: 'rendezvous',
  rendezvous: 'weights',
  weights: 'graphs',
  graphs: 'listening',
  listening: 'serving',
  serving: 'serving',
};

export function createSimNode(deps: SimNodeDeps): SimNode {
  const { id, name, time, random, observer } = deps;
  const runs = new Map<string, SimRun>();
  const tails = new Set<string>();
  /** Survives reboots, as the agent's journal does. */
  const tombstones = new Map<string, number>();
  let boot = 1;
  let up = true;
  let maxLeaderEpoch = 0;
  let sequence = 0;
  let sendUp: ((message: FromAgent) => void) | null = null;

  const bootId = () => `${id}-boot-${boot}`;
  const nowMs = () => time.clock.monotonicMs();

  const reportOf = (run: SimRun): RankReport => ({
    deployment: run.deployment,
    epoch: run.epoch,
    rank: run.plan.rank,
    state: run.state,
    phase: run.phase,
    progress: null,
    detail: null,
    phaseSeconds: { ...run.phaseSeconds },
    exitCode: run.exitCode,
    exitSignal: null,
    evidence: run.state === 'exited' ? ['Traceback (most recent call last):', 'simulated'] : [],
    sequence: ++sequence,
    failure: run.failure,
    pid: 4711,
    adopted: false,
  });
  const report = (run: SimRun) => sendUp?.({ kind: 'rank', report: reportOf(run) });

  function leave(run: SimRun, exitCode: number, failure: Failure | null): void {
    if (run.state !== 'running') return;
    run.state = 'exited';
    run.exitCode = exitCode;
    run.failure = failure;
    observer.harmed(run.deployment, run.epoch, `${name}: rank ${run.plan.rank} left with ${exitCode}`);
    report(run);
  }

  function enter(run: SimRun, phase: Phase): void {
    run.phase = phase;
    run.phaseSeconds[phase] = (nowMs() - (run.committedAtMs ?? nowMs())) / 1000;
    report(run);
  }

  /** The engine's own life, looked at every half second. */
  function live(run: SimRun, ofBoot: number): void {
    if (!up || boot !== ofBoot || run.state !== 'running') return;
    time.after(TICK_MS * deps.loadScale, () => live(run, ofBoot));
    const peers = deps.peersOf(run.deployment, run.epoch);
    const whole =
      peers.length === observer.worldOf(run.deployment) && peers.every(({ state }) => state === 'running');
    const inPhaseSeconds = (nowMs() - (run.committedAtMs ?? 0)) / 1000 - (run.phaseSeconds[run.phase] ?? 0);
    const last = run.plan.health === null ? 'graphs' : 'serving';
    if (run.phase === 'rendezvous') {
      if (whole) enter(run, 'weights');
      else if (inPhaseSeconds > 30)
        leave(run, 1, { code: 'PHASE_DEADLINE', message: 'rendezvous took over 30 s', hint: null });
    } else if (!whole && run.phase !== 'starting' && run.plan.rank === 0 && random.next() < 0.05) {
      // A lost peer is noticed in about 10 s, by some ranks never (a follower of vLLM stays when its head has died).
      leave(run, 0, null);
    } else if (run.phase !== last && inPhaseSeconds >= LOAD_SECONDS[run.phase] * deps.loadScale) {
      enter(run, NEXT[run.phase]);
    }
  }

  function prepare({
    deployment,
    epoch,
    action,
  }: AgentCommand & { action: { kind: 'prepare' } }): CommandResult['failure'] {
    if (epoch <= (tombstones.get(deployment) ?? 0))
      return failure('STALE_EPOCH', `epoch ${epoch} was stopped`);
    const known = runs.get(deployment);
    if (known !== undefined && known.epoch > epoch)
      return failure('STALE_EPOCH', `epoch ${known.epoch} is newer`);
    if (known?.epoch === epoch)
      return known.specHash === action.specHash ? null : failure('EPOCH_CONFLICT', 'other content');
    if (known !== undefined && (known.state === 'running' || known.state === 'prepared')) {
      observer.violated(`${name}: epoch ${epoch} is prepared while epoch ${known.epoch} is ${known.state}`);
    }
    if (random.next() < deps.portTakenShare) {
      observer.harmed(deployment, epoch, `${name}: port taken`);
      return failure('PORT_TAKEN', `port of rank ${action.plan.rank} is in use`);
    }
    const run: SimRun = {
      deployment,
      epoch,
      specHash: action.specHash,
      plan: action.plan,
      state: 'prepared',
      phase: 'starting',
      phaseSeconds: {},
      committedAtMs: null,
      exitCode: null,
      failure: null,
      cancelExpiry: () => {},
    };
    runs.set(deployment, run);
    report(run);
    run.cancelExpiry = time.after(action.expiresMs, () => {
      if (run.state !== 'prepared') return;
      observer.harmed(deployment, epoch, `${name}: prepare expired`);
      run.state = 'stopped';
      run.failure = failure('NOT_PREPARED', 'the prepare expired');
      report(run);
    });
    return null;
  }

  function commit({
    deployment,
    epoch,
    action,
  }: AgentCommand & { action: { kind: 'commit' } }): CommandResult['failure'] {
    if (epoch <= (tombstones.get(deployment) ?? 0))
      return failure('STALE_EPOCH', `epoch ${epoch} was stopped`);
    const run = runs.get(deployment);
    if (run?.epoch !== epoch || run.specHash !== action.specHash)
      return failure('NOT_PREPARED', 'no such prepare');
    if (run.state === 'running') return null;
    if (run.state !== 'prepared') return failure('NOT_PREPARED', `the rank is ${run.state}`);
    run.cancelExpiry();
    run.state = 'running';
    run.committedAtMs = nowMs();
    observer.committed(name, run);
    enter(run, 'starting');
    live(run, boot);
    return null;
  }

  function stop({ deployment, epoch }: AgentCommand): void {
    tombstones.set(deployment, Math.max(epoch, tombstones.get(deployment) ?? 0));
    const run = runs.get(deployment);
    if (run === undefined || run.epoch > epoch) return;
    run.cancelExpiry();
    if (run.state === 'running' || run.state === 'prepared') observer.stopped(name, run);
    if (run.state !== 'exited') run.state = 'stopped';
    report(run);
  }

  function tail(commandId: string, { lastLines, follow }: { lastLines: number; follow: boolean }): void {
    const lines = Array.from({ length: lastLines }, (_, index) => `${name} line ${index + 1}\n`);
    if (follow) tails.add(commandId);
    sendUp?.({ kind: 'log', commandId, data: Buffer.from(lines.join('')), end: !follow });
  }

  function obey(command: AgentCommand): Failure | null {
    if (command.leaderEpoch < maxLeaderEpoch)
      return failure('STALE_EPOCH', `leader ${maxLeaderEpoch} is newer`);
    maxLeaderEpoch = command.leaderEpoch;
    const { action } = command;
    if (action.kind === 'prepare') return prepare({ ...command, action });
    if (action.kind === 'commit') return commit({ ...command, action });
    if (action.kind === 'stop') stop(command);
    return null;
  }

  return {
    id,
    name,
    runs,
    isUp: () => up,
    bootId,
    hello: () => ({
      bootId: bootId(),
      agentVersion: '0.1.0',
      fingerprint: id,
      maxLeaderEpoch,
      ranks: [...runs.values()].map(reportOf),
      factsHash: `facts-${bootId()}`,
      clockMs: time.clock.wallMs(),
    }),
    facts: () => simFacts(name, bootId()),
    factsHash: () => `facts-${bootId()}`,
    connect: (next) => {
      sendUp = next;
    },
    tails: () => tails.size,
    receive(message) {
      if (message.kind !== 'command' || !up) return;
      const { command } = message;
      if (command.action.kind === 'tailLog') return tail(command.commandId, command.action);
      if (tails.delete(command.commandId)) return;
      const ofBoot = boot;
      const answer = sendUp;
      // A stop takes a moment until the last process is gone.
      time.after(command.action.kind === 'stop' ? random.between(20, 400) : random.between(1, 20), () => {
        if (!up || boot !== ofBoot) return;
        const refused = obey(command);
        const prepared =
          command.action.kind === 'prepare' && refused === null
            ? { bootId: bootId(), sessionId: 'sim' }
            : null;
        answer?.({
          kind: 'result',
          result: { commandId: command.commandId, failure: refused, prepared, probe: null },
        });
      });
    },
    killRank(deployment) {
      const run = runs.get(deployment);
      if (run !== undefined && up) leave(run, 137, null);
    },
    powerOff() {
      up = false;
      for (const run of runs.values()) {
        run.cancelExpiry();
        if (run.state === 'running') observer.harmed(run.deployment, run.epoch, `${name}: power off`);
        if (run.state === 'prepared') observer.harmed(run.deployment, run.epoch, `${name}: power off`);
      }
      runs.clear();
      sendUp = null;
    },
    powerOn() {
      if (up) return;
      up = true;
      boot += 1;
    },
  };
}

const failure = (code: string, message: string): Failure => ({ code, message, hint: null });
