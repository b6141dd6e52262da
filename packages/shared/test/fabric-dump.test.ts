import { splitSections } from '@dsr1/shared/fabric/detect';
import { readManifestDump, readTexts } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { mergeNode } from '@dsr1/shared/fabric/merge/merge-node';
import { linesOf, MAX_LINE_LENGTH } from '@dsr1/shared/fabric/parse/text';
import { test } from 'tap';

const POLICY = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;

const SESSION = `大家好，两台机器的输出如下：
[root@gpu1 ~]# ibdev2netdev
mlx5_0 port 1 ==> eth0 (Up)
mlx5_1 port 1 ==> ens1f0 (Up)
[root@gpu1 ~]# show_gids
DEV     PORT    INDEX   GID                                     IPv4            VER     DEV
mlx5_0  1       3       0000:0000:0000:0000:0000:ffff:0a00:0001 10.0.0.1        v2      eth0
mlx5_1  1       3       0000:0000:0000:0000:0000:ffff:0a09:0001 10.9.0.1        v2      ens1f0
[root@gpu1 ~]# ip -4 a show eth0
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    inet 10.0.0.1/24 scope global eth0
[root@gpu1 ~]# export NCCL_IB_HCA=mlx5_1：1
[root@gpu2 ~]# ibdev2netdev
mlx5_0 port 1 ==> eth0 (Down)
[root@gpu2 ~]# ip a
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    inet 10.0.0.2/24 scope global eth0
谢谢！
`;

const mergedOf = (text: string, name = 'host') => {
  const dumped = readTexts(new Map([['-', text]])).nodes.find((node) => node.name === name);
  if (!dumped) throw new Error(`no node ${name}`);
  return mergeNode(dumped, dumped.evidence);
};

test('a pasted session is taken apart by prompt and by tool', async (t) => {
  const sections = splitSections(SESSION).map((section) => [
    section.host,
    section.kind,
    section.lines.filter((line) => line !== '').length,
  ]);
  t.same(sections, [
    [null, 'notes', 1],
    ['gpu1', 'ibdev2netdev', 2],
    ['gpu1', 'show_gids', 3],
    ['gpu1', 'ip-a', 2],
    ['gpu1', 'env', 1],
    ['gpu2', 'ibdev2netdev', 1],
    ['gpu2', 'ip-a', 3],
  ]);
  const gpu1 = mergedOf(SESSION, 'gpu1');
  t.same(
    gpu1.hcas?.map((hca) => [hca.device, hca.ports[0]?.netdev, hca.ports[0]?.gids?.[0]?.ipv4]),
    [
      ['mlx5_0', 'eth0', '10.0.0.1'],
      ['mlx5_1', 'ens1f0', '10.9.0.1'],
    ],
  );
  t.match(mergedOf(SESSION, 'gpu2').netdevs, [
    { name: 'eth0', addresses: [{ address: '10.0.0.2', prefixLength: 24 }] },
  ]);
});

test('banners, folders and manifests name nodes as well', async (t) => {
  t.same(
    splitSections('=== node7 ===\nmlx5_0 port 1 ==> eth0 (Up)').map((section) => section.host),
    ['node7'],
  );
  const folders = readTexts(
    new Map([
      ['a/x.txt', 'mlx5_0 port 1 ==> eth0 (Up)'],
      ['b/x.txt', 'mlx5_0 port 1 ==> eth0 (Up)'],
    ]),
  );
  t.same(
    folders.nodes.map((node) => node.name),
    ['a', 'b'],
  );
  const listed = readManifestDump(
    { nodes: [{ name: 'n', gpus: 8, files: { 'ip-a': 'ip.txt', ibstat: 'missing.txt' } }] },
    new Map([['ip.txt', 'inet 10.0.0.1/24 scope global eth0']]),
  );
  t.match(listed.nodes[0], { name: 'n', group: 'main', gpuCount: 8 });
  t.equal(listed.nodes[0]?.evidence.length, 1);
});

