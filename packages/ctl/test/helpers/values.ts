/** Answers of a coordinator, as small as the schemas allow. */
import type {
  ClusterEvent,
  DeploymentDetail,
  NodeSummary,
  RankStatus,
} from '@dsr1/shared/http-api/resources';
import type { LaunchPlan, RankPlan } from '@dsr1/shared/plan/model';

export const aNode = (values: Partial<NodeSummary> = {}): NodeSummary => ({
  id: 'n-1',
  name: 'gpu1',
  state: 'online',
  cordoned: false,
  agentVersion: '0.1.0',
  bootId: 'boot',
  joinedAt: '2026-01-01T00:00:00.000Z',
  lastSeenAt: new Date().toISOString(),
  gpus: '8 × H20-96',
  hcaCount: 8,
  address: '10.0.0.1',
  deployments: [],
  certificateExpiresAt: null,
  ...values,
});

export const aRank = (values: Partial<RankStatus> = {}): RankStatus => ({
  rank: 0,
  node: 'gpu1',
  nodeState: 'online',
  state: 'running',
  phase: 'rendezvous',
  progress: null,
  detail: null,
  phaseSeconds: {},
  pid: 4711,
  exitCode: null,
  exitSignal: null,
  evidence: [],
  ...values,
});

export const aDeployment = (values: Partial<DeploymentDetail> = {}): DeploymentDetail => ({
  name: 'r1',
  engine: 'rehearsal',
  state: 'starting',
  message: '',
  epoch: 1,
  nodes: ['gpu1', 'gpu2'],
  endpoint: null,
  createdAt: new Date().toISOString(),
  servingSince: null,
  spec: { name: 'r1', engine: { kind: 'rehearsal' } },
  plan: null,
  ranks: [aRank(), aRank({ rank: 1, node: 'gpu2' })],
  rejections: [],
  attempts: 0,
  ...values,
});

export const aRankPlan = (rank: number): RankPlan => ({
  rank,
  nodeId: `n-${rank + 1}`,
  nodeName: `gpu${rank + 1}`,
  engine: 'rehearsal',
  engineVersion: null,
  runtime: 'process',
  controlInterface: 'eth0',
  address: `10.0.0.${rank + 1}`,
  gpuIndices: [],
  hcas: [],
  requiredPaths: [],
  ports: [],
  randomPorts: null,
  image: null,
  processes: [{ id: 'main', argv: ['/bin/true', '--rank', String(rank)], env: {}, reasons: {} }],
  files: [],
  health: null,
  stopGraceSeconds: 10,
  minMemlockBytes: null,
  minShmBytes: null,
});

export const aPlan = (): LaunchPlan => ({
  deployment: 'r1',
  epoch: 1,
  specHash: '0'.repeat(64),
  engine: 'rehearsal',
  servedName: 'r1',
  world: { nodes: 2, gpusPerNode: 0, tensor: 1, pipeline: 1 },
  transport: 'tcp',
  head: { node: 'gpu1', address: '10.0.0.1', rendezvousPort: 20_000 },
  endpoint: { url: 'http://10.0.0.1:30000', port: 30_000 },
  ranks: [aRankPlan(0), aRankPlan(1)],
  rails: [],
  deadlines: {
    rendezvousSeconds: 60,
    weightsSeconds: 60,
    graphsSeconds: 60,
    listeningSeconds: 60,
    servingSeconds: 60,
  },
  reasons: [{ subject: 'gpu1', decision: 'rank 0', because: 'first by name' }],
  warnings: [],
});

export const anEvent = (sequence: number, message: string): ClusterEvent => ({
  sequence,
  at: '2026-01-01T00:00:00.000Z',
  level: 'info',
  kind: 'node.joined',
  node: 'gpu1',
  deployment: null,
  message,
  data: {},
});
