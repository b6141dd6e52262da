/** Texts that show less than a choice needs: what is said of it, and what is not made up. */
import { readTexts } from '@dsr1/shared/fabric/dump';
import { type ExplainedGroup, explainDump } from '@dsr1/shared/fabric/explain';
import type { FabricPolicy } from '@dsr1/shared/fabric/model';
import { test } from 'tap';

const POLICY = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;

const explain = (text: string, transport: FabricPolicy['transport'] = 'auto'): ExplainedGroup =>
  explainDump(readTexts(new Map([['-', text]])), { ...POLICY, transport }).groups[0] as ExplainedGroup;
const nodeOf = (text: string) => explain(text).selection.nodes[0];
const decided = (text: string) =>
  Object.fromEntries((nodeOf(text)?.reasons ?? []).map((item) => [item.subject, item]));

const HEADER = '      GPU0  GPU1  NIC0  NIC1  CPU Affinity';
const ROWS = ['GPU0   X    SYS   PIX   SYS   0-31', 'GPU1  SYS    X    SYS   PIX   32-63'];
const LEGEND = ['NIC Legend:', '', '  NIC0: mlx5_3', '  NIC1: mlx5_7'];

test('NICn without the legend is no device to export', async (t) => {
  const bare = explain([HEADER, ...ROWS].join('\n'));
  t.strictSame(bare.selection.nodes[0]?.env, {});
  t.match(bare.verdict.because.join('\n'), /paste its NIC Legend/);
  const told = explain([HEADER, ...ROWS, ...LEGEND].join('\n'));
  t.match(told.selection.nodes[0]?.env, { NCCL_IB_HCA: '=mlx5_3:1,mlx5_7:1' });
  t.notMatch(told.verdict.because.join('\n'), /Legend/);
});

test('a table that was cut does not say which HCA serves storage', async (t) => {
  const [first = '', second = ''] = ROWS;
  const cut = [HEADER, first, second.slice(0, 20), ...LEGEND].join('\n');
  t.match(explain(cut).verdict.because.join('\n'), /2 GPU columns and 1 whole GPU rows: it is cut off/);
  t.match(decided(cut)['mlx5_7:1'], { decision: 'in' });
  const whole = [HEADER, first, second.replace('PIX', 'SYS'), ...LEGEND].join('\n');
  t.match(decided(whole)['mlx5_7:1'], { decision: 'out', because: /storage or front end/ });
  t.notMatch(explain(whole).verdict.because.join('\n'), /cut off/);
});

const DEVINFO = `hca_id: mlx5_0
  fw_ver: 28.39.2048
  vendor_id: 0x02c9
  hw_ver: 0x0
  phys_port_cnt: 1
    port: 1
      state: PORT_DOWN (1)
      link_layer: Ethernet
`;

test('a device whose entry is cut is named, with its state open', async (t) => {
  const cut = `${DEVINFO}\nhca_id: mlx5_1\n  fw_ver: 28.39.2048\n  phys_port_cnt: 1\n`;
  t.match(decided(cut)['mlx5_1:1'], { decision: 'unknown', because: /state is not known/ });
  t.equal(explain(cut).verdict.verdict, 'unknown', 'the other port is down, and that decides nothing');
  t.equal(explain(DEVINFO).verdict.verdict, 'refuse');
});