test('hosts are named by what stands in a text, then by folder and file, never by the path to it', async (t) => {
  const named = (texts: Readonly<Record<string, string>>) =>
    readTexts(new Map(Object.entries(texts))).nodes.map((node) => node.name);
  const table = 'mlx5_0 port 1 ==> eth0 (Up)';
  const prompt = `root@gpu7:~# ibdev2netdev\n${table}`;
  const log = (host: string) => `${host}:7:7 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.1<0>`;
  for (const [text, name] of [
    [table, 'host'],
    [prompt, 'gpu7'],
    [log('gpu8'), 'gpu8'],
    [`${table}\n${log('gpu8')}`, 'gpu8'],
  ] as const) {
    for (const path of ['-', 'session-5.txt', 'gpu3-ibdev2netdev.txt', 'ip-a.txt'])
      t.same(named({ [path]: text }), [name], `alone: ${path}`);
    const folder = text === prompt ? 'gpu7' : text === log('gpu8') ? 'gpu8' : 'rack-1';
    t.same(named({ 'rack-1/a.txt': text }), [folder], 'in a folder');
    t.same(named({ 'x/rack-1/a.txt': text, 'x/rack-2/a.txt': table }), [folder, 'rack-2'], 'in an archive');
  }
  t.same(named({ 'gpu1.txt': table, 'gpu2.txt': table, 'gpu2-show_gids.log': table }), ['gpu1', 'gpu2']);
  t.same(named({ 'ibdev2netdev.txt': table, 'show_gids.txt': table, 'nccl.log': table }), ['host']);
  t.same(named({ 'ibdev2netdev.txt': table, 'nccl.log': log('gpu8') }), ['gpu8']);
  t.same(named({ 'gpu1.txt': table, 'b.txt': `=== gpu1.lan ===\n${table}` }), ['gpu1']);
  t.same(named({ '-': `${log('gpu8')}\n${log('gpu9')}` }), ['gpu8', 'gpu9'], 'a log of two hosts');
  t.same(named({ '-': `${prompt}\n${log('gpu7.lan')}` }), ['gpu7']);
  t.same(named({ '-': `Hello\n${prompt}\n${prompt.replace('gpu7', 'gpu6')}` }), ['gpu7', 'gpu6']);
  const [first, second] = readTexts(
    new Map([
      [
        '-',
        `${log('a')}\na:7:7 [0] NCCL INFO NCCL_IB_HCA set by environment to mlx5_1\n${log('b')}\nb:7:7 [0] NCCL INFO NCCL_IB_HCA set by environment to mlx5_2`,
      ],
    ]),
  ).nodes;
  t.match(first?.evidence, [{ env: [{ value: 'mlx5_1' }] }]);
  t.match(second?.evidence, [{ env: [{ value: 'mlx5_2' }] }], 'settings are of the host that printed them');
});

