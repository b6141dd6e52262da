import { test } from 'tap';
import type { FabricNode, FabricPolicy } from '../src/fabric/model.ts';
import { selectFabric } from '../src/fabric/select/select.ts';
import { blank, gids, hca, netdev, range, roce } from './helpers/fabric-nodes.ts';

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
  const cloud = nodes.map(
    (item): FabricNode => ({ ...item, hcas: [hca('mlx5_an0', { linkLayer: 'eth', netdev: 'host0' })] }),
  );
  t.equal(selectFabric(cloud, policy).transport, 'tcp', 'a front-end NIC that shows as an HCA is none');
  const dead = nodes.map((item): FabricNode => ({ ...item, hcas: [hca('mlx5_0', { state: 'down' })] }));
  t.match(
    selectFabric(dead, policy),
    { verdict: 'refuse', refusals: [{ category: 'port-down' }] },
    'dead HCAs are no silent TCP',
  );
  t.equal(selectFabric(dead, { ...policy, transport: 'tcp' }).verdict, 'ok');
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

test('an NCCL before 2.21 cannot serve ports whose rows differ: refused with the tables', (t) => {
  const a = roce('a', [
    ['mlx5_0', '10.1.0.1/24'],
    ['mlx5_1', '10.1.1.1/24'],
  ]);
  const shifted: FabricNode = {
    ...a,
    hcas: (a.hcas ?? []).map((item, i) =>
      i === 0
        ? item
        : {
            ...item,
            ports: item.ports.map((port) => ({
              ...port,
              gids: (port.gids ?? []).map((row) => ({ ...row, index: row.index + 2 })),
            })),
          },
    ),
  };
  t.equal(selectFabric([shifted], policy).verdict, 'ok');
  const old = selectFabric([shifted], { ...policy, ncclVersion: '2.18.3' });
  t.match(old.refusals, [{ node: 'a', category: 'wrong-gid', because: /mlx5_0:1 3, mlx5_1:1 5/ }]);
  t.equal(old.refusals[0]?.table?.length, 9);
  t.end();
});

test('guards follow the version and the plugin', (t) => {
  const nodes = [roce('a', [['mlx5_0', '10.1.0.1/24']]), roce('b', [['mlx5_0', '10.1.0.2/24']])];
  const env = (more: Partial<FabricPolicy>) =>
    selectFabric(nodes, { ...policy, ...more }).nodes[0]?.env ?? {};
  t.equal(env({ ncclVersion: '2.30.7' }).NCCL_IGNORE_NET_MISMATCH, '0');
  t.equal(env({ ncclVersion: '2.27.5' }).NCCL_IGNORE_NET_MISMATCH, undefined);
  t.equal(env({ netPlugin: 'libnccl-net-hpcx.so' }).NCCL_NET, undefined);
  t.end();
});

test('an override is applied, shown with its source, and checked like any other value', (t) => {
  const nodes = [
    roce('a', [
      ['mlx5_0', '10.1.0.1/24'],
      ['mlx5_1', '10.1.1.1/24'],
    ]),
    roce('b', [
      ['mlx5_0', '10.1.0.2/24'],
      ['mlx5_1', '10.1.1.2/24'],
    ]),
  ];
  const set = (override: FabricPolicy['override'], overrides: FabricPolicy['overrides'] = {}) =>
    selectFabric(nodes, { ...policy, overrides, ...(override ? { override } : {}) });
  const own = set({ hcas: ['mlx5_1'], controlInterface: 'eth0' }, { b: { hcas: ['mlx5_0', 'mlx5_1'] } });
  t.strictSame(
    own.nodes.map((node) => node.hcas.map((item) => item.device)),
    [['mlx5_1'], ['mlx5_0', 'mlx5_1']],
    'the node’s own entry wins field by field',
  );
  t.match(
    own.nodes[1]?.reasons.find((reason) => reason.subject === 'eth0')?.because,
    /operator for every node/,
  );
  t.match(
    own.nodes[1]?.reasons.find((reason) => reason.subject === 'mlx5_0:1')?.because,
    /operator for this node/,
  );
  t.match(set({ gidIndex: 3, hcas: ['mlx5_0'] }).nodes[0], {
    gidEnv: 'set:3',
    env: { NCCL_IB_GID_INDEX: '3' },
  });
  for (const [override, category] of [
    [{ controlInterface: 'eth7' }, 'wrong-interface'],
    [{ controlInterface: 'lo' }, 'loopback-used'],
    [{ hcas: ['n0'] }, 'hca-name-mismatch'],
    [{ hcas: ['mlx5_0'], gidIndex: 2 }, 'wrong-gid'],
    [{ gidIndex: 1 }, 'wrong-gid'],
  ] as const)
    t.match(set(override), { verdict: 'refuse', refusals: [{ category }] }, JSON.stringify(override));
  t.end();
});