test('RDMA without hardware is told from hardware', async (t) => {
  const software = (name: string, vendor: string, firmware: string) =>
    DEVINFO.replace('mlx5_0', name)
      .replace('0x02c9', vendor)
      .replace('28.39.2048', firmware)
      .replace('DOWN (1)', 'ACTIVE (4)');
  for (const text of [
    software('rdma7', '0x0000', '0.0.0'),
    software('rdma7', '0xffffff', ''),
    software('rxe0', '0x02c9', '1.0.0'),
  ]) {
    t.equal(explain(text).verdict.verdict, 'warn');
    t.match(explain(text).verdict.because.join('\n'), /software RDMA: no GPUDirect, no faster than TCP/);
  }
  const hardware = DEVINFO.replace('DOWN (1)', 'ACTIVE (4)');
  t.notMatch(explain(hardware).verdict.because.join('\n'), /software/);
  const both = `${hardware}\n${software('rdma7', '0x0000', '0.0.0')}`;
  t.match(decided(both)['rdma7:1'], { decision: 'out', because: /there is hardware/ });
  const warp = `${hardware}\n${software('rdma7', '0x626d74', '')}`;
  t.match(decided(warp)['rdma7:1'], { decision: 'out', because: /software iWARP/ });
});

test('(Down) of an InfiniBand device is its IPoIB interface', async (t) => {
  const listing = 'mlx5_0 port 1 ==> ibp26s0 (Down)\nmlx5_1 port 1 ==> ibp60s0 (Down)\n';
  t.match(explain(listing).verdict, { verdict: 'warn', because: [/not known: \(Down\).*paste ibstat/] });
  const states = [0, 1].map((i) =>
    DEVINFO.replace('mlx5_0', `mlx5_${i}`)
      .replace('DOWN (1)', 'ACTIVE (4)')
      .replace('Ethernet', 'InfiniBand'),
  );
  t.notMatch(explain([listing, ...states].join('\n')).verdict.because.join('\n'), /ibstat/);
  t.match(decided('mlx5_0 port 1 ==> eth0 (Down)\n')['mlx5_0:1'], {
    decision: 'out',
    because: /eth0 is down/,
  });
});

test('InfiniBand that is down is not passed over for the front end', async (t) => {
  const text = `${DEVINFO.replace('Ethernet', 'InfiniBand')}\n${DEVINFO.replace('mlx5_0', 'mlx5_1').replace('DOWN (1)', 'ACTIVE (4)')}`;
  t.match(explain(text).verdict, {
    verdict: 'warn',
    because: [/all IB ports are down \(mlx5_0:1\), and mlx5_1:1/],
  });
  const up = DEVINFO.replace('Ethernet', 'InfiniBand').replace('DOWN (1)', 'ACTIVE (4)');
  t.notMatch(explain(up).verdict.because.join('\n'), /all IB/);
});

test('ibdev2netdev without a name: the interface is in another namespace', async (t) => {
  t.match(decided('mlx5_0 port 1 ==>  ()\n')['mlx5_0:1'], {
    decision: 'out',
    because: /no interface in this network/,
  });
  const ib = `mlx5_0 port 1 ==>  ()\n${DEVINFO.replace('Ethernet', 'InfiniBand').replace('DOWN (1)', 'ACTIVE (4)')}`;
  t.match(decided(ib)['mlx5_0:1'], { decision: 'in' });
});

test('columns that `column -t` aligned, without the command above them', async (t) => {
  const aligned = 'mlx5_0   port  1  ==>  ibp26s0  (Up)\nmlx5_10  port  1  ==>  eth1     (Up)\n';
  t.strictSame(
    nodeOf(aligned)?.reasons.flatMap((item) => (item.subject.startsWith('mlx5') ? item.subject : [])),
    ['mlx5_0:1', 'mlx5_10:1'],
  );
});

test('an interface that is only the first of its kind has its equals named', async (t) => {
  const two =
    'mlx5_0 port 1 ==> ens1 (Up)\nmlx5_1 port 1 ==> ens2 (Up)\n' +
    [2, 3, 4].map((i) => `mlx5_${i} port 1 ==> ib${i} (Up)\n`).join('');
  t.match(decided(two).ens1?.because, /ens2 would do as well/);
  t.notMatch(decided(two.replace('ens2 (Up)', 'ens2 (Down)')).ens1?.because, /as well/);
});

