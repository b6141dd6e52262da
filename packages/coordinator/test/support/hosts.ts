/** Nodes for planning tests: facts as the posted hosts of the tutorials would report them. */

import type { Hca } from '@dsr1/shared/facts/hca';
import type { Netdev, Route } from '@dsr1/shared/facts/netdev';
import type { EngineInstall, NodeFacts } from '@dsr1/shared/facts/node';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { PlanInput, PlanNode } from '../../src/plan/input.ts';

const seen = <T>(value: T) => ({ detected: true as const, source: 'test', value });

export const ether = (name: string, address: string, prefixLength = 24): Netdev => ({
  name,
  kind: 'ether',
  ifindex: null,
  up: true,
  mtu: 1500,
  mac: null,
  speedMbps: null,
  master: null,
  parent: null,
  slaves: [],
  altnames: [],
  driver: null,
  pci: null,
  numaNode: null,
  addresses: [{ family: 4, address, prefixLength, scope: 'global' }],
});

export const defaultRoute = (device: string, gateway: string): Route => ({
  family: 4,
  destination: 'default',
  gateway,
  device,
  source: null,
  metric: null,
});

/** An active RoCE port with the four rows that show_gids prints for it. */
export const roce = (device: string, netdev: string, ipv4: string): Hca => ({
  device,
  pci: null,
  numaNode: null,
  driver: 'mlx5_core',
  nodeGuid: null,
  firmware: null,
  virtualFunction: null,
  physicalFunction: null,
  uverbs: { path: `/dev/infiniband/uverbs${device.slice(5)}`, openable: true, reason: null },
  ports: [
    {
      port: 1,
      state: 'active',
      phys: 'LinkUp',
      linkLayer: 'eth',
      rateGbps: 200,
      netdev,
      netdevUp: true,
      lid: null,
      smLid: null,
      gids: [0, 1, 2, 3].map((index) => ({
        index,
        gid: index < 2 ? 'fe80:0000:0000:0000:a288:c2ff:fe59:b8f8' : mapped(ipv4),
        version: index % 2 === 0 ? 1 : 2,
        ipv4: index < 2 ? null : ipv4,
        netdev,
      })),
    },
  ],
});

function mapped(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  const hex = (high: number, low: number) => (high * 256 + low).toString(16).padStart(4, '0');
  return `0000:0000:0000:0000:0000:ffff:${hex(a, b)}:${hex(c, d)}`;
}

export interface Host {
  readonly name: string;
  readonly netdevs: readonly Netdev[];
  readonly routes?: readonly Route[];
  readonly hcas?: readonly Hca[];
  readonly gpus?: { readonly count: number; readonly name: string; readonly cuda?: string };
  readonly engines?: readonly EngineInstall[];
  readonly ephemeral?: { readonly low: number; readonly high: number };
  readonly systemd?: boolean;
  readonly docker?: string;
  readonly dockerProblem?: string;
  readonly limits?: { memlockBytes: number | null; nofile: number | null; shmBytes: number | null };
}

export const sglangInstall = (over: Partial<EngineInstall> = {}): EngineInstall => ({
  engine: 'sglang',
  version: '0.5.23',
  python: '/opt/engines/sglang/bin/python',
  pythonVersion: '3.11.2',
  torch: '2.14.1',
  nccl: '2.27.5',
  cuda: '13.0',
  ray: null,
  ...over,
});

export const vllmInstall = (over: Partial<EngineInstall> = {}): EngineInstall => ({
  ...sglangInstall(),
  engine: 'vllm',
  version: '0.32.0',
  python: '/opt/engines/vllm/bin/python',
  torch: '2.13.0',
  ...over,
});

export function factsOf(host: Host): NodeFacts {
  const { gpus } = host;
  return {
    schema: 1,
    hostname: host.name,
    bootId: `boot-${host.name}`,
    fingerprint: `print-${host.name}`,
    agentVersion: '0.1.0',
    agentCommand: ['/opt/dsr1/current/bin/dsr1-agent'],
    os: seen({ distribution: 'Debian 12', kernel: '6.1.0', arch: 'x64', virtualisation: null }),
    cpu: seen({ model: 'test', cores: 8, numaNodes: 1 }),
    memory: seen({ totalBytes: 2 ** 34 }),
    disks: seen([]),
    netdevs: seen([...host.netdevs]),
    routes: seen([...(host.routes ?? [])]),
    hcas:
      host.hcas === undefined
        ? { detected: false, reason: 'no /sys/class/infiniband' }
        : seen([...host.hcas]),
    gpus:
      gpus === undefined
        ? { detected: false, reason: 'nvidia-smi is not installed' }
        : seen({
            driverVersion: '580.65.06',
            cudaVersion: gpus.cuda ?? '13.0',
            gpus: Array.from({ length: gpus.count }, (_, index) => ({
              index,
              uuid: `GPU-${host.name}-${index}`,
              name: gpus.name,
              pci: null,
              numaNode: null,
              memoryBytes: 96 * 2 ** 30,
              computeCapability: '9.0',
              mig: false,
              processes: [],
            })),
          }),
    gpuTopology: { detected: false, reason: 'not read' },
    limits: seen(host.limits ?? { memlockBytes: null, nofile: 1048576, shmBytes: 2 ** 33 }),
    ephemeralPorts: seen(host.ephemeral ?? { low: 32768, high: 60999 }),
    engines: seen([...(host.engines ?? [])]),
    runtimes: seen({
      systemd: host.systemd === false ? null : '252',
      docker: host.docker ?? null,
      ...(host.dockerProblem !== undefined && { dockerProblem: host.dockerProblem }),
      compiler: '/usr/bin/g++',
    }),
    contradictions: [],
    tools: [],
  };
}