test('a file of something else makes no host, and is named; facts of an agent make one', async (t) => {
  const table = 'mlx5_0 port 1 ==> eth0 (Up)';
  const read = (texts: Readonly<Record<string, string>>) => {
    const { nodes, ignored } = readTexts(new Map(Object.entries(texts)));
    return { hosts: nodes.map(({ name }) => name), ignored };
  };
  const text = JSON.stringify(
    { nodes: ['a'], raw: table, line: 'a:1:2 [0] NCCL WARN ibv_open_device failed' },
    null,
    1,
  );
  t.same(
    read({
      'case.json': text,
      'ibdev2netdev.txt': table,
      'README.md': '# Two hosts',
      'x.json': '[{"id":1}]',
    }),
    { hosts: ['host'], ignored: ['case.json', 'README.md', 'x.json'] },
    'the table keeps its nameless host',
  );
  t.same(read({ 'a/ip.txt': table, 'b/ip.txt': table, 'b/todo.txt': 'later', 'docs/how.md': 'Read me' }), {
    hosts: ['a', 'b'],
    ignored: ['docs/how.md'],
  });
  t.same(
    read({
      'gpu1.txt': table,
      'gpu2.txt': '-bash: ibdev2netdev: command not found',
      'gpu3.txt': '=== gpu3 ===\nhm',
    }),
    { hosts: ['gpu1', 'gpu2', 'gpu3'], ignored: [] },
    'a host that lacks the tools, or is named, is one',
  );
  t.same(
    read({ 'README.md': 'nothing' }),
    { hosts: ['host'], ignored: [] },
    'a lone file is what was asked about',
  );
  t.same(read({ 'case.json': text }), { hosts: [], ignored: ['case.json'] });
  t.same(
    read({ 'a.txt': table, 'b.json': '[{"ifname":"eth0","link_type":"ether"}]' }).hosts,
    ['a', 'b'],
    'ip -j',
  );

  const facts = { netdevs: null, routes: null, hcas: [], gpuCount: 8, gpuTopology: null, contradictions: [] };
  const given = { 'gpu1/facts.json': JSON.stringify(facts), 'gpu1/log.txt': table, 'gpu2.txt': table };
  const { nodes } = readTexts(new Map(Object.entries(given)));
  t.match(nodes, [
    { name: 'gpu1', facts: { gpuCount: 8 }, evidence: [{ kind: 'ibdev2netdev' }] },
    { name: 'gpu2', facts: null },
  ]);
});

test('texts of two hosts that pass for one are told, and no verdict is built on them', async (t) => {
  const explain = (text: string) => explainDump(readTexts(new Map([['-', text]])), POLICY).groups[0];
  const doubts = (text: string) =>
    (explain(text)?.nodes[0]?.contradictions ?? []).map(({ subject, believed, rejected }) => [
      subject,
      believed.value,
      rejected.value,
    ]);
  const link = (device: string, netdev: string) => `${device} port 1 ==> ${netdev} (Up)`;
  const here = [link('mlx5_0', 'ibp1s0'), link('mlx5_1', 'ens1')].join('\n');
  const stat = (device: string) => `CA '${device}'\n\tPort 1:\n\t\tState: Active`;
  t.same(doubts(`$ ibdev2netdev\n${here}`), []);
  t.same(doubts(`$ ibdev2netdev\n${here}\n$ ibstat mlx5_0\n${stat('mlx5_0')}`), [], 'one device of it');
  t.same(doubts(`$ ibstat rxe0\n${stat('rxe0')}\n$ ibdev2netdev\n${here}`), [
    ['RDMA devices', 'rxe0', 'mlx5_0 mlx5_1'],
  ]);
  t.same(
    doubts(`$ ibdev2netdev\n${here}\n$ ibdev2netdev\n${link('mlx5_1', 'ens1')}\n${link('mlx5_2', 'ens2')}`),
    [['RDMA devices', 'mlx5_0 mlx5_1', 'mlx5_1 mlx5_2']],
  );
  const address = (last: number) =>
    `$ ip -4 a\n1: lo: <LOOPBACK,UP,LOWER_UP>\n    inet 127.0.0.1/8 scope host lo\n2: eth0: <UP,LOWER_UP>\n    inet 10.0.0.${last}/24 scope global eth0\n`;
  t.same(doubts(`${address(1)}${address(1)}`), []);
  t.same(doubts(`${address(1)}${address(2)}`), [['eth0 address', '10.0.0.1', '10.0.0.2']]);
  const table = (...rows: (readonly [index: number, host: string])[]) =>
    [
      'DEV\tPORT\tINDEX\tGID\tIPv4\tVER\tDEV',
      ...rows.map(
        ([i, host]) =>
          `mlx5_4\t1\t${i}\t0000:0000:0000:0000:0000:ffff:ac14:01${host}\t172.20.1.${Number(host)}\tv2\tnet1`,
      ),
    ].join('\n');
  t.same(doubts(`${table([5, '01'])}\nlater\n${table([7, '01'], [9, '03'])}`), [], 'rows move');
  t.match(doubts(`${table([5, '01'])}\nbut the other:\n${table([7, '02'])}`), [
    ['mlx5_4 GIDs', /ac14:0101/, /ac14:0102/],
  ]);
  const log = (device: string, layer: string) =>
    `gpu8:7:7 [0] NCCL INFO NET/IB : Using [0]${device}:1/${layer} ; OOB eth0:10.0.0.1<0>`;
  t.same(doubts(`${address(1)}$ ibdev2netdev\n${here}\n${log('mlx5_0', 'IB')}`), []);
  t.same(doubts(`${here}\n${log('mlx5_0', 'RoCE')}`), [['mlx5_0:1 link layer', 'InfiniBand', 'RoCE']]);
  t.same(doubts(`${here}\n${log('mlx5_7', 'IB')}`), [['RDMA devices', 'mlx5_0 mlx5_1', 'mlx5_7:1']]);
  t.same(doubts(`${address(1)}${log('mlx5_0', 'IB').replace('eth0', 'eth7')}`), [
    ['interfaces', 'lo eth0', 'eth7'],
  ]);
  const blended = explain(`${here}\n${log('mlx5_0', 'RoCE')}`)?.verdict;
  t.match(blended, { verdict: 'warn', because: [/several hosts/] });
});

