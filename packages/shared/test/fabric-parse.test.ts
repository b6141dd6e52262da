import { parseEnv } from '@dsr1/shared/fabric/parse/env';
import { parseGidTable } from '@dsr1/shared/fabric/parse/gid-table';
import { parseIbdev2netdev } from '@dsr1/shared/fabric/parse/ibdev2netdev';
import { parseIbstat } from '@dsr1/shared/fabric/parse/ibstat';
import { parseIbvDevinfo } from '@dsr1/shared/fabric/parse/ibv-devinfo';
import { parseIfconfig } from '@dsr1/shared/fabric/parse/ifconfig';
import { parseInterfaces } from '@dsr1/shared/fabric/parse/interfaces-file';
import { parseIpAddr } from '@dsr1/shared/fabric/parse/ip-addr';
import { parseIpJson } from '@dsr1/shared/fabric/parse/ip-json';
import { parseIpRoute, parseIpRouteJson, parseIpRule } from '@dsr1/shared/fabric/parse/ip-route';
import { parseLspci, parsePciNuma } from '@dsr1/shared/fabric/parse/lspci';
import { parseNvidiaSmiQuery } from '@dsr1/shared/fabric/parse/nvidia-smi-query';
import { parseNvidiaSmiTable } from '@dsr1/shared/fabric/parse/nvidia-smi-table';
import { parseNvidiaSmiXml } from '@dsr1/shared/fabric/parse/nvidia-smi-xml';
import { parseRdmaLink } from '@dsr1/shared/fabric/parse/rdma-link';
import { parseShowGids } from '@dsr1/shared/fabric/parse/show-gids';
import { parseSs } from '@dsr1/shared/fabric/parse/ss';
import { parseSysfsInfiniband } from '@dsr1/shared/fabric/parse/sysfs';
import { parseTopoM } from '@dsr1/shared/fabric/parse/topo-m';
import { test } from 'tap';

const cidrs = (
  row: { addresses: readonly { address: string; prefixLength: number | null }[] } | undefined,
): string[] => (row?.addresses ?? []).map((entry) => `${entry.address}/${entry.prefixLength}`);

test('ip addr: blocks, -o, -br, -d, bare inet lines and masked addresses', async (t) => {
  const block = parseIpAddr(
    [
      '2: bond0.529@bond0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9000 qdisc noqueue state UP',
      '    link/ether e8:eb:d3:8a:15:5f brd ff:ff:ff:ff:ff:ff promiscuity 0',
      '    vlan protocol 802.1Q id 529 <REORDER_HDR>',
      '    altname enp1s0.529',
      '    inet 10.250.133.102/22 brd 10.250.135.255 scope global bond0.529',
      '       valid_lft forever preferred_lft forever',
      '    inet x.x.x.x/24 scope global bond0.529',
      '    inet 10.0.0.1 peer 10.0.0.2/32 scope global bond0.529',
      'something else',
    ].join('\n'),
  );
  const [vlan] = block.rows;
  t.match(vlan, {
    name: 'bond0.529',
    parent: 'bond0',
    kind: 'vlan',
    up: true,
    mtu: 9000,
    altnames: ['enp1s0.529'],
    masked: ['x.x.x.x/24'],
  });
  t.same(cidrs(vlan), ['10.250.133.102/22', '10.0.0.1/32']);
  t.same(block.unknown, ['something else']);

  const oneLine = parseIpAddr(
    '4: eth0    inet 10.1.1.2/24 brd 10.1.1.255 scope global eth0\\       valid_lft forever preferred_lft forever',
  );
  t.same([oneLine.rows[0]?.name, cidrs(oneLine.rows[0]), oneLine.unknown], ['eth0', ['10.1.1.2/24'], []]);

  const brief = parseIpAddr(
    'lo               UNKNOWN        127.0.0.1/8 ::1/128\nens1f0@if3       DOWN           ',
  );
  t.same(
    brief.rows.map((row) => [row.name, row.up, row.parent]),
    [
      ['lo', true, null],
      ['ens1f0', false, 'if3'],
    ],
  );

  const bare = parseIpAddr('inet 10.168.206.131/31 scope global enp90s0np0\ninet6 fe80::1/64 scope link');
  t.same(
    bare.rows.map((row) => row.name),
    ['enp90s0np0'],
  );
  t.equal(bare.unknown.length, 1, 'an inet6 line without a name belongs to nobody');
});