test('GIDs of a device without a name are judged, and no name is exported for it', async (t) => {
  const table = ['GID[  0]:  fe80::c6c0:63ff:feb7:5e01, RoCE v2', 'GID[  3]:  ::ffff:10.40.0.5, RoCE v2'];
  const port = ['    port:   1', '      state:      PORT_ACTIVE (4)', '      link_layer: Ethernet'];
  const bare = explain([...port, ...table].join('\n'));
  t.match(bare.selection.nodes[0]?.hcas, [{ gidIndex: 3 }]);
  t.notOk('NCCL_IB_HCA' in (bare.selection.nodes[0]?.env ?? {}));
  t.equal(bare.verdict.verdict, 'warn');
  t.match(bare.verdict.because.join('\n'), /name is not shown.*paste ibdev2netdev/);
  const named = explain(['hca_id: mlx5_3', ...port, ...table].join('\n'));
  t.equal(named.selection.nodes[0]?.env.NCCL_IB_HCA, '=mlx5_3:1');
});

const NICS = [
  ['mlx5_0', 'ens1np0', '172.18.1.7', 9000],
  ['mlx5_1', 'ens2np0', '172.18.2.7', 9000],
  ['mlx5_2', 'ens3np0', '172.18.3.7', 9000],
  ['mlx5_6', 'eno7np0', '10.8.0.7', 1500],
  ['mlx5_7', 'eno8np1', '10.9.0.7', 9000],
] as const;

/** The last two are the management NIC and a storage NIC. */
const host = (nics: readonly (readonly [string, string, string, number])[]) =>
  [
    ...nics.flatMap(([, name, address, mtu], i) => [
      `${i + 2}: ${name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu ${mtu} qdisc mq state UP group default`,
      `    inet ${address}/24 scope global ${name}`,
    ]),
    ...nics.map(([device, name]) => `${device} port 1 ==> ${name} (Up)`),
  ].join('\n');

test('the NIC with the small MTU is management; one of another network is asked about', async (t) => {
  const { verdict } = explain(host(NICS));
  t.match(decided(host(NICS))['mlx5_6:1'], { decision: 'out', because: /eno7np0 has MTU 1500/ });
  t.equal(nodeOf(host(NICS))?.controlInterface, 'eno7np0');
  t.match(verdict.because.join('\n'), /mlx5_7:1 has an address of another network than the 3 others/);
  const rails = host(NICS.slice(0, 3).map(([a, b, c], i) => [a, b, c, i === 0 ? 1500 : 9000] as const));
  t.match(decided(rails)['mlx5_0:1'], { decision: 'in' }, 'a rail whose MTU is wrong is still a rail');
  t.notMatch(explain(rails).verdict.because.join('\n'), /another network/);
  const routed = `${rails}\n$ ip route\ndefault via 172.18.1.1 dev ens1np0`;
  t.match(decided(routed)['mlx5_0:1'], { decision: 'out', because: /management NIC/ });
});

test('a log that shows RDMA at work and names no HCA leaves the HCAs open, and refutes no wish for RDMA', async (t) => {
  const log = (host: string) =>
    [
      `${host}:7:9 [0] NCCL INFO Using network IB`,
      `${host}:7:9 [0] NCCL INFO Channel 00/0 : 0[0] -> 8[0] [send] via NET/IB/0/GDRDMA`,
    ].join('\n');
  for (const wish of ['auto', 'rdma'] as const)
    t.match(
      explain(log('n1'), wish).verdict,
      { verdict: 'unknown', because: [/n1: RDMA is in use .*no line names an HCA.*ibdev2netdev/] },
      wish,
    );
  const named = 'n1:7:9 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/RoCE ; OOB eth0:10.0.0.1<0>';
  t.equal(explain(`${named}\n${log('n1')}`, 'rdma').verdict.verdict, 'ok');
  t.match(
    explain(`${named}\n${log('n1')}\n${log('n2')}`).verdict,
    { verdict: 'unknown', because: [/n2: no text lists its RDMA devices/, /n2: RDMA is in use/] },
    'what one host of two shows is no refusal',
  );
  t.equal(explain('n1:7:9 [0] NCCL INFO Using network Socket', 'rdma').verdict.verdict, 'refuse');
});

