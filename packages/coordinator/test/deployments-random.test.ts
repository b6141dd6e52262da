/** Random fault histories in virtual time. A failing one prints its seed: `SIM_SEED=n` plays it alone, with its history. */
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import { createSimCluster, type SimCluster } from '../../../test/sim/sim-cluster.ts';

const SECOND = 1_000;
const spec: DeploymentSpec = {
  name: 'r1',
  engine: { kind: 'rehearsal' },
  nodes: { count: 3 },
  gpusPerNode: 0,
  restart: { maxAttempts: 100 },
};
const only = process.env.SIM_SEED;
const seeds =
  only === undefined
    ? Array.from({ length: Number(process.env.SIM_RUNS ?? 60) }, (_, i) => i + 1)
    : [Number(only)];

test('whatever happens to hosts, links and coordinator, a gang heals and no two epochs live together', async (t) => {
  for (const seed of seeds) {
    const cluster = await createSimCluster({ seed, nodes: 3, portTakenShare: seed % 3 === 0 ? 0.1 : 0 });
    await cluster.startCoordinator();
    await cluster.time.advance(2 * SECOND);
    await cluster.deployments().service.deploy(spec, 'test');
    for (let fault = 0; fault < 15; fault += 1) {
      await cluster.time.advance(cluster.random.between(0, 25) * cluster.random.between(100, SECOND));
      injectFault(cluster);
    }
    const healed = await healAll(cluster);
    if (!healed || cluster.observer.violations.length > 0) t.comment(cluster.observer.history.join('\n'));
    const stored = await cluster.stored('r1');
    const end = `seed ${seed}: ${stored?.deployment.state} ${stored?.deployment.message}`;
    t.ok(healed, `${end}: serves after all is healed`);
    t.strictSame(cluster.observer.violations, [], `seed ${seed}: no invariant was violated`);
  }
});

function injectFault(cluster: SimCluster): void {
  const [first, ...others] = cluster.nodes;
  if (first === undefined) return;
  const node = cluster.random.pick([first, ...others]);
  const seconds = cluster.random.between(1, 90) * SECOND;
  const kind = cluster.random.pick(['kill', 'reboot', 'cut', 'cut', 'crash', 'crash', 'stop'] as const);
  cluster.observer.note(`fault ${kind} ${node.name}`);
  switch (kind) {
    case 'kill':
      node.killRank('r1');
      break;
    case 'reboot':
      cluster.powerOff(node);
      cluster.time.after(seconds, () => cluster.powerOn(node));
      break;
    case 'cut':
      cluster.cut(node);
      cluster.time.after(seconds, () => cluster.heal(node));
      break;
    case 'crash':
      cluster.crashCoordinator();
      cluster.time.after(seconds, () => void revive(cluster));
      break;
    case 'stop':
      stopAndStart(cluster);
      break;
  }
}

async function revive(cluster: SimCluster): Promise<void> {
  if (!cluster.isCoordinatorUp()) await cluster.startCoordinator();
}

/** The verbs of a coordinator that dies meanwhile never answer, so nobody waits for them. */
function stopAndStart(cluster: SimCluster): void {
  if (!cluster.isCoordinatorUp()) return;
  cluster.observer.stopAsked('r1');
  void cluster.deployments().service.stop('r1', 'test');
  cluster.time.after(cluster.random.between(0, 20) * SECOND, () => {
    if (cluster.isCoordinatorUp()) void cluster.deployments().service.start('r1', 'test');
  });
}

/** Everything is on and reachable, the operator wants it to run; a gang that failed before it ever served is started again. */
async function healAll(cluster: SimCluster): Promise<boolean> {
  await revive(cluster);
  await cluster.time.advance(90 * SECOND);
  for (const node of cluster.nodes) {
    cluster.powerOn(node);
    cluster.heal(node);
  }
  await revive(cluster);
  const start = () => cluster.deployments().service.start('r1', 'test');
  await start();
  const serves = async () => {
    const stored = await cluster.stored('r1');
    if (stored?.deployment.state === 'failed') await start();
    const runs = cluster.nodes.map((node) => node.runs.get('r1'));
    return (
      stored?.deployment.state === 'serving' &&
      runs.every((run) => run?.state === 'running' && run.epoch === stored.deployment.epoch)
    );
  };
  return cluster.time.until(serves, 600 * SECOND);
}