test('ip -j: addresses, cut arrays, and objects of other tools', async (t) => {
  const json =
    '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"mtu":1500,"link_type":"ether","addr_info":[{"family":"inet","local":"10.0.0.2","prefixlen":24,"scope":"global"}]},{"ifname":"eth1","fl';
  const { rows } = parseIpJson(json);
  t.same(
    rows.map((row) => [row.name, row.up, cidrs(row)]),
    [['eth0', true, ['10.0.0.2/24']]],
  );
  t.same(parseIpJson('[{"ifname":"mlx5_0","port":1,"state":"ACTIVE"}]').rows, []);
});

test('ip route and ip rule', async (t) => {
  const { rows, unknown } = parseIpRoute(
    [
      'default proto bgp src 10.0.0.9 metric 20',
      '\tnexthop via inet6 fe80::1 dev eth1 weight 1',
      '\tnexthop via 10.9.9.1 dev eth2 weight 1',
      '10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5',
      'unreachable 10.9.0.0/16 metric 4096',
      'hello',
    ].join('\n'),
  );
  t.same(
    rows.map((row) => [row.family, row.destination, row.gateway, row.device]),
    [
      [4, 'default', 'fe80::1', 'eth1'],
      [4, 'default', '10.9.9.1', 'eth2'],
      [4, '10.0.0.0/24', null, 'eth0'],
    ],
  );
  t.same(unknown, ['hello']);
  t.match(parseIpRouteJson('[{"dst":"default","gateway":"10.0.0.1","dev":"eth0","metric":100}]').rows, [
    { destination: 'default', metric: 100 },
  ]);
  t.same(parseIpRule('32765:  from 10.0.0.1 lookup 100').rows, [
    { priority: 32765, from: '10.0.0.1', table: '100' },
  ]);
});

test('ifconfig of both ages, and interfaces that people wrote down', async (t) => {
  const old = parseIfconfig(
    'eth0      Link encap:Ethernet  HWaddr 00:11:22:33:44:55\n          inet addr:10.0.0.1  Bcast:10.0.0.255  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1',
  );
  t.match(old.rows[0], { name: 'eth0', up: true, mtu: 1500, mac: '00:11:22:33:44:55' });
  t.same(cidrs(old.rows[0]), ['10.0.0.1/24']);
  const file = parseInterfaces(
    'auto eth0\niface eth0 inet static\n  address 10.0.0.1\n  netmask 255.255.254.0\n  gateway 10.0.0.254',
  );
  t.same(cidrs(file.rows[0]), ['10.0.0.1/23']);
  const typed = parseInterfaces(
    '| Interface | IP |\n|---|---|\n| `ens1` | yes: `10.1.2.3` |\n| `ib0`–`ib7` | InfiniBand |',
  );
  t.same(
    typed.rows.map((row) => [row.name, cidrs(row)]),
    [['ens1', ['10.1.2.3/null']]],
    'a range lists only its ends',
  );
});

test('ibdev2netdev, plain and verbose', async (t) => {
  const { rows, unknown } = parseIbdev2netdev(
    [
      'mlx4_0 port 2 <===> ib1 (NA)',
      '0000:21:00.0 mlx5_3 (MT4123 - MCX653105A-HDAT) ConnectX-6 VPI, (single) card fw 20.28.1002 port 1 (DOWN  ) ==> ib1 (Down)',
      'mlx5_4 port 1 ==>',
    ].join('\n'),
  );
  t.same(rows, [
    { device: 'mlx4_0', port: 2, netdev: 'ib1', netdevUp: null },
    {
      device: 'mlx5_3',
      port: 1,
      netdev: 'ib1',
      netdevUp: false,
      state: 'down',
      pci: '0000:21:00.0',
      firmware: '20.28.1002',
      virtualFunction: false,
    },
  ]);
  t.equal(unknown.length, 1);
});