test('every interface has its reason, and sockets that NCCL opened in vain are told', async (t) => {
  const text = [
    'gpu9:7:7 [0] NCCL INFO Bootstrap : Using eno3:10.1.0.9<0>',
    'gpu9:7:8 [0] NCCL INFO NET/Socket : Using [0]eno3:10.1.0.9<0> [1]lxcbr0:10.0.3.1<0> [2]tailscale0:100.72.2.3<0>',
    'gpu9:7:8 [0] NCCL INFO Using network Socket',
  ].join('\n');
  const [group] = explainDump(readTexts(new Map([['-', text]])), POLICY).groups;
  t.match(group?.selection.nodes[0], { controlInterface: 'eno3', address: '10.1.0.9' });
  t.match(group?.interfaces.gpu9, [
    { subject: 'lxcbr0', decision: 'out', because: /bridge of containers/ },
    { subject: 'tailscale0', decision: 'out', because: /virtual private network/ },
  ]);
  t.match(group?.diagnoses[0], { cause: /lxcbr0.*tailscale0/, fix: /NCCL_SOCKET_IFNAME==eno3/ });
  const shown =
    '1: lo: <LOOPBACK,UP,LOWER_UP>\n2: eth0: <UP,LOWER_UP>\n    inet 10.0.0.1/24 scope global eth0\n3: eth1: <UP>\n4: eth2: <UP,LOWER_UP>\n    inet 10.9.0.1/24 scope global eth2\n5: eth3: <UP,LOWER_UP>\n';
  const [other] = explainDump(readTexts(new Map([['-', shown]])), POLICY).groups;
  t.same(
    other?.interfaces.host?.map(
      ({ subject, because }) => `${subject} ${because.replace('not for bootstrap: ', '')}`,
    ),
    [
      'eth1 it is down',
      'eth2 eth0 comes first',
      'eth3 it has no address that other hosts can use',
      'lo loopback',
    ],
  );
});

test('a file with two hosts is shared out by its captions', async (t) => {
  const files = { 'ip-a': 'ip.txt' };
  const text =
    'Node 1:\n2: eth0: <UP,LOWER_UP> mtu 1500\n    inet 10.0.0.1/24 scope global eth0\nNode 2:\n2: eth0: <UP,LOWER_UP> mtu 1500\n    inet 10.0.0.2/24 scope global eth0\n';
  const dump = readManifestDump(
    {
      nodes: [
        { name: 'node01', files },
        { name: 'node02', files },
      ],
    },
    new Map([['ip.txt', text]]),
  );
  const addresses = dump.nodes.map((node) =>
    mergeNode(node, node.evidence).netdevs?.flatMap((netdev) =>
      netdev.addresses.map((entry) => entry.address),
    ),
  );
  t.same(addresses, [['10.0.0.1'], ['10.0.0.2']]);
});

