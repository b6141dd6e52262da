import { test } from 'tap';
import type { FabricNode, FabricPolicy, FabricSelection } from '../src/fabric/model.ts';
import { selectFabric } from '../src/fabric/select/select.ts';
import type { GidEntry } from '../src/facts/hca.ts';
import { blank, gids, hca, near, netdev, range } from './helpers/fabric-nodes.ts';

const policy: FabricPolicy = { transport: 'auto', ncclVersion: '2.27.5', gpuRanks: true, overrides: {} };

test('a class of its own: the ports that are not the compute fabric, each with its reason', (t) => {
  const eth = (name: string, address: string) => ({
    netdev: name,
    linkLayer: 'eth' as const,
    gids: gids(name, address),
  });
  const cases: { name: string; node: Partial<FabricNode>; chosen: string[]; out: Record<string, RegExp> }[] =
    [
      {
        name: 'down, closed device node, no subnet manager, other namespace, iWARP, accelerated networking',
        node: {
          hcas: [
            hca('mlx5_0', eth('r0', '10.1.0.1')),
            hca('mlx5_1', { ...eth('r1', '10.1.1.1'), state: 'down', phys: 'disabled' }),
            hca('mlx5_2', eth('r2', '10.1.2.1'), {
              uverbs: { path: '/dev/infiniband/uverbs2', openable: false, reason: 'EPERM' },
            }),
            hca('mlx5_3', { linkLayer: 'eth' }),
            hca('i40iw1', { linkLayer: 'eth', netdev: 'r4' }),
            hca('mlx5_an0', eth('eth1', '10.9.0.1')),
            hca('mlx5_5', { ...eth('r5', '10.1.5.1'), netdevUp: false }),
          ],
        },
        chosen: ['mlx5_0'],
        out: {
          mlx5_1: /down \(disabled\)/,
          mlx5_2: /uverbs2 cannot be opened here \(EPERM\)/,
          mlx5_3: /namespace/,
          i40iw1: /iWARP/,
          mlx5_an0: /front-end/,
          mlx5_5: /r5 is down/,
        },
      },
      {
        name: 'link-local GIDs only',
        node: {
          hcas: [
            hca('mlx5_0', eth('r0', '10.1.0.1')),
            hca('mlx5_1', { ...eth('r1', ''), gids: gids('r1', '10.1.1.1').slice(0, 2) }),
          ],
        },
        chosen: ['mlx5_0'],
        out: { mlx5_1: /link-local only/ },
      },
      {
        name: 'a VF beside its PF, by PCI and by name',
        node: {
          hcas: [
            hca('mlx5_0', eth('r0', '10.1.0.1'), { pci: '0000:18:00.0' }),
            hca('mlx5_9', eth('r0v0', '10.1.0.9'), {
              virtualFunction: true,
              physicalFunction: '0000:18:00.0',
            }),
            hca('rocep204s0f0', eth('r1', '10.1.1.1')),
            hca('rocep204s0f0v6', eth('r1v6', '10.1.1.9')),
          ],
        },
        chosen: ['mlx5_0', 'rocep204s0f0'],
        out: { mlx5_9: /virtual function of mlx5_0/, rocep204s0f0v6: /virtual function of rocep204s0f0/ },
      },
      {
        name: 'a VF alone in a pod is the fabric',
        node: {
          hcas: [
            hca('rocep204s0f0v6', eth('net1', '10.1.1.9'), {
              virtualFunction: true,
              physicalFunction: '0000:cc:00.0',
            }),
          ],
        },
        chosen: ['rocep204s0f0v6'],
        out: {},
      },
      {
        name: 'a bond stands for its members',
        node: {
          netdevs: [
            netdev('bond0', ['10.1.0.1/24'], { kind: 'bond', slaves: ['p0'] }),
            netdev('p0', [], { master: 'bond0' }),
          ],
          hcas: [
            hca('mlx5_bond_0', eth('bond0', '10.1.0.1')),
            hca('mlx5_1', { linkLayer: 'eth', netdev: 'p0' }),
          ],
        },
        chosen: ['mlx5_bond_0'],
        out: { mlx5_1: /member of bond0/ },
      },
      {
        name: 'the slower class',
        node: {
          gpuCount: 2,
          hcas: [
            ...range(0, 2).map((i) => hca(`mlx5_${i}`, { ...eth(`p${i}`, `10.1.${i}.1`), rateGbps: 400 })),
            hca('mlx5_2', { ...eth('p2', '10.1.2.1'), rateGbps: 100 }),
          ],
        },
        chosen: ['mlx5_0', 'mlx5_1'],
        out: { mlx5_2: /100 Gb\/s/ },
      },
      {
        name: 'a faster port that does not cover the GPUs is not the fabric',
        node: {
          gpuCount: 4,
          hcas: [
            ...range(0, 4).map((i) => hca(`mlx5_${i}`, { ...eth(`p${i}`, `10.1.${i}.1`), rateGbps: 200 })),
            hca('mlx5_4', { ...eth('p4', '10.1.4.1'), rateGbps: 400 }),
          ],
        },
        chosen: range(0, 4).map((i) => `mlx5_${i}`),
        out: { mlx5_4: /400 Gb\/s/ },
      },
      {
        name: 'interfaces that the site named for RDMA',
        node: {
          gpuCount: 8,
          hcas: [
            ...range(0, 8).map((i) => hca(`mlx5_${i}`, { netdev: `rdma${i}` })),
            hca('mlx5_8', { netdev: 'eth0' }),
          ],
        },
        chosen: range(0, 8).map((i) => `mlx5_${i}`),
        out: { mlx5_8: /front end/ },
      },
      {
        name: 'far from every GPU',
        node: {
          gpuCount: 2,
          hcas: range(0, 4).map((i) => hca(`mlx5_${i}`, { linkLayer: 'ib' })),
          gpuTopology: near([
            ['PIX', 'SYS', 'SYS', 'NODE'],
            ['SYS', 'PXB', 'SYS', 'NODE'],
          ]),
        },
        chosen: ['mlx5_0', 'mlx5_1'],
        out: { mlx5_2: /SYS to every GPU/, mlx5_3: /NODE to every GPU/ },
      },
      {
        name: 'a GPU without a port on its switch keeps its best one',
        node: {
          gpuCount: 2,
          hcas: range(0, 2).map((i) => hca(`mlx5_${i}`, { linkLayer: 'ib' })),
          gpuTopology: near([
            ['PIX', 'SYS'],
            ['SYS', 'PHB'],
          ]),
        },
        chosen: ['mlx5_0', 'mlx5_1'],
        out: {},
      },
      {
        name: 'the management NIC stays when the fabric needs it: eight ports, eight GPUs',
        node: {
          gpuCount: 8,
          given: { nodeIp: '10.12.0.21' },
          hcas: range(0, 8).map((i) => hca(`mlx5_${i}`, eth(`net${i + 1}`, `10.${12 + i}.0.21`))),
        },
        chosen: range(0, 8).map((i) => `mlx5_${i}`),
        out: {},
      },
      {
        name: 'one physical port behind two PCIe domains is used through both',
        node: {
          gpuCount: 1,
          given: { nodeIp: '10.100.216.2' },
          hcas: [
            hca('rocep1s0f1', eth('enp1s0f1np1', '10.100.216.2')),
            hca('roceP2p1s0f1', eth('enP2p1s0f1np1', '10.100.217.2')),
          ],
        },
        chosen: ['rocep1s0f1', 'roceP2p1s0f1'],
        out: {},
      },
      {
        name: 'eRDMA rides on the control NIC',
        node: {
          gpuCount: 8,
          given: { nodeIp: '192.168.4.1' },
          hcas: [hca('erdma_0', eth('eth0', '192.168.4.1')), hca('erdma_1', eth('eth1', '192.168.5.1'))],
        },
        chosen: ['erdma_0', 'erdma_1'],
        out: {},
      },
      {
        name: 'InfiniBand whose IPoIB interface is down or absent still works',
        node: {
          hcas: [hca('mlx5_0', { netdev: 'ib0', netdevUp: false, smLid: 3 }), hca('ibp12s0', { smLid: 3 })],
        },
        chosen: ['ibp12s0', 'mlx5_0'],
        out: {},
      },
      {
        name: 'two ports of one device',
        node: {
          hcas: [
            {
              ...hca('mlx4_0', {}),
              ports: [
                ...hca('x', { linkLayer: 'ib', smLid: 1 }).ports,
                ...hca('x', { port: 2, linkLayer: 'eth', netdev: 'e2', netdevUp: false }).ports,
              ],
            },
          ],
        },
        chosen: ['mlx4_0'],
        out: { 'mlx4_0:2': /down/ },
      },
    ];
  for (const { name, node, chosen, out } of cases) {
    const answer = only(selectFabric([{ ...blank('n'), ...node }], policy));
    t.strictSame(answer.hcas.map((item) => item.device).sort(), [...chosen].sort(), name);
    for (const [device, because] of Object.entries(out)) {
      const key = device.includes(':') ? device : `${device}:1`;
      t.match(
        answer.reasons.find((reason) => reason.subject === key),
        { decision: 'out', because },
        `${name}: ${device}`,
      );
    }
  }
  t.end();
});