test('show_gids: wrapped rows, masked GIDs, empty slots, stray punctuation', async (t) => {
  const { rows, unknown } = parseShowGids(
    [
      'mlx5_0  1       3       0000:0000:0000:0000:0000:ffff:0a3f:41d0 10.63.65.208',
      '  v2      net1.',
      'mlx5_0  1       4       0000:0000:0000:0000:0000:0000:0000:0000                 v2      net1',
      'mlx5_1  1       3       0000:0000:0000:0000:0000:ffff:xxxx:xxxx 10.0.0.7        v2      eth1',
      'mlx5_1  1       x       nonsense',
    ].join('\n'),
  );
  t.same(
    rows.map((row) => [row.device, row.index, row.ipv4, row.version, row.netdev]),
    [
      ['mlx5_0', 3, '10.63.65.208', 2, 'net1'],
      ['mlx5_1', 3, '10.0.0.7', 2, 'eth1'],
    ],
  );
  t.equal(unknown.length, 1);
});

test('GID tables of other tools, and one that is typed out without device', async (t) => {
  const { rows } = parseGidTable(
    '| index | type | GID | address |\n|---|---|---|---|\n| 1 | RoCE v2 | ::ffff:0a66:0965 | 10.102.9.101 |',
  );
  t.same(rows, [
    {
      device: null,
      port: null,
      index: 1,
      gid: '::ffff:0a66:0965',
      version: 2,
      ipv4: '10.102.9.101',
      netdev: null,
    },
  ]);
  const info = parseIbvDevinfo(
    'hca_id: mlx5_0\n port: 1\n  state: PORT_ACTIVE (4)\n  active_width: 4X (2)\n  active_speed: 25.0 Gbps (32)\n  link_layer: Ethernet\n  GID[  3]: ::ffff:10.0.0.9, RoCE v2\n  GID[  4]: ::',
  );
  t.match(info.rows, [{ device: 'mlx5_0', state: 'active', rateGbps: 100, linkLayer: 'eth' }]);
  t.match(info.gids, [{ device: 'mlx5_0', port: 1, index: 3, ipv4: '10.0.0.9', version: 2 }]);
  t.equal(info.gids.length, 1, 'an empty slot is no GID');
});

test('rdma link: old, new, InfiniBand and JSON', async (t) => {
  const { rows } = parseRdmaLink(
    'link mlx5_0/1 subnet_prefix fe80:0000:0000:0000 lid 2 sm_lid 3 lmc 0 state ACTIVE physical_state LINK_UP \n1/1: i40iw0/1: state DOWN physical_state NOP',
  );
  t.match(rows, [
    { device: 'mlx5_0', linkLayer: 'ib', smLid: 3, netdev: null },
    { device: 'i40iw0', state: 'down', phys: 'nop' },
  ]);
  t.match(
    parseRdmaLink(
      '[{"ifindex":0,"ifname":"rxe0","port":1,"state":"ACTIVE","physical_state":"LINK_UP","netdev":"eth0","netdev_index":2}]',
    ).rows,
    [{ device: 'rxe0', netdev: 'eth0', phys: 'linkup' }],
  );
});

test('ibstat keeps the ports that were printed before it failed', async (t) => {
  const { rows, unknown } = parseIbstat(
    "CA 'mlx5_0'\n\tCA type: MT4129\n\tPort 1:\n\t\tState: Initializing\n\t\tRate: 400\n\t\tLink layer: InfiniBand\nibpanic: [14] main: stat of IB device 'mlx5_8' failed",
  );
  t.match(rows, [{ device: 'mlx5_0', port: 1, state: 'init', rateGbps: 400, linkLayer: 'ib', smLid: null }]);
  t.equal(unknown.length, 1);
});

test('sysfs as grep, cat and head print it', async (t) => {
  const { rows, gids } = parseSysfsInfiniband(
    [
      '/sys/class/infiniband/mlx5_0/ports/1/state:4: ACTIVE',
      '==> /sys/class/infiniband/mlx5_0/ports/1/rate <==',
      '400 Gb/sec (4X NDR)',
      '/sys/class/infiniband/mlx5_0/ports/1/gids/3:0000:0000:0000:0000:0000:ffff:0a00:0001',
      '/sys/class/infiniband/mlx5_0/ports/1/gid_attrs/types/3:RoCE v2',
      '/sys/class/infiniband/mlx5_0/ports/1/gid_attrs/ndevs/3:ens1',
      '/sys/class/infiniband/mlx5_0/ports/1/gids/4:0000:0000:0000:0000:0000:0000:0000:0000',
      'cat: /sys/class/infiniband/mlx5_0/ports/1/gid_attrs/types/4: Invalid argument',
      '/sys/class/infiniband/mlx5_0/device/numa_node:1',
    ].join('\n'),
  );
  t.match(rows, [{ device: 'mlx5_0', port: 1, state: 'active', rateGbps: 400, numaNode: 1 }]);
  t.same(gids, [
    {
      device: 'mlx5_0',
      port: 1,
      index: 3,
      gid: '0000:0000:0000:0000:0000:ffff:0a00:0001',
      version: 2,
      ipv4: '10.0.0.1',
      netdev: 'ens1',
    },
  ]);
});

