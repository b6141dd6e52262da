/** Nodes of a fabric, built for tests from the facts that a case turns on. */

import type { FabricNode } from '../../src/fabric/model.ts';
import type { GpuTopology, TopoLevel } from '../../src/facts/gpu.ts';
import type { GidEntry, Hca, HcaPort } from '../../src/facts/hca.ts';
import type { Netdev } from '../../src/facts/netdev.ts';
import { unseenHca } from '../../src/facts/unseen.ts';

export function blank(name: string): FabricNode {
  return {
    name,
    netdevs: null,
    routes: null,
    hcas: null,
    gpuCount: null,
    gpuTopology: null,
    given: {},
    contradictions: [],
  };
}

export function hca(device: string, port: Partial<HcaPort>, more: Partial<Hca> = {}): Hca {
  return { ...unseenHca(device, { state: 'active', ...port }), ...more };
}

/** The table that mlx5 has after boot: link-local v1 and v2, then the address as v1 and v2. */
export function gids(owner: string, ipv4: string): GidEntry[] {
  const mapped = `0000:0000:0000:0000:0000:ffff:${hex(ipv4)}`;
  return [
    { index: 0, gid: 'fe80::1', version: 1, ipv4: null, netdev: owner },
    { index: 1, gid: 'fe80::1', version: 2, ipv4: null, netdev: owner },
    { index: 2, gid: mapped, version: 1, ipv4, netdev: owner },
    { index: 3, gid: mapped, version: 2, ipv4, netdev: owner },
  ];
}

function hex(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

export function netdev(name: string, addresses: readonly string[], more: Partial<Netdev> = {}): Netdev {
  return {
    name,
    kind: 'ether',
    ifindex: null,
    up: true,
    mtu: null,
    mac: null,
    speedMbps: null,
    master: null,
    parent: null,
    slaves: [],
    altnames: [],
    driver: null,
    pci: null,
    numaNode: null,
    addresses: addresses.map((text) => ({
      family: text.includes(':') ? 6 : 4,
      address: text.split('/')[0] ?? '',
      prefixLength: Number(text.split('/')[1]),
      scope: 'global',
    })),
    ...more,
  };
}

/** A node with eth0 for control and one RoCE port an address. */
export function roce(name: string, ports: readonly (readonly [device: string, cidr: string])[]): FabricNode {
  const last = name.charCodeAt(0);
  return {
    ...blank(name),
    given: { nodeIp: `10.0.0.${last}` },
    netdevs: [
      netdev('lo', ['127.0.0.1/8'], { kind: 'loopback' }),
      netdev('eth0', [`10.0.0.${last}/24`]),
      ...ports.map(([, cidr], i) => netdev(`n${i}`, [cidr])),
    ],
    hcas: ports.map(([device, cidr], i) =>
      hca(device, { linkLayer: 'eth', netdev: `n${i}`, gids: gids(`n${i}`, cidr.split('/')[0] ?? '') }),
    ),
  };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Topology of GPU i (row) to mlx5_j (column). */
export function near(rows: readonly (readonly TopoLevel[])[]): GpuTopology {
  return {
    gpuToHca: rows.flatMap((levels, gpu) => levels.map((level, j) => ({ gpu, device: `mlx5_${j}`, level }))),
  };
}
