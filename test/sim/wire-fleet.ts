/** Simulated hosts that speak to a real coordinator over real mutual-TLS streams, in real time. */
import { join } from 'node:path';
import { systemTimers } from '@dsr1/coordinator/deployments/timers';
import { systemClock } from '@dsr1/shared/clock';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { decodeFromCoordinator } from '@dsr1/shared/wire/codec';
import type { CoordinatorMessage__Output } from '@dsr1/shared/wire/generated/dsr1/v1/CoordinatorMessage';
import type { Cluster } from '../../packages/coordinator/test/support/cluster.ts';
import { joinHost } from '../../packages/coordinator/test/support/cluster.ts';
import { ether, factsOf } from '../../packages/coordinator/test/support/hosts.ts';
import { connectNode, type WireNode } from '../../packages/coordinator/test/support/wire-node.ts';
import { createObserver, type Observer } from './observer.ts';
import type { Random } from './random.ts';
import { createSimNode, type SimNode } from './sim-node.ts';

export interface WireFleet {
  readonly nodes: readonly SimNode[];
  readonly observer: Observer;
  connect(node: SimNode): Promise<void>;
  cut(node: SimNode): void;
  close(): void;
}

/** Everything takes its shortest time, and nothing goes wrong by itself. */
const calm: Random = { next: () => 1, between: (low) => low, pick: (items) => items[0] };

/** Joins `count` hosts named `gpu-1` … and connects them; identities go below `folder`. */
export async function startWireFleet(cluster: Cluster, count: number, folder: string): Promise<WireFleet> {
  const nodes: SimNode[] = [];
  const identities = new Map<string, Awaited<ReturnType<typeof joinHost>>>();
  const streams = new Map<string, WireNode>();
  const allRuns = () =>
    nodes.flatMap((node) => [...node.runs.values()].map((run) => ({ node: node.name, run })));
  const observer = createObserver({ nowMs: systemClock.monotonicMs, allRuns, worldOf: () => count });
  const peersOf = (deployment: string, epoch: number) =>
    allRuns().flatMap(({ run }) => (run.deployment === deployment && run.epoch === epoch ? [run] : []));
  const time = { clock: systemClock, after: systemTimers.after };

  async function connect(node: SimNode): Promise<void> {
    const stream = connectNode(cluster, identities.get(node.id) ?? null);
    streams.set(node.id, stream);
    node.connect(stream.say);
    stream.stream.on('data', (wire: CoordinatorMessage__Output) => node.receive(decodeFromCoordinator(wire)));
    const { sendFacts } = await stream.hello(node.hello());
    if (sendFacts)
      stream.say({
        kind: 'facts',
        hash: node.factsHash(),
        facts: wireFacts(node),
        collectedAtMs: Date.now(),
      });
  }
  function cut(node: SimNode): void {
    node.connect(null);
    streams.get(node.id)?.leave();
  }
  /** The planner wants an address by which the hosts reach each other. */
  const wireFacts = (node: SimNode): NodeFacts => ({
    ...factsOf({ name: node.name, netdevs: [ether('eth0', `10.0.0.${nodes.indexOf(node) + 1}`)] }),
    bootId: node.bootId(),
  });

  const token = await cluster.token({ maxUses: count });
  for (let index = 1; index <= count; index += 1) {
    const name = `gpu-${index}`;
    const identity = await joinHost(cluster, token, { name, stateDir: join(folder, name) });
    identities.set(identity.nodeId, identity);
    const node = createSimNode({
      id: identity.nodeId,
      name,
      time,
      random: calm,
      observer,
      peersOf,
      portTakenShare: 0,
      loadScale: 0.05,
    });
    nodes.push(node);
    await connect(node);
  }
  return {
    nodes,
    observer,
    connect,
    cut,
    close() {
      for (const node of nodes) {
        cut(node);
        node.powerOff();
      }
    },
  };
}