test('hosts before every line, and quoted mail', async (t) => {
  const pdsh =
    'gpu1: mlx5_0 port 1 ==> eth1 (Up)\ngpu1: mlx5_1 port 1 ==> eth2 (Up)\ngpu2: mlx5_0 port 1 ==> eth1 (Up)\ngpu2: mlx5_1 port 1 ==> eth2 (Down)\n';
  t.same(
    readTexts(new Map([['-', pdsh]])).nodes.map((node) => [node.name, node.evidence[0]?.ports.length]),
    [
      ['gpu1', 2],
      ['gpu2', 2],
    ],
  );
  t.equal(mergedOf('> > mlx5_0 port 1 ==> eth0 (Up)\n> > mlx5_1 port 1 ==> eth1 (Up)').hcas?.length, 2);
});

test('a pinned GID index is shown, never exported, where no table was posted', async (t) => {
  const text = 'mlx5_0 port 1 ==> eth1 (Up)\nexport NCCL_IB_GID_INDEX=3\n';
  const [group] = explainDump(readTexts(new Map([['-', text]])), POLICY).groups;
  const [fabric] = group?.selection.nodes ?? [];
  t.match(fabric, { gidEnv: 'unset', hcas: [{ device: 'mlx5_0', gidIndex: 3 }] });
  t.notOk('NCCL_IB_GID_INDEX' in (fabric?.env ?? {}));
});

test('noise that looks like thousands of ports is bounded and said', async (t) => {
  const noise = Array.from({ length: 5000 }, (_, at) => `mlx5_${at} port 1 ==> eth${at} (Up)`).join('\n');
  const node = mergedOf(noise);
  t.equal(node.hcas?.length, 1024);
  t.match(node.contradictions, [{ subject: 'number of RDMA ports', rejected: { value: '5000' } }]);
});

test('sources that disagree are reported, the one nearer to the kernel is believed', async (t) => {
  const node = mergedOf(
    'mlx5_0 port 1 ==> eth0 (Up)\nlink mlx5_0/1 state ACTIVE physical_state LINK_UP netdev eth7\n',
  );
  t.equal(node.hcas?.[0]?.ports[0]?.netdev, 'eth7');
  t.match(node.contradictions, [
    {
      subject: 'mlx5_0:1 netdev',
      believed: { value: 'eth7', source: '- (rdma-link)' },
      rejected: { value: 'eth0', source: '- (ibdev2netdev)' },
    },
  ]);
});

test('a port without netdev is joined by GUID, MAC or address, never against rdma link', async (t) => {
  const ib = mergedOf(
    "CA 'mlx5_0'\n\tPort 1:\n\t\tState: Active\n\t\tPort GUID: 0xe8ebd303008a155e\n\t\tLink layer: InfiniBand\n5: ib0: <UP,LOWER_UP> mtu 4092\n    link/infiniband 00:00:10:47:fe:80:00:00:00:00:00:00:e8:eb:d3:03:00:8a:15:5e brd 00\n",
  );
  t.equal(ib.hcas?.[0]?.ports[0]?.netdev, 'ib0');
  const eth = mergedOf(
    "CA 'mlx5_0'\n\tPort 1:\n\t\tState: Active\n\t\tPort GUID: 0xa288c2fffee3142a\n\t\tLink layer: Ethernet\n5: eth3: <UP,LOWER_UP> mtu 4092\n    link/ether a0:88:c2:e3:14:2a brd ff:ff:ff:ff:ff:ff\n",
  );
  t.equal(eth.hcas?.[0]?.ports[0]?.netdev, 'eth3');
  const elsewhere = mergedOf(
    'link mlx5_0/1 state ACTIVE physical_state LINK_UP\n5: eth3: <UP,LOWER_UP> mtu 4092\n    link/ether a0:88:c2:e3:14:2a brd ff:ff:ff:ff:ff:ff\n',
  );
  t.equal(elsewhere.hcas?.[0]?.ports[0]?.netdev, null);
});

