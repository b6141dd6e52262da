import { test } from 'tap';
import type { FabricNode, FabricPolicy } from '../src/fabric/model.ts';
import { selectFabric } from '../src/fabric/select/select.ts';
import type { GidEntry, Hca, HcaPort } from '../src/facts/hca.ts';
import type { Netdev } from '../src/facts/netdev.ts';

const policy: FabricPolicy = { transport: 'auto', ncclVersion: '2.27.5', gpuRanks: true, overrides: {} };

test('RoCE: eight rails in, the management NIC out although it is a perfect port', (t) => {
  const answer = selectFabric([h20('node01', 15), h20('node02', 16)], policy);
  t.equal(answer.verdict, 'ok', answer.warnings.join());
  t.equal(answer.transport, 'roce');
  for (const node of answer.nodes) {
    t.equal(node.controlInterface, 'xgbe0');
    t.strictSame(
      node.hcas.map((hca) => hca.device),
      ['mlx5_1', 'mlx5_2', 'mlx5_3', 'mlx5_4', 'mlx5_5', 'mlx5_6', 'mlx5_7', 'mlx5_8'],
    );
    t.ok(node.hcas.every((hca) => hca.gidIndex === 3));
    t.equal(node.gidEnv, 'unset');
    t.equal(node.env.NCCL_IB_HCA, '=mlx5_1:1,mlx5_2:1,mlx5_3:1,mlx5_4:1,mlx5_5:1,mlx5_6:1,mlx5_7:1,mlx5_8:1');
    t.equal(node.env.NCCL_SOCKET_IFNAME, '=xgbe0');
    t.equal(node.env.GLOO_SOCKET_IFNAME, 'xgbe0');
    t.equal(node.env.NCCL_NET, 'IB');
    t.notOk('NCCL_IB_GID_INDEX' in node.env);
    t.match(node.reasons.find((reason) => reason.subject === 'mlx5_0:1')?.because, /management/);
  }
  t.equal(answer.rails.length, 8);
  t.strictSame(answer.rails[2]?.members, { node01: 'mlx5_3:1', node02: 'mlx5_3:1' });
  t.end();
});

test('an NCCL before 2.21 gets the index of each node', (t) => {
  const answer = selectFabric([h20('node01', 15), h20('node02', 16)], { ...policy, ncclVersion: '2.18.6' });
  t.strictSame(
    answer.nodes.map((node) => node.env.NCCL_IB_GID_INDEX),
    ['3', '3'],
  );
  t.end();
});

test('native InfiniBand: no GID index, Ethernet and ports without a subnet manager out', (t) => {
  const node = (name: string): FabricNode => ({
    ...blank(name),
    gpuCount: 8,
    netdevs: [netdev('eth0', [`10.0.0.${name.length}${name.at(-1)}/24`])],
    hcas: [
      ...range(0, 8).map((i) => hca(`mlx5_${i}`, { linkLayer: 'ib', smLid: 334, rateGbps: 400 })),
      hca('mlx5_8', { linkLayer: 'ib', smLid: 0, rateGbps: 400 }),
      hca('mlx5_bond_0', { linkLayer: 'eth', rateGbps: 200 }),
    ],
  });
  const answer = selectFabric([node('a1'), node('a2')], policy);
  t.equal(answer.transport, 'ib');
  t.equal(answer.verdict, 'ok', answer.warnings.join());
  t.equal(answer.nodes[0]?.hcas.length, 8);
  t.equal(answer.nodes[0]?.gidEnv, 'unset');
  t.match(answer.nodes[0]?.reasons, [
    {},
    ...range(0, 8).map(() => ({ decision: 'in' })),
    { because: /subnet manager/ },
    { because: /Ethernet/ },
  ]);
  t.end();
});