test('the control interface', (t) => {
  const route = (destination: string, device: string, metric = 0) => ({
    family: 4 as const,
    destination,
    gateway: null,
    device,
    source: null,
    metric,
  });
  const control = (node: Partial<FabricNode>) =>
    selectFabric([{ ...blank('n'), hcas: [], ...node }], { ...policy, gpuRanks: false });
  const pod = [
    netdev('lo', ['127.0.0.1/8'], { kind: 'loopback' }),
    netdev('docker0', ['172.17.0.1/16'], { kind: 'bridge' }),
    netdev('eth0', ['10.0.0.5/24']),
    netdev('tailscale0', ['100.64.0.9/32'], { kind: 'tunnel' }),
  ];
  t.equal(
    control({ netdevs: pod }).nodes[0]?.controlInterface,
    'eth0',
    'never an overlay while something else is there',
  );
  t.equal(
    control({ netdevs: pod, given: { nodeIp: '100.64.0.9' } }).nodes[0]?.controlInterface,
    'tailscale0',
    'unless that is how the others reach it',
  );
  t.match(control({ netdevs: pod, given: { nodeIp: '100.64.0.9' } }).warnings.join(), /private network/);
  const two = [netdev('eth0', ['10.0.0.5/24']), netdev('eth1', ['10.7.0.5/24'])];
  t.equal(
    control({ netdevs: two, given: { leaderIp: '10.7.0.1' } }).nodes[0]?.controlInterface,
    'eth1',
    'the subnet of the head',
  );
  t.equal(
    control({
      netdevs: two,
      routes: [route('default', 'eth0'), route('10.9.0.0/16', 'eth1')],
      given: { leaderIp: '10.9.0.1' },
    }).nodes[0]?.controlInterface,
    'eth1',
    'the longest route to the head',
  );
  t.equal(
    control({ netdevs: two, routes: [route('default', 'eth1', 100), route('default', 'eth0', 200)] }).nodes[0]
      ?.controlInterface,
    'eth1',
    'the default route of the lowest metric',
  );
  t.match(
    control({
      netdevs: [netdev('lo', ['127.0.0.1/8', '10.1.1.1/32'], { kind: 'loopback' })],
      given: { nodeIp: '10.1.1.1' },
    }).nodes[0],
    { controlInterface: 'lo', address: '10.1.1.1' },
    'a routed host keeps its address on lo',
  );
  t.match(control({ netdevs: [netdev('eth0', [], { up: false })] }).refusals, [
    { category: 'no-socket-interface' },
  ]);
  t.match(control({ netdevs: [netdev('eth0', ['10.0.0.5/24']), netdev('eth1', ['10.0.0.6/24'])] }).refusals, [
    { category: 'overlapping-subnets' },
  ]);
  const rack = (name: string, third: number, routes: FabricNode['routes']): FabricNode => ({
    ...blank(name),
    hcas: [],
    netdevs: [netdev('eth0', [`10.0.${third}.5/24`])],
    routes,
  });
  const cpu = { ...policy, gpuRanks: false };
  t.match(selectFabric([rack('a', 1, null), rack('b', 2, null)], cpu).warnings, [/different subnets/]);
  t.strictSame(
    selectFabric(
      [rack('a', 1, [route('default', 'eth0')]), rack('b', 2, [route('10.0.0.0/16', 'eth0')])],
      cpu,
    ).warnings,
    [],
    'routes were seen',
  );
  const pair = (name: string, last: number): FabricNode => ({
    ...blank(name),
    hcas: [],
    netdevs: [netdev('eth0', [`10.0.0.${last}/24`]), netdev('eth1', [`10.0.1.${last}/24`])],
  });
  const stray = { ...cpu, overrides: { b: { controlInterface: 'eth1' } } };
  t.match(selectFabric([pair('a', 5), pair('b', 6)], stray).refusals, [
    { node: null, category: 'wrong-interface', because: /a eth0 10\.0\.0\.5; b eth1 10\.0\.1\.6/ },
  ]);
  t.strictSame(selectFabric([pair('a', 5), pair('b', 6)], cpu).refusals, []);
  const same = { ...blank('b'), hcas: [], netdevs: [netdev('eth0', ['10.0.0.5/24'])] };
  t.match(selectFabric([{ ...same, name: 'a' }, same], policy).refusals, [
    { category: 'wrong-interface', because: /10\.0\.0\.5/ },
  ]);
  t.end();
});

