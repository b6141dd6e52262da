/** Watches every host at once and judges the invariants; what it sees no party of the protocol can see. */
import type { SimRun } from './sim-node.ts';

export interface Observer {
  committed(node: string, run: SimRun): void;
  /** A live rank was stopped by command. */
  stopped(node: string, run: SimRun): void;
  /** From now on there is a reason to stop this attempt. */
  harmed(deployment: string, epoch: number, why: string): void;
  /** The operator asked for a stop: a reason for every attempt so far. */
  stopAsked(deployment: string): void;
  violated(what: string): void;
  note(what: string): void;
  /** Ranks of a deployment's gang. */
  worldOf(deployment: string): number;
  readonly violations: readonly string[];
  readonly history: readonly string[];
}

export interface ObserverDeps {
  readonly nowMs: () => number;
  /** All runs on all hosts. */
  readonly allRuns: () => readonly { readonly node: string; readonly run: SimRun }[];
  readonly worldOf: (deployment: string) => number;
}

export function createObserver({ nowMs, allRuns, worldOf }: ObserverDeps): Observer {
  const violations: string[] = [];
  const history: string[] = [];
  const reasons = new Map<string, string>();
  const key = (deployment: string, epoch: number) => `${deployment}/${epoch}`;
  const note = (what: string) => void history.push(`${(nowMs() / 1000).toFixed(3)} ${what}`);
  const violated = (what: string) => {
    note(`VIOLATION ${what}`);
    violations.push(what);
  };
  return {
    violations,
    history,
    note,
    violated,
    worldOf,
    harmed(deployment, epoch, why) {
      note(`harm ${key(deployment, epoch)} ${why}`);
      reasons.set(key(deployment, epoch), why);
    },
    stopAsked(deployment) {
      note(`operator stops ${deployment}`);
      const epochs = allRuns().flatMap(({ run }) => (run.deployment === deployment ? [run.epoch] : []));
      // The latest may be stored and not yet on any host.
      for (const epoch of [...epochs, Math.max(0, ...epochs) + 1])
        reasons.set(key(deployment, epoch), 'operator');
    },
    committed(node, run) {
      note(`${node} commits ${key(run.deployment, run.epoch)} rank ${run.plan.rank}`);
      for (const other of allRuns()) {
        const { deployment, epoch, state } = other.run;
        if (deployment !== run.deployment || epoch === run.epoch || state !== 'running') continue;
        violated(`${node} starts epoch ${run.epoch} while ${other.node} runs epoch ${epoch}`);
      }
    },
    stopped(node, run) {
      note(`${node} stops ${key(run.deployment, run.epoch)} rank ${run.plan.rank} (${run.state})`);
      const all = allRuns().filter(
        ({ run: one }) => one.deployment === run.deployment && one.epoch === run.epoch,
      );
      const whole =
        all.length === worldOf(run.deployment) && all.every(({ run: one }) => one.state === 'running');
      if (whole && !reasons.has(key(run.deployment, run.epoch))) {
        violated(`${node} was told to stop a gang without a fault: ${key(run.deployment, run.epoch)}`);
      }
    },
  };
}