test('every port has exactly one in or out, whatever happens', (t) => {
  const hcas = [
    hca('mlx5_0', { linkLayer: 'ib', smLid: 0 }),
    hca('efa_0', {}),
    hca('mlx5_1', { linkLayer: 'eth', netdev: 'e', gids: [] }),
  ];
  for (const transport of ['auto', 'tcp', 'rdma'] as const) {
    const { reasons } = only(selectFabric([{ ...blank('n'), hcas }], { ...policy, transport }));
    for (const device of ['mlx5_0', 'efa_0', 'mlx5_1'])
      t.equal(
        reasons.filter((reason) => reason.subject === `${device}:1`).length,
        1,
        `${transport} ${device}`,
      );
  }
  t.end();
});

test('EFA and Slingshot are reached through their plugins: no HCA list, no GID index', (t) => {
  for (const [device, transport] of [
    ['efa_0', 'efa'],
    ['rdmap16s27', 'efa'],
    ['cxi0', 'cxi'],
  ] as const) {
    const node = (name: string): FabricNode => ({
      ...blank(name),
      hcas: [hca(device, {})],
      netdevs: [netdev('eth0', [`10.0.0.${name}/24`])],
    });
    const answer = selectFabric([node('1'), node('2')], policy);
    t.equal(answer.transport, transport);
    t.strictSame(answer.nodes[0]?.hcas, []);
    t.strictSame(Object.keys(answer.nodes[0]?.env ?? {}).sort(), [
      'GLOO_SOCKET_IFNAME',
      'NCCL_SOCKET_IFNAME',
    ]);
  }
  t.end();
});

