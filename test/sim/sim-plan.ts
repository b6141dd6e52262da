/** A plan for simulated hosts: the real planner's answer in form, without fabric and engines. */

import type { PlanInput } from '@dsr1/coordinator/plan/input';
import type { LaunchPlan, PlanResult, RankPlan } from '@dsr1/shared/plan/model';

/** Takes the nodes of the previous attempt, at first the named ones or the first `count` that are online. */
export function simPlan(input: PlanInput): PlanResult {
  const { spec, epoch } = input;
  const online = input.nodes.filter(
    ({ state, facts, cordoned }) => state === 'online' && facts !== null && !cordoned,
  );
  const count = spec.nodes?.count ?? spec.nodes?.names?.length ?? 1;
  const before = Object.entries(input.previousRanks).sort(([, a], [, b]) => a - b);
  const wanted = before.length > 0 ? before.map(([id]) => id) : online.slice(0, count).map(({ id }) => id);
  const gang = wanted.flatMap((id) => online.filter((node) => node.id === id));
  if (gang.length < count) {
    const because = `${count} nodes are needed, ${gang.length} can be used`;
    return {
      feasible: false,
      rejections: [{ node: null, category: 'too-few-nodes', because, fix: 'join a node' }],
    };
  }
  const avoid = new Set(Object.values(input.avoidPorts).flat());
  const free = (from: number): number => (avoid.has(from) ? free(from + 1) : from);
  const endpointPort = free(input.endpointPort ?? 20_000);
  const ports = { endpoint: endpointPort, rendezvous: free(21_000 + epoch * 4) };
  const ranks = gang.map(({ id, name }, rank) => rankPlan(rank, id, name, ports));
  return { feasible: true, leftOut: [], plan: launchPlan(input, ranks, ports) };
}

type Ports = { readonly endpoint: number; readonly rendezvous: number };

const rankPlan = (rank: number, nodeId: string, nodeName: string, ports: Ports): RankPlan => ({
  rank,
  nodeId,
  nodeName,
  engine: 'rehearsal',
  engineVersion: null,
  runtime: 'process',
  controlInterface: 'eth0',
  address: `10.0.0.${rank + 1}`,
  gpuIndices: [],
  hcas: [],
  requiredPaths: [],
  ports: rank === 0 ? Object.entries(ports).map(([name, port]) => ({ name, address: '10.0.0.1', port })) : [],
  randomPorts: null,
  image: null,
  processes: [{ id: 'main', argv: ['/opt/dsr1/agent', 'rehearse'], env: {}, reasons: {} }],
  files: [],
  health:
    rank === 0
      ? {
          url: `http://10.0.0.1:${ports.endpoint}`,
          timeoutSeconds: 2,
          healthPath: '/health',
          modelsPath: '/v1/models',
        }
      : null,
  stopGraceSeconds: 5,
  minMemlockBytes: null,
  minShmBytes: null,
});

function launchPlan(
  { spec, specHash, epoch }: PlanInput,
  ranks: readonly RankPlan[],
  ports: Ports,
): LaunchPlan {
  return {
    deployment: spec.name,
    epoch,
    specHash,
    engine: 'rehearsal',
    servedName: spec.name,
    world: { nodes: ranks.length, gpusPerNode: 0, tensor: 1, pipeline: 1 },
    transport: 'tcp',
    head: { node: ranks[0]?.nodeName ?? '', address: '10.0.0.1', rendezvousPort: ports.rendezvous },
    endpoint: { url: `http://10.0.0.1:${ports.endpoint}`, port: ports.endpoint },
    ranks: [...ranks],
    rails: [],
    deadlines: {
      rendezvousSeconds: 30,
      weightsSeconds: 60,
      graphsSeconds: 60,
      listeningSeconds: 60,
      servingSeconds: 60,
    },
    reasons: [],
    warnings: [],
  };
}