export const nodeOf = (host: Host, over: Partial<PlanNode> = {}): PlanNode => ({
  id: `id-${host.name}`,
  name: host.name,
  state: 'online',
  cordoned: false,
  facts: factsOf(host),
  busyPorts: [],
  busyGpus: [],
  ...over,
});

export const inputOf = (
  spec: DeploymentSpec,
  nodes: readonly PlanNode[],
  over: Partial<PlanInput> = {},
): PlanInput => ({
  spec,
  specHash: 'hash-of-spec',
  nodes,
  epoch: 1,
  previousRanks: {},
  avoidPorts: {},
  endpointPort: null,
  ...over,
});

/** Seed 000: two rented hosts with one RTX 4090 each, joined by a mesh whose netdev has another name on each. */
export const meshHosts = (): Host[] =>
  [340, 341].map((mesh, i) => ({
    name: `instance-${i + 1}`,
    netdevs: [ether('eth0', `172.20.${i + 3}.7`, 24), ether(`meth${mesh}`, `192.168.1.${i + 1}`, 24)],
    routes: [defaultRoute('eth0', `172.20.${i + 3}.1`)],
    hcas: [],
    gpus: { count: 1, name: 'NVIDIA GeForce RTX 4090' },
    engines: [sglangInstall()],
  }));

/** Seed 003 and its dumps: two 8×H20 hosts, management RoCE on mlx5_0/xgbe0, eight rails on mlx5_1…8/xgbe1…8. */
export const h20Hosts = (engines: readonly EngineInstall[]): Host[] =>
  [0, 1].map((n) => ({
    name: `node0${n + 1}`,
    netdevs: [
      ether('xgbe0', `10.63.65.${207 + n}`, 24),
      ...rails(n).map(({ netdev, ipv4 }) => ether(netdev, ipv4, 25)),
    ],
    routes: [defaultRoute('xgbe0', '10.63.65.1')],
    hcas: [
      roce('mlx5_0', 'xgbe0', `10.63.65.${207 + n}`),
      ...rails(n).map(({ device, netdev, ipv4 }) => roce(device, netdev, ipv4)),
    ],
    gpus: { count: 8, name: 'NVIDIA H20' },
    engines,
  }));

const rails = (n: number) =>
  Array.from({ length: 8 }, (_, i) => ({
    device: `mlx5_${i + 1}`,
    netdev: `xgbe${i + 1}`,
    ipv4: `33.2.${160 + Math.floor(i / 2)}.${(i % 2) * 128 + 15 + n}`,
  }));

/** An active InfiniBand port with its one GID. */
export const infiniband = (device: string, lid: number): Hca => {
  const [first] = roce(device, 'none', '10.0.0.1').ports;
  if (first === undefined) throw new Error('a port is always there');
  const gid = `fe80:0000:0000:0000:9803:9b03:0000:${lid.toString(16).padStart(4, '0')}`;
  return {
    ...roce(device, 'none', '10.0.0.1'),
    ports: [
      {
        ...first,
        linkLayer: 'ib',
        netdev: null,
        netdevUp: null,
        lid,
        smLid: 1,
        gids: [{ index: 0, gid, version: null, ipv4: null, netdev: null }],
      },
    ],
  };
};

/** Hosts with a management NIC and InfiniBand, as seeds 001 and 002 describe them. */
export const ibHosts = (wish: {
  readonly count: number;
  readonly management: string;
  readonly hcas: number;
  readonly gpu: string;
  readonly engines: readonly EngineInstall[];
}): Host[] =>
  Array.from({ length: wish.count }, (_, n) => ({
    name: `gpu${n + 1}`,
    netdevs: [ether(wish.management, `10.0.0.${n + 1}`)],
    routes: [defaultRoute(wish.management, '10.0.0.254')],
    hcas: Array.from({ length: wish.hcas }, (_, i) => infiniband(`mlx5_${i}`, n * 16 + i + 2)),
    gpus: { count: 8, name: wish.gpu },
    engines: wish.engines,
  }));