test('an empty GID table is told from one that was not posted', async (t) => {
  const shown = mergedOf(
    'mlx5_0 port 1 ==> eth0 (Up)\nmlx5_1 port 1 ==> eth1 (Up)\nmlx5_0 1 3 ::ffff:10.0.0.1 10.0.0.1 v2 eth0\nn_gids_found=1\n',
  );
  t.same(
    shown.hcas?.map((hca) => hca.ports[0]?.gids?.length ?? null),
    [1, 0],
  );
  t.same(mergedOf('mlx5_0 port 1 ==> eth0 (Up)\n').hcas?.[0]?.ports[0]?.gids, null);
});

test('NICn of a topology without legend is no device once real names are known', async (t) => {
  const topo = '        GPU0    NIC0\nGPU0     X      PIX\nNIC0    PIX      X\n';
  t.same(mergedOf(topo).gpuTopology?.gpuToHca, [{ gpu: 0, device: 'NIC0', level: 'PIX' }]);
  t.equal(mergedOf(`mlx5_0 port 1 ==> eth0 (Up)\n${topo}`).gpuTopology, null);
  t.match(
    mergedOf(`mlx5_0 port 1 ==> eth0 (Up)\n${topo}\nNIC Legend:\n\n  NIC0: mlx5_0\n`).gpuTopology?.gpuToHca,
    [{ device: 'mlx5_0' }],
  );
});

test('GIDs without a device name choose an index and name no device', async (t) => {
  const table =
    '| index | type | GID |\n|---|---|---|\n| 0 | RoCE v2 | fe80::1 |\n| 1 | RoCE v2 | ::ffff:10.0.0.1 |\n';
  const answer = explanationJson(explainDump(readTexts(new Map([['t.md', table]])), POLICY)) as {
    nodes: Record<string, { hca: string[]; gid_index: Record<string, number>; env: object }>;
  };
  t.match(answer.nodes.host, { hca: [], gid_index: { '*': 1 } });
  t.notOk('NCCL_IB_HCA' in (answer.nodes.host?.env ?? {}));
});

test('a device with several ports is named with the one that is used', async (t) => {
  const links = [
    'link mlx4_0/1 state DOWN physical_state POLLING netdev ens1',
    'link mlx4_0/2 state ACTIVE physical_state LINK_UP netdev ens1d1',
    'link mlx5_0/1 state ACTIVE physical_state LINK_UP netdev ens2',
  ];
  const rows = [
    'mlx4_0\t2\t3\t0000:0000:0000:0000:0000:ffff:0a01:0001\t10.1.0.1\tv2\tens1d1',
    'mlx5_0\t1\t5\t0000:0000:0000:0000:0000:ffff:0a02:0001\t10.2.0.1\tv2\tens2',
  ];
  const dump = readTexts(new Map([['t', [...links, ...rows, ''].join('\n')]]));
  const { nodes } = explanationJson(explainDump(dump, POLICY));
  t.match(nodes, { host: { hca: ['mlx4_0:2', 'mlx5_0'], gid_index: { 'mlx4_0:2': 3, mlx5_0: 5 } } });
});

const SOCKETS = [
  'NCCL INFO NET/IB : No device found.',
  'NCCL INFO NET/Socket : Using [0]eth0:192.0.2.2<0>',
  'NCCL INFO Using network Socket',
];

