/**
 * The planner alone: gangs of 2, 16 and 64 hosts with eight RoCE rails, chosen from a cluster of 1000 (goal 50 ms
 * each). Prints a table. Run: `node_modules/.bin/node bench/plan.ts`.
 */
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { PlanNode } from '../packages/coordinator/src/plan/input.ts';
import { plan } from '../packages/coordinator/src/plan/plan.ts';
import { ether, inputOf, nodeOf, roce, vllmInstall } from '../packages/coordinator/test/support/hosts.ts';

const NODES = 1000;
const RUNS = 5;

const cluster = Array.from({ length: NODES }, (_, n) => railHost(n));
console.table(Object.fromEntries([2, 16, 64].map((gang) => [`${gang} of ${NODES} nodes`, measured(gang)])));

function measured(gang: number) {
  const spec: DeploymentSpec = {
    name: 'deepseek-r1',
    engine: { kind: 'vllm' },
    model: { path: '/models/DeepSeek-R1' },
    nodes: { count: gang },
  };
  const millis = Array.from({ length: RUNS }, () => {
    const started = performance.now();
    const result = plan(inputOf(spec, cluster));
    if (!result.feasible) throw new Error(JSON.stringify(result.rejections[0]));
    return performance.now() - started;
  });
  const sorted = millis.toSorted((a, b) => a - b);
  const shown = (value = 0) => Number(value.toFixed(1));
  return {
    'first ms': shown(millis[0]),
    'median ms': shown(sorted[RUNS >> 1]),
    'goal ms': 50,
  };
}

/** Management on eth0 and mlx5_0, one /16 a rail. */
function railHost(n: number): PlanNode {
  const address = (network: number) => `10.${network}.${n >> 8}.${n & 255}`;
  const rails = Array.from({ length: 8 }, (_, i) => i + 1);
  return nodeOf({
    name: `gpu${n}`,
    netdevs: [ether('eth0', address(0), 16), ...rails.map((i) => ether(`rail${i}`, address(i), 16))],
    hcas: [
      roce('mlx5_0', 'eth0', address(0)),
      ...rails.map((i) => roce(`mlx5_${i}`, `rail${i}`, address(i))),
    ],
    gpus: { count: 8, name: 'NVIDIA H20' },
    engines: [vllmInstall()],
  });
}