test('the answer never holds what the facts do not, and the order of the nodes changes nothing', (t) => {
  const random = sequence(7);
  const pick = <T>(list: readonly T[]): T => list[random() % list.length] as T;
  for (let round = 0; round < 300; round++) {
    const nodes = range(0, 1 + (random() % 4)).map((n): FabricNode => {
      const netdevs = range(0, random() % 4).map((i) =>
        netdev(
          pick([`eth${i}`, `rdma${i}`, `docker${i}`]),
          random() % 4 === 0 ? [] : [`10.${i}.0.${n + 1}/24`],
          { up: pick([true, true, false, null]) },
        ),
      );
      const owner = () => (netdevs.length === 0 ? null : pick(netdevs).name);
      const hcas = range(0, random() % 5).map((i) => {
        const on = owner();
        return hca(pick([`mlx5_${i}`, `bnxt_re${i}`, `efa_${i}`]), {
          state: pick(['active', 'active', 'down', null]),
          linkLayer: pick(['ib', 'eth', 'eth', null]),
          netdev: on,
          smLid: pick([null, 0, 1]),
          rateGbps: pick([null, 100, 400]),
          gids: on === null ? null : pick([null, [], gids(on, `10.${i}.0.${n + 1}`)]),
        });
      });
      return {
        ...blank(`node${n}`),
        netdevs: pick([netdevs, netdevs, null]),
        hcas: pick([hcas, hcas, hcas, null]),
        gpuCount: pick([null, 1, 4]),
        given: pick([{}, { nodeIp: `10.0.0.${n + 1}` }]),
      };
    });
    const wish: FabricPolicy = {
      ...policy,
      transport: pick(['auto', 'rdma', 'tcp']),
      ncclVersion: pick(['2.18.3', '2.30.7', null]),
      gpuRanks: pick([true, true, false]),
    };
    const answer = selectFabric(nodes, wish);
    const turned = selectFabric([...nodes].reverse(), wish);
    const byName = new Map(turned.nodes.map((node) => [node.node, node]));
    const complaints = answer.nodes.flatMap((node, i) => {
      const facts = nodes[i];
      const devices = new Set(facts?.hcas?.map((item) => item.device));
      const names = new Set([
        ...(facts?.netdevs ?? []).map((item) => item.name),
        ...(facts?.hcas ?? []).flatMap((item) => item.ports.map((port) => port.netdev)),
      ]);
      const other = byName.get(node.node);
      return [
        ...node.hcas.filter((item) => !devices.has(item.device)).map((item) => `invented ${item.device}`),
        ...node.hcas
          .filter((item) =>
            facts?.hcas?.some((known) => known.device === item.device && known.ports[0]?.state === 'down'),
          )
          .map((item) => `down ${item.device}`),
        ...(node.controlInterface !== null && !names.has(node.controlInterface)
          ? [`invented ${node.controlInterface}`]
          : []),
        ...(JSON.stringify([node.hcas, node.env, node.controlInterface]) ===
        JSON.stringify([other?.hcas, other?.env, other?.controlInterface])
          ? []
          : ['order matters']),
        ...(wish.gpuRanks || Object.keys(node.env).every((name) => name === 'GLOO_SOCKET_IFNAME')
          ? []
          : ['NCCL without GPUs']),
        ...Object.keys(node.env)
          .filter((name) => !(name in node.envReasons))
          .map((name) => `${name} without a reason`),
      ];
    });
    if (wish.transport === 'rdma' && answer.transport === 'tcp' && wish.gpuRanks)
      complaints.push('TCP in silence');
    if (answer.verdict === 'refuse' && answer.refusals.length === 0)
      complaints.push('refused without a reason');
    if (complaints.length > 0 || answer.transport !== turned.transport || answer.verdict !== turned.verdict)
      t.fail(`round ${round}: ${complaints.join()}`, { nodes });
  }
  t.pass('300 gangs');
  t.end();
});

/** Numbers of a linear congruence: the same on every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state >> 8;
  };
}

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