test('RDMA devices that no text lists are open; those that a tool did not find are missing', async (t) => {
  const shown = 'root@n1:~# ibdev2netdev\nmlx5_0 port 1 ==> ens1 (Up)\nroot@n2:~# ';
  const addresses =
    'ip -4 a\n2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500\n    inet 10.0.0.2/24 scope global eth0';
  t.match(explain(`${shown}${addresses}`).verdict, {
    verdict: 'unknown',
    because: [/n2: no text lists its RDMA devices: paste ibdev2netdev/],
  });
  t.match(explain(`${shown}ibv_devices\nNo IB devices found\nroot@n2:~# ${addresses}`).verdict, {
    verdict: 'refuse',
    because: [/no usable HCA on n2/],
  });
  t.match(explain(addresses, 'tcp').verdict, { verdict: 'ok' });
  t.match(
    explain('n1:7:9 [0] NCCL INFO Using network IB', 'tcp').verdict,
    { verdict: 'unknown', because: [/no control interface of n1/] },
    'TCP needs an interface too',
  );
});

test('where no text counts the GPUs, eight rails of nine ports are those of one network', async (t) => {
  const nics = (rails: number) => [
    ['mlx5_0', 'xgbe0', '10.63.65.207', 1500] as const,
    ...Array.from(
      { length: rails },
      (_, i) => [`mlx5_${i + 1}`, `xgbe${i + 1}`, `33.2.16${i}.15`, 1500] as const,
    ),
  ];
  const nine = host(nics(8));
  t.match(decided(nine)['mlx5_0:1'], { decision: 'out', because: /another network than the 8 rails/ });
  t.equal(nodeOf(nine)?.hcas.length, 8);
  t.equal(nodeOf(nine)?.controlInterface, 'xgbe0');
  t.equal(explain(nine).verdict.verdict, 'ok');
  const eight = host(nics(7));
  t.equal(nodeOf(eight)?.hcas.length, 8, 'eight may be eight rails, one with a strange address');
  t.match(explain(eight).verdict.because.join('\n'), /mlx5_0:1 has an address of another network/);
});

test('a table that was cut inside a pair of rows is no fault of its port', async (t) => {
  const row = (index: number, gid: string, rest: string) => `mlx5_0\t1\t${index}\t${gid}\t${rest}`;
  const local = 'fe80:0000:0000:0000:c025:a1ff:fe31:2e81';
  const mapped = '0000:0000:0000:0000:0000:ffff:0a9c:8184';
  const cut = [
    row(4, local, '\t\tv1\tnet1'),
    row(5, local, '\t\tv2\tnet1'),
    row(6, mapped, '10.156.129.132  \tv1\tnet1'),
    row(7, mapped, '10.156.14'),
  ];
  t.match(decided(cut.join('\n'))['mlx5_0:1'], { decision: 'in' });
  const older = [...cut.slice(0, 2), row(6, mapped, '10.156.129.132  \tv2\tnet1')];
  t.equal(nodeOf(older.join('\n'))?.hcas[0]?.gidIndex, 6);
});