test('sysfs values that were asked for one by one, or with a glob', async (t) => {
  const base = '/sys/class/infiniband/mlx5_0/ports/1';
  const { gids, unknown } = parseSysfsInfiniband(
    [
      `# cat ${base}/gids/3 ${base}/gid_attrs/types/3`,
      '0000:0000:0000:0000:0000:ffff:0a00:0001',
      'RoCE v2',
      `cat ${base}/gid_attrs/types/9`,
      `cat: ${base}/gid_attrs/types/9: Invalid argument`,
      'not a value',
    ].join('\n'),
  );
  t.same(
    gids.map((row) => [row.index, row.ipv4, row.version]),
    [[3, '10.0.0.1', 2]],
  );
  t.same(unknown, ['not a value']);
  const values = Array.from(
    { length: 12 },
    (_, at) => `fe80:0000:0000:0000:0000:0000:0000:00${(at + 16).toString(16)}`,
  );
  const globbed = parseSysfsInfiniband([`cat ${base}/gids/*`, ...values].join('\n'));
  t.same(
    globbed.gids.map((row) => row.index),
    [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9],
    'the order of a shell glob',
  );
});

test('nvidia-smi in every dress', async (t) => {
  t.match(parseNvidiaSmiQuery('GPU 0: NVIDIA H200 (UUID: GPU-481a27f2-2a38)').rows, [
    { index: 0, name: 'NVIDIA H200', uuid: 'GPU-481a27f2-2a38' },
  ]);
  t.match(
    parseNvidiaSmiQuery('index, pci.bus_id, memory.total [MiB]\n1, 00000000:07:00.0, 143771 MiB').rows,
    [{ index: 1, pci: '0000:07:00.0', busId: '00000000:07:00.0', memoryBytes: 143771 * 1024 ** 2 }],
  );
  t.match(
    parseNvidiaSmiQuery('3, 00000000:18:00.0').rows,
    [{ index: 3, pci: '0000:18:00.0' }],
    'without a header',
  );
  const table = parseNvidiaSmiTable(
    '| NVIDIA-SMI 580.1  Driver Version: 580.1  CUDA Version: 13.0 |\n|   0  NVIDIA A100-SXM...  On   | 00000000:07:00.0 Off |                    0 |\n| N/A   30C    P0    60W / 400W |      0MiB / 81920MiB |      0%      Default |',
  );
  t.match(table, {
    driverVersion: '580.1',
    cudaVersion: '13.0',
    rows: [{ index: 0, name: 'NVIDIA A100-SXM...', memoryBytes: 81920 * 1024 ** 2 }],
  });
  const xml = parseNvidiaSmiXml(
    '<?xml version="1.0" ?>\n<nvidia_smi_log>\n<driver_version>580.1</driver_version>\n<gpu id="00000000:18:00.0">\n<product_name>NVIDIA H200</product_name>\n<mig_mode>\n<current_mig>Disabled</current_mig>\n</mig_mode>\n<fb_memory_usage>\n<total>100 MiB</total>\n</fb_memory_usage>\n<bar1_memory_usage>\n<total>7 MiB</total>\n</bar1_memory_usage>\n<processes>\n<process_info>\n<pid>42</pid>\n<process_name>a &amp; b</process_name>\n<used_memory>5 MiB</used_memory>\n</process_info>\n</processes>\n</gpu>\n</nvidia_smi_log>',
  );
  t.match(xml.rows, [
    {
      pci: '0000:18:00.0',
      mig: false,
      memoryBytes: 100 * 1024 ** 2,
      processes: [{ pid: 42, name: 'a & b', usedMemoryBytes: 5 * 1024 ** 2 }],
    },
  ]);
});