test('the row of the GID table is found by what it is', (t) => {
  const row = (
    index: number,
    ipv4: string | null,
    version: 1 | 2,
    owner: string | null = 'net1',
    gid = ipv4 === null ? 'fe80::1' : '',
  ) => ({ index, gid: gid || `::ffff:${ipv4}`, version, ipv4, netdev: owner });
  const pick = (table: GidEntry[], more: Partial<FabricNode> = {}) =>
    only(
      selectFabric(
        [
          {
            ...blank('n'),
            hcas: [hca('mlx5_0', { linkLayer: 'eth', netdev: 'net1', gids: table })],
            ...more,
          },
        ],
        policy,
      ),
    ).hcas[0]?.gidIndex ?? null;
  t.equal(pick(gids('net1', '10.0.0.1')), 3, 'as mlx5 fills it after boot');
  t.equal(pick([row(0, null, 2), row(1, '10.0.0.1', 2)]), 1, 'vendors that write v2 rows only');
  t.equal(
    pick([row(6, '11.0.4.1', 1), row(7, '11.0.4.1', 2), row(8, null, 1), row(9, null, 2)]),
    7,
    'a pod: rows from 6, IPv4 before link-local',
  );
  t.equal(
    pick([row(0, null, 2), { ...row(1, null, 2), gid: 'fd93:16d3::1' }]),
    1,
    'global IPv6 where there is no IPv4',
  );
  t.equal(
    pick([row(3, '10.9.9.9', 2, null), row(5, '10.0.0.1', 2)]),
    5,
    'a row without an owner here belongs to another namespace',
  );
  t.equal(
    pick([row(3, '10.9.9.9', 2), row(5, '10.0.0.1', 2)], { given: { localIpv4: ['10.0.0.1'] } }),
    5,
    'an address that is not here',
  );
  t.equal(
    pick([row(3, '10.9.9.9', 2), row(5, '10.0.0.1', 2)], { netdevs: [netdev('net1', ['10.0.0.1/24'])] }),
    5,
    'an address that the interface lost',
  );
  t.equal(pick([row(12, '10.0.0.1', 1)]), null, 'no v2 row in a text that was cut: no index is claimed');
  t.equal(
    pick([{ ...row(3, null, 2), gid: '0000:0000:0000:0000:0000:ffff:xxxx:xxxx' }]),
    3,
    'an address that the poster hid',
  );
  t.end();
});

test('IPv6-only fabrics and ports with several addresses get the variable that steers NCCL’s own search', (t) => {
  const six = hca('bnxt_re0', {
    linkLayer: 'eth',
    netdev: 'n0',
    gids: [
      { index: 0, gid: 'fe80::1', version: 2, ipv4: null, netdev: 'n0' },
      { index: 1, gid: 'fd93::1', version: 2, ipv4: null, netdev: 'n0' },
    ],
  });
  t.match(only(selectFabric([{ ...blank('n'), hcas: [six] }], policy)).env, {
    NCCL_IB_ADDR_FAMILY: 'AF_INET6',
  });
  const node = (name: string, last: number): FabricNode => ({
    ...blank(name),
    netdevs: [
      netdev('eth0', [`192.168.0.${last}/24`]),
      netdev('r0', [`172.20.${last}.1/24`, `10.1.0.${last}/24`]),
    ],
    given: { nodeIp: `192.168.0.${last}` },
    hcas: [
      hca('mlx5_0', {
        linkLayer: 'eth',
        netdev: 'r0',
        gids: [
          ...gids('r0', `172.20.${last}.1`),
          { index: 5, gid: '', version: 2, ipv4: `10.1.0.${last}`, netdev: 'r0' },
        ],
      }),
    ],
  });
  const answer = selectFabric([node('a', 1), node('b', 2)], policy);
  t.equal(answer.nodes[0]?.hcas[0]?.gidIndex, 5, 'the address that meets the peer’s');
  t.equal(answer.nodes[0]?.env.NCCL_IB_ADDR_RANGE, '10.1.0.0/24');
  t.equal(answer.nodes[0]?.gidEnv, 'unset');
  t.end();
});

function only(answer: FabricSelection) {
  const [node] = answer.nodes;
  if (node === undefined || answer.nodes.length !== 1) throw new Error('one node expected');
  return node;
}