test('states: of one tool the last listing, a change is told, and what is not shown is no yes', async (t) => {
  const link = (state: string) =>
    `link mlx5_7/1 subnet_prefix fe80:0000:0000:0000 lid 3403 sm_lid 1 lmc 0 state ${state}`;
  const twice = (...states: string[]) =>
    explain(states.map((state) => `$ rdma link\n${link(state)}`).join('\n'));
  const up = twice('DOWN physical_state POLLING', 'ACTIVE physical_state LINK_UP');
  t.match(up.selection.nodes[0]?.hcas, [{ device: 'mlx5_7' }]);
  t.match(up.verdict, { verdict: 'warn', because: [/state of mlx5_7:1 changes between the listings/] });
  t.equal(twice('ACTIVE physical_state LINK_UP', 'DOWN physical_state POLLING').verdict.verdict, 'refuse');

  const status = (name: string, rest: string) =>
    `Infiniband device '${name}' port 1 status:\n\tdefault gid:\t fe80:0000:0000:0000:8ae9:a4ff:fe9c:7f1a\n${rest}`;
  const whole = '\tstate:\t\t 4: ACTIVE\n\trate:\t\t 100 Gb/sec (4X EDR)\n\tlink_layer:\t Ethernet\n';
  const cut = explain(status('mlx5_0', whole) + status('mlx5_1', '\tbas'));
  t.match(cut.verdict, { verdict: 'warn', because: [/whether mlx5_1:1 are active is not shown/] });
  const dark = explain(`${DEVINFO.replace('Ethernet', 'InfiniBand')}\nhca_id: mlx5_1\n  phys_port_cnt: 1\n`);
  t.equal(dark.verdict.verdict, 'unknown', 'mlx5_1 may be InfiniBand that is up');
});

test('an interface that is down with its RoCE port, or loopback, is no control interface', async (t) => {
  const ports = [
    'link bnxt_re0/1 state ACTIVE physical_state LINK_UP netdev enp194s0f0np0',
    'link bnxt_re1/1 state DOWN physical_state DISABLED netdev enp194s0f1np1',
  ];
  t.equal(nodeOf(ports.join('\n'))?.controlInterface, null);
  const members = [
    '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536',
    '    inet 127.0.0.1/8 scope host lo',
    '2: ens8f0np0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master bond0 state UP',
  ];
  const cut = explain(members.join('\n'));
  t.equal(cut.selection.nodes[0]?.controlInterface, null);
  t.equal(cut.verdict.verdict, 'unknown', 'bond0 was not shown');
});

test('devices that NCCL makes before it lists them', async (t) => {
  const made = (at: number, name: string) =>
    `n1:7:9 [0] NCCL INFO NET/IB : Made virtual device [${at}] name=${name} speed=200000 ndevs=1`;
  const fused = 'n1:7:9 [0] NCCL INFO NET/IB : Made virtual device [2] name=a_0+b_0 speed=400000 ndevs=2';
  const names = (...lines: string[]) => nodeOf(lines.join('\n'))?.hcas.map(({ device }) => device);
  t.same(names(made(0, 'rocep1s0f1'), made(1, 'roceP2p1s0f1'), fused), ['roceP2p1s0f1', 'rocep1s0f1']);
  t.same(names(made(0, 'rocep1s0f1'), 'n1:7:9 [0] NCCL INFO NET/IB : Using [0]mlx5_4:1/RoCE'), ['mlx5_4']);
});

test('a CA of ibstat that was cut before its port is named', async (t) => {
  const ca = (name: string) => `CA '${name}'\n\tCA type: MT4129\n\tNode GUID: 0x58a2e103001b2576\n`;
  const port = '\tPort 1:\n\t\tState: Active\n\t\tRate: 400\n\t\tSM lid: 1024\n\t\tLink layer: InfiniBand\n';
  const cut = `${ca('mlx5_0')}${port}${ca('mlx5_10')}\tPor`;
  t.match(decided(cut)['mlx5_10:1'], { decision: 'unknown', because: /listed without its port/ });
  t.strictSame(
    nodeOf(cut)?.hcas.map(({ device }) => device),
    ['mlx5_0'],
  );
});

test('ibstatus of a host without RDMA devices says so', async (t) => {
  const none =
    "[root@n1 ~]# ibstatus\nFatal error:  device '*': sys files not found (/sys/class/infiniband/*/ports)";
  t.match(explain(none), {
    selection: { transport: 'tcp', nodes: [{ node: 'n1' }] },
    diagnoses: [{ category: 'no-rdma-device-in-container' }],
  });
});