test('no RDMA device is a cause only where the gang leaves its host, or ended there', async (t) => {
  const inits = (nranks: number, ranks: number) =>
    Array.from(
      { length: ranks },
      (_, i) => `NCCL INFO comm 0x1 rank ${i} nranks ${nranks} cudaDev ${i} - Init START`,
    );
  const nodes = (count: number) => [
    `NCCL INFO comm 0x1 rank 0 nRanks 2 nNodes ${count} localRanks 1 localRank 0`,
  ];
  const channel = 'NCCL INFO Channel 00/0 : 1[0] -> 0[0] [receive] via NET/Socket/0';
  const cases: [string, boolean, string[][]][] = [
    ['one rank', false, [[...SOCKETS, ...inits(1, 1)]]],
    ['two ranks of one host, by the number of nodes', false, [[...SOCKETS, ...inits(2, 1), ...nodes(1)]]],
    ['two ranks of one host, both in the log', false, [[...SOCKETS, ...inits(2, 2)]]],
    ['two nodes', true, [[...SOCKETS, ...nodes(2)]]],
    ['a rank elsewhere', true, [[...SOCKETS, ...inits(2, 1)]]],
    ['a channel over the network', true, [[...SOCKETS, channel]]],
    ['a log of each of two hosts', true, [SOCKETS, SOCKETS]],
    [
      'it ended there',
      true,
      [['NCCL INFO NET/IB : No device found.', 'NCCL WARN Failed to initialize any NET plugin']],
    ],
  ];
  for (const [name, wanted, logs] of cases) {
    const texts = logs.map(
      (lines, i) =>
        [`host${i}/nccl.log`, lines.map((line) => `host${i}:1:1 [0] ${line}\n`).join('')] as const,
    );
    const explanation = explainDump(readTexts(new Map(texts)), POLICY);
    const found = explanation.groups.flatMap(({ diagnoses }) => diagnoses.map(({ category }) => category));
    t.equal(found.includes('no-rdma-device-in-container'), wanted, `${name}: ${found}`);
  }
  const open = SOCKETS.map((line) => `host0:1:1 [0] ${line}\n`).join('');
  const [group] = explainDump(readTexts(new Map([['nccl.log', open]])), POLICY).groups;
  t.match(
    new Map(group?.diagnoses.map(({ category, confidence }) => [category, confidence])),
    new Map([
      ['no-rdma-device-in-container', 'low'],
      ['tcp-fallback', 'high'],
    ]),
    'nothing says how many there are: a guess beside the fall to sockets',
  );
});

test('a number of more than three digits is no port', async (t) => {
  const huge = '9'.repeat(21);
  const lines = [
    `mlx5_0 port ${huge} ==> eth0 (Up)`,
    `link mlx5_0/${huge} state ACTIVE physical_state LINK_UP netdev eth0`,
    `Infiniband device 'mlx5_0' port ${huge} status:`,
    `host:1:1 [0] NCCL INFO NET/IB : Using [0]mlx5_0:${huge}/RoCE [RO]; OOB eth0:10.0.0.1<0>`,
    `[{"ifname":"mlx5_0","port":${huge},"state":"ACTIVE","physical_state":"LINK_UP","netdev":"eth0"}]`,
  ];
  for (const line of lines) {
    const { nodes } = explanationJson(explainDump(readTexts(new Map([['t', `${line}\n`]])), POLICY));
    for (const node of Object.values(nodes as Record<string, { hca: string[] }>)) t.same(node.hca, [], line);
  }
});

test('colours, full-width marks and endless lines are tamed', async (t) => {
  t.same(linesOf('\u001b[1mmlx5_0\u001b[0m port 1 ==＞ eth0 （Up）\r\n\ufeffx'), [
    'mlx5_0 port 1 ==> eth0 (Up)',
    'x',
  ]);
  t.equal(linesOf('a'.repeat(1_000_000))[0]?.length, MAX_LINE_LENGTH);
});