test('hosts without HCAs: sockets, said openly; without GPUs only Gloo', (t) => {
  const node = (name: string, last: number): FabricNode => ({
    ...blank(name),
    hcas: [],
    netdevs: [netdev('host0', [`10.99.0.${last}/24`]), netdev('railR', [`10.77.0.${last}/24`])],
    given: { nodeIp: `10.99.0.${last}` },
  });
  const nodes = [node('a', 1), node('b', 2)];
  const auto = selectFabric(nodes, policy);
  t.equal(auto.transport, 'tcp');
  t.equal(auto.verdict, 'warn');
  t.match(auto.nodes[0]?.env, {
    NCCL_IB_DISABLE: '1',
    NCCL_NET: 'Socket',
    NCCL_SOCKET_IFNAME: '=host0',
    GLOO_SOCKET_IFNAME: 'host0',
  });
  t.equal(selectFabric(nodes, { ...policy, transport: 'rdma' }).verdict, 'refuse');
  const cpu = selectFabric(nodes, { ...policy, gpuRanks: false });
  t.equal(cpu.verdict, 'ok');
  t.strictSame(cpu.nodes[0]?.env, { GLOO_SOCKET_IFNAME: 'host0' });
  t.end();
});

test('no common transport is refused with both sides’ tables', (t) => {
  const ib: FabricNode = {
    ...blank('ib'),
    netdevs: [netdev('eth0', ['10.0.0.1/24'])],
    hcas: [hca('mlx5_0', { linkLayer: 'ib', smLid: 1 })],
  };
  const roce: FabricNode = {
    ...blank('roce'),
    netdevs: [netdev('eth0', ['10.0.0.2/24'])],
    hcas: [hca('mlx5_0', { linkLayer: 'eth', netdev: 'r0', gids: gids('r0', '10.1.0.2') })],
  };
  const mixed = selectFabric([ib, roce], policy);
  t.equal(mixed.verdict, 'refuse');
  t.equal(mixed.refusals[0]?.category, 'mixed-link-layers');
  t.equal(mixed.refusals[0]?.table?.length, 3);
  const bare: FabricNode = { ...blank('bare'), netdevs: [netdev('eth0', ['10.0.0.3/24'])], hcas: [] };
  t.match(selectFabric([ib, bare], policy).refusals[0], { node: 'bare', category: 'hca-count-mismatch' });
  t.end();
});

/** Two hosts of eight rails of /25 subnets each and a management port on RoCE too. */
function h20(name: string, last: number): FabricNode {
  const rail = (i: number) => `33.2.${160 + Math.floor((i - 1) / 2)}.${last + ((i - 1) % 2) * 128}`;
  const management = `10.63.65.${192 + last}`;
  return {
    ...blank(name),
    gpuCount: 8,
    given: { nodeIp: management, leaderIp: '10.63.65.207' },
    hcas: range(0, 9).map((i) =>
      hca(`mlx5_${i}`, {
        netdev: `xgbe${i}`,
        netdevUp: true,
        gids: gids(`xgbe${i}`, i === 0 ? management : rail(i)),
      }),
    ),
  };
}

function blank(name: string): FabricNode {
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

function hca(device: string, port: Partial<HcaPort>, more: Partial<Hca> = {}): Hca {
  const facts: HcaPort = {
    port: 1,
    state: 'active',
    phys: null,
    linkLayer: null,
    rateGbps: null,
    netdev: null,
    netdevUp: null,
    lid: null,
    smLid: null,
    gids: null,
    ...port,
  };
  return {
    device,
    pci: null,
    numaNode: null,
    driver: null,
    nodeGuid: null,
    firmware: null,
    virtualFunction: null,
    physicalFunction: null,
    uverbs: null,
    ports: [facts],
    ...more,
  };
}

/** The table that mlx5 has after boot: link-local v1 and v2, then the address as v1 and v2. */
function gids(owner: string, ipv4: string): GidEntry[] {
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

function netdev(name: string, addresses: readonly string[], more: Partial<Netdev> = {}): Netdev {
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

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