test('topo -m: underlined header, glued cells, legend', async (t) => {
  const topo = parseTopoM(
    '\t\u001b[4mGPU0\tGPU1\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\u001b[0m\nGPU0\t X \tNV18\tNODEPIX\t0-31\t0\nGPU1\tNV18\t X \tSYS\tSYS\t32-63\t1\n\nNIC Legend:\n  NIC0: mlx5_0\n  NIC1: mlx5_bond_0',
  );
  t.same([topo.gpuCount, topo.nicCount, topo.nics], [2, 2, { NIC0: 'mlx5_0', NIC1: 'mlx5_bond_0' }]);
  t.same(topo.nearest, {
    GPU0: { level: 'PIX', nics: ['NIC1'] },
    GPU1: { level: 'SYS', nics: ['NIC0', 'NIC1'] },
  });
});

test('topo -m: a terminal wrapped header and rows', async (t) => {
  const topo = parseTopoM(
    'NVIDIA Topology: \tGPU0\tGPU1\tNIC0\nNIC1\tCPU Affinity\nGPU0\t X \tNV18\tPIX\nSYS\t0-3\t0\nGPU1\tNV18\t X \tSYS\tPIX\t0-3\t0',
  );
  t.same([topo.gpuCount, topo.nicCount], [2, 2]);
  t.same(topo.nearest, { GPU0: { level: 'PIX', nics: ['NIC0'] }, GPU1: { level: 'PIX', nics: ['NIC1'] } });
});

test('lspci, NUMA lists and sockets', async (t) => {
  t.same(
    parseLspci(
      '0000:10:00.0 Ethernet controller: Mellanox [ConnectX Virtual Function]\n\tKernel driver in use: mlx5_core',
    ).rows,
    [{ bus: '0000:10:00.0', text: 'Ethernet controller: Mellanox [ConnectX Virtual Function]' }],
  );
  t.same(parsePciNuma('mlx5_0 0000:1a:00.0 numa_node=1\n0000:9a:00.0 -1').rows, [
    { bus: '0000:1a:00.0', device: 'mlx5_0', numaNode: 1 },
    { bus: '0000:9a:00.0', device: null, numaNode: -1 },
  ]);
  t.same(parseSs('ESTAB 0 0 10.0.0.1:29500 10.0.0.2:40312').rows, [
    { state: 'ESTAB', local: '10.0.0.1:29500', peer: '10.0.0.2:40312' },
  ]);
});

test('words that JavaScript finds in every object are words like any other', async (t) => {
  const { rows } = parseIpAddr(
    '2: eth0: <UP,LOWER_UP> mtu 1500\n    link/constructor aa:bb:cc:dd:ee:ff\n    toString',
  );
  t.equal(rows[0]?.kind, 'unknown');
  t.equal(parseIbstat("CA 'a'\nPort 1:\nLink layer: constructor").rows[0]?.linkLayer, null);
  t.same(
    parseNvidiaSmiQuery('constructor, index\nx, 1').rows.map((row) => [row.index, row.name]),
    [[1, '']],
  );
});

test('environment in every dress', async (t) => {
  const { rows } = parseEnv(
    [
      'export NCCL_IB_HCA=mlx5_1:1,mlx5_2:1 # rails',
      '#export NCCL_IB_GID_INDEX=3',
      '# a remark about NCCL_DEBUG',
      '-x NCCL_SOCKET_IFNAME="eth0" -x NCCL_DEBUG=INFO \\',
      '    NCCL_IB_TC: 106',
      'os.environ["GLOO_SOCKET_IFNAME"] = "eth1"',
      'host:1:1 [0] NCCL INFO NCCL_IB_TIMEOUT set by environment to 22.',
      "export VLLM_HOST_IP=$(hostname -I | awk '{print $1}')",
    ].join('\n'),
  );
  t.same(
    rows.map((row) => `${row.name}=${row.value}${row.inForce ? '' : ' (commented)'}`),
    [
      'NCCL_IB_HCA=mlx5_1:1,mlx5_2:1',
      'NCCL_IB_GID_INDEX=3 (commented)',
      'NCCL_SOCKET_IFNAME=eth0',
      'NCCL_DEBUG=INFO',
      'NCCL_IB_TC=106',
      'GLOO_SOCKET_IFNAME=eth1',
      'NCCL_IB_TIMEOUT=22',
      "VLLM_HOST_IP=$(hostname -I | awk '{print $1}')",
    ],
  );
});
