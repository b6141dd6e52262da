/** Shapes in which people post what their hosts print. The hosts are invented, the shapes are not. */
import { diagnoseFabric } from '@dsr1/shared/fabric/diagnose/diagnose';
import { readManifestDump, readTexts } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { classifyError } from '@dsr1/shared/fabric/nccl-log/error-rules';
import { readNcclLog } from '@dsr1/shared/fabric/nccl-log/read';
import { unwrapped } from '@dsr1/shared/fabric/nccl-log/unwrap';
import { parseGidTable } from '@dsr1/shared/fabric/parse/gid-table';
import { parseIbdev2netdev } from '@dsr1/shared/fabric/parse/ibdev2netdev';
import { parseIbstat } from '@dsr1/shared/fabric/parse/ibstat';
import { parseIbvDevinfo } from '@dsr1/shared/fabric/parse/ibv-devinfo';
import { parseIpAddr } from '@dsr1/shared/fabric/parse/ip-addr';
import { parseRdmaLink } from '@dsr1/shared/fabric/parse/rdma-link';
import { parseShowGids } from '@dsr1/shared/fabric/parse/show-gids';
import { test } from 'tap';

const POLICY = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;

/** One host of which these texts were posted. */
function explained(files: Readonly<Record<string, string>>, gpus?: number) {
  const kinds = Object.keys(files);
  const manifest = {
    nodes: [
      {
        name: 'n1',
        ...(gpus === undefined ? {} : { gpus }),
        files: Object.fromEntries(kinds.map((kind) => [kind, `${kind}.txt`])),
      },
    ],
  };
  const texts = new Map(kinds.map((kind) => [`${kind}.txt`, files[kind] ?? '']));
  const group = explainDump(readManifestDump(manifest, texts), POLICY).groups[0];
  const node = group?.selection.nodes[0];
  return {
    hcas: node?.hcas.map((hca) => hca.device),
    gids: node?.hcas.map((hca) => hca.gidIndex),
    control: node?.controlInterface,
    reasons: node?.reasons ?? [],
  };
}

test('rdma: queue pairs and counters are no links', async (t) => {
  const text = [
    'link mlx5_0/1: state ACTIVE physical_state LINK_UP netdev eth4',
    'link mlx5_0/1 lqpn 1 type GSI state RTS sq-psn 0 comm ib_core',
    'link mlx5_0/1 rx_write_requests 0 out_of_buffer 7',
  ];
  const { rows, unknown } = parseRdmaLink(text);
  t.match(rows, [{ device: 'mlx5_0', state: 'active', netdev: 'eth4' }]);
  t.equal(rows.length, 1);
  t.strictSame(unknown, text.slice(1));
  const json = '[{"ifindex":0,"ifname":"mlx5_0","port":1,"lqpn":1,"type":"GSI","state":"RTS"}]';
  t.strictSame(parseRdmaLink(json).rows, []);
});

test('ibdev2netdev -v without PCI address', async (t) => {
  const { rows } = parseIbdev2netdev(
    'mlx4_0 (mt26428 - MT10X) BOARD   QDR   fw 2.9.1000 port 2 (DOWN  ) ==> ib1 (Down)',
  );
  t.match(rows, [
    { device: 'mlx4_0', port: 2, state: 'down', netdev: 'ib1', firmware: '2.9.1000', pci: null },
  ]);
  const explanation = explained({
    notes: '$ ibdev2netdev -v\nmlx4_0 (mt26428 - X) B fw 2.9 port 1 (ACTIVE) ==> ib0 (Up)',
  });
  t.strictSame(explanation.hcas, ['mlx4_0'], 'known as such in a pasted session');
});

test('a virtual function is known by its model, and out only beside its card', async (t) => {
  const verbose = (pci: string, device: string, model: string) =>
    `${pci} ${device} (${model} - NA)  fw 16.1.1 port 1 (ACTIVE) ==> eth${device.slice(-1)} (Up)`;
  const lines = [
    verbose('0000:3b:00.0', 'mlx5_0', 'MT4119'),
    verbose('0000:3b:00.2', 'mlx5_2', 'MT4120'),
    verbose('0000:86:00.1', 'mlx5_3', 'MT4120'),
  ];
  const { hcas, reasons } = explained({ ibdev2netdev: lines.join('\n') });
  t.strictSame(hcas, ['mlx5_0', 'mlx5_3']);
  t.match(reasons.find(({ subject }) => subject.startsWith('mlx5_2'))?.because, /card of mlx5_0/);
  const part = (model: number, vendor = '0x02c9') =>
    `hca_id: x_0\n vendor_id: ${vendor}\n vendor_part_id: ${model}\n  port: 1\n   state: PORT_ACTIVE (4)`;
  t.match(parseIbvDevinfo(part(4126)).rows, [{ virtualFunction: true }]);
  t.match(parseIbvDevinfo(part(4129)).rows, [{ virtualFunction: false }]);
  t.match(
    parseIbvDevinfo(part(4126, '0x14e4')).rows,
    [{ virtualFunction: null }],
    'another maker counts otherwise',
  );
  t.match(parseIbstat("CA 'x_0'\n\tCA type: MT4124\n\tPort 1:\n\t\tState: Active").rows, [
    { virtualFunction: true },
  ]);
});

test('GID tables of scripts that walk sysfs, and rows in bold', async (t) => {
  const { rows } = parseGidTable(
    [
      'index=3 gid=0000:0000:0000:0000:0000:ffff:0a00:0001 type=RoCE v2 netdev=eth2',
      '  idx=2   gid=fe80:0000:0000:0000:0000:00ff:fe00:0001  ndev=eth2   type=IB/RoCE v1',
      'index=4 gid=0000:0000:0000:0000:0000:0000:0000:0000 type=unknown netdev=unknown',
    ].join('\n'),
  );
  t.strictSame(rows, [
    {
      device: null,
      port: null,
      index: 3,
      gid: '0000:0000:0000:0000:0000:ffff:0a00:0001',
      version: 2,
      ipv4: '10.0.0.1',
      netdev: 'eth2',
    },
    {
      device: null,
      port: null,
      index: 2,
      gid: 'fe80:0000:0000:0000:0000:00ff:fe00:0001',
      version: 1,
      ipv4: null,
      netdev: 'eth2',
    },
  ]);
  t.match(parseIbvDevinfo('  **GID[  3]:   ::ffff:10.0.0.1, RoCE v2').gids, [{ index: 3, ipv4: '10.0.0.1' }]);
  const bold = parseIpAddr(
    '2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500\n    inet **10.0.0.1**/24 scope global eth0',
  );
  t.match(bold.rows, [{ addresses: [{ address: '10.0.0.1', prefixLength: 24 }], masked: [] }]);
  const masked = parseIpAddr(
    '2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500\n    inet 10.**.**.7/24 scope global eth0',
  );
  t.match(masked.rows, [{ addresses: [], masked: ['10.**.**.7/24'] }], 'a hidden address stays hidden');
  const gid = parseShowGids('mlx5_0 1 3 0000:0000:0000:0000:0000:ffff:0a00:**** v2 eth0');
  t.match(gid.rows, [{ gid: '0000:0000:0000:0000:0000:ffff:0a00:****', ipv4: null }]);
});

test('two hosts on one cable: 169.254/16 carries RoCE, and is no control address', async (t) => {
  const ip = [
    '2: lan0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500',
    '    inet 192.168.7.4/24 scope global lan0',
    '4: cx0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9000',
    '    inet 169.254.3.4/16 scope link cx0',
  ].join('\n');
  const netdevs = 'rocep1s0f0 port 1 ==> cx0 (Up)\nrocep1s0f1 port 1 ==> cx1 (Down)';
  const gids = [
    'rocep1s0f0 1 1 fe80:0000:0000:0000:0000:00ff:fe00:0001 v2 cx0',
    'rocep1s0f0 1 3 0000:0000:0000:0000:0000:ffff:a9fe:0304 169.254.3.4 v2 cx0',
  ].join('\n');
  t.match(explained({ 'ip-a': ip, ibdev2netdev: netdevs, show_gids: gids }), {
    hcas: ['rocep1s0f0'],
    gids: [3],
    control: 'lan0',
  });
  t.strictSame(explained({ 'ip-a': ip, ibdev2netdev: netdevs }).hcas, ['rocep1s0f0'], 'without a GID table');
});

test('a dummy device joins no hosts', async (t) => {
  const ip = [
    '2: svc0: <BROADCAST,NOARP,UP,LOWER_UP> mtu 1500',
    '    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff',
    '    inet 10.9.9.9/24 scope global svc0',
    '3: wan0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500',
    '    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff',
    '    inet 10.1.1.1/24 scope global wan0',
  ].join('\n');
  t.equal(explained({ 'ip-a': ip }).control, 'wan0');
});

test('rails that GPUs share evenly, told from a front end by the address plan', async (t) => {
  const row = (n: number, address: string, hex: string) =>
    `mlx5_${n} 1 3 0000:0000:0000:0000:0000:ffff:${hex} ${address} v2 eth${n}`;
  const rails = [1, 2, 3, 4].map((n) => row(n, `25.1.${n}.2`, `1901:0${n}02`));
  const { hcas } = explained({ show_gids: [row(0, '10.0.0.3', '0a00:0003'), ...rails].join('\n') }, 8);
  t.strictSame(hcas, ['mlx5_1', 'mlx5_2', 'mlx5_3', 'mlx5_4']);
});

test('the matrix counts wherever in the session it stands', async (t) => {
  const text = [
    'u@n1:~$ lsmod | grep nvidia',
    'nvidia_uvm  1  0',
    'u@n1:~$ nvidia-smi topo -m',
    '      GPU0  NIC0  CPU Affinity',
    'GPU0   X    PIX   0-7',
    'NIC0  PIX    X',
  ].join('\n');
  const { hcas } = explained({ 'topo-m': text });
  t.strictSame(hcas, ['NIC0']);
});

test('logs as launchers and old releases print them', async (t) => {
  const tagged = readNcclLog([
    '[1,3]<stdout>:a1:11:12 [3] NCCL INFO Bootstrap : Using [0]ens5:10.0.0.1<0>',
    '[1,9]<stdout>:b2:21:22 [1] NCCL INFO Bootstrap : Using [0]ens6:10.0.0.2<0>',
  ]);
  t.match(
    tagged,
    [
      { host: 'a1', oobIfname: 'ens5' },
      { host: 'b2', oobIfname: 'ens6' },
    ],
    'mpirun --tag-output',
  );
  const channels = (line: string) => readNcclLog([`a1:1:2 [0] NCCL INFO ${line}`])[0];
  t.match(channels('Ring 00 : 51[3d000] -> 56[1a000] [receive] via NET/IB/2'), {
    gdr: false,
    transport: 'verbs',
    netLinks: [],
  });
  t.match(channels('Ring 00 : 7 -> 8 [send] via NET/AWS Libfabric/0'), { gdr: false, netLinks: [] });
  t.match(channels('Channel 00/0 : 8[0] -> 0[0] [receive] via NET/IB/0(3)/GDRDMA'), {
    gdr: true,
    netLinks: [{ device: 0 }],
  });
  t.match(channels('Using network FastSocket'), { transport: 'socket' });
});

test('a port list that a terminal wrapped', async (t) => {
  const lines = [
    'a1:1:2 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/IB',
    '                  [2]mlx5_2:1/IB [RO]; OOB eth0:10.0.0.1',
    '                  [3]mlx5_9:1/IB',
  ];
  t.match(readNcclLog(lines), [
    { devicesUsed: ['mlx5_0:1', 'mlx5_1:1', 'mlx5_2:1'], oobIfname: 'eth0', nicCount: 3 },
  ]);
  const later = readNcclLog([lines[0] ?? '', 'a1:1:2 [0] NCCL INFO Using network IB', lines[1] ?? '']);
  t.match(later, [{ devicesUsed: ['mlx5_0:1', 'mlx5_1:1'] }], 'only right below it');
});

test('the version that the engine names counts where NCCL names none', async (t) => {
  const engine = 'INFO pynccl.py:63] vLLM is using nccl==2.27.5';
  const used = 'a1:1:2 [0] NCCL INFO Using network IB';
  t.match(readNcclLog([engine, used]), [{ host: 'a1', version: '2.27.5' }]);
  t.match(readNcclLog([engine, used, 'NCCL version 2.27.3+cuda12.9']), [{ version: '2.27.3' }]);
});

test('errors that share a category are all kept, repetitions are not', async (t) => {
  const warn = (words: string, gpu: number) => `a1:1:2 [${gpu}] misc/x.cc:1 NCCL WARN ${words}`;
  const [report] = readNcclLog([
    warn('Call to ibv_open_device failed', 0),
    warn('NET/IB : Unable to open device mlx5_1', 0),
    warn('NET/IB : Unable to open device mlx5_2', 0),
    warn('NET/IB : Unable to open device mlx5_2', 0),
  ]);
  t.strictSame(
    report?.errors.map(({ hca }) => hca),
    [null, 'mlx5_1', 'mlx5_2'],
  );
  t.equal(report?.errorsDropped, 1);
});

test('wordings', async (t) => {
  const category = (text: string) => classifyError(text)?.category ?? null;
  t.equal(
    category(
      'libibverbs: Warning: Driver bnxt_re does not support the kernel ABI of 6 (supports 1 to 1) for device x',
    ),
    'verbs-library-missing',
  );
  t.equal(
    category('vllm: symbol lookup error: /usr/lib/libmlx5.so: undefined symbol: mlx5dv_x'),
    'verbs-library-missing',
  );
  t.equal(category('a1:1:2 [5] NCCL WARN Failed to open libmlx5.so[.1]'), 'verbs-library-missing');
  t.equal(
    category('a1:1:2 [5] NCCL INFO Failed to open libmlx5.so[.1]'),
    null,
    'one that NCCL can do without',
  );
  t.equal(category('No IB devices found'), 'no-rdma-device-in-container');
  t.equal(
    category('Warning: Unable to resolve hostname to a (local) address. Using the loopback'),
    'loopback-used',
  );
});

test('a link-local bootstrap address beside a routable one', async (t) => {
  const reports = readNcclLog([
    'a1:1:1 [0] NCCL INFO Bootstrap : Using ib0:fe80::1:2%ib0<0>',
    'b2:1:1 [0] NCCL INFO Bootstrap : Using bond0:10.0.0.2<0>',
  ]).map((report) => ({ node: report.host, report }));
  const found = (from: typeof reports) =>
    diagnoseFabric({ nodes: [], selection: null, reports: from, env: [], errorLines: [] });
  t.match(found(reports), [{ category: 'wrong-interface', evidence: [{ node: 'a1' }] }]);
  t.strictSame(found(reports.slice(0, 1)), [], 'alone it says nothing');
});

test('a log from a terminal of fixed width is put together again', async (t) => {
  const warn =
    'a1:11:12 [0] misc/ibvwrap.cc:284 NCCL WARN Call to ibv_modify_qp failed with error Invalid argument';
  const info =
    'a1:11:12 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/RoCE [1]mlx5_1:1/RoCE [2]mlx5_2:1/RoCE [RO]; OOB eth0:10.0.0.1<0>';
  const cut = (lines: readonly string[], width: number) =>
    lines.flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
  for (const width of [72, 75, 80, 82, 90])
    t.strictSame(unwrapped(cut([warn, warn], width)), [warn, warn], `${width} columns`);
  const lists = (width: number) => readNcclLog(unwrapped(cut([info, info], width)))[0]?.devicesUsed;
  t.strictSame(lists(73), ['mlx5_0:1', 'mlx5_1:1', 'mlx5_2:1']);
  t.strictSame(lists(80), ['mlx5_0:1', 'mlx5_1:1'], 'a name that was cut is not guessed');
  t.strictSame(unwrapped([info, warn]), [info, warn], 'not cut');
  const once = ['x'.repeat(70), '  y'];
  t.strictSame(unwrapped(once), once, 'one line of the greatest length is any text’s');
});

test('a pair that cannot be set up, with hidden GIDs, may be of two rails', async (t) => {
  const found = (line: string) => {
    const reports = readNcclLog([line]).map((report) => ({ node: 'n1', report }));
    return diagnoseFabric({ nodes: [], selection: null, reports, env: [], errorLines: [] }).map(
      ({ category, confidence }) => `${category} ${confidence}`,
    );
  };
  const warn = (local: string, remote: string) =>
    `a1:1:2 [5] ibvwrap.c:262 NCCL WARN Call to ibv_modify_qp failed with 110 Connection timed out, on dev mlx5_3:1, local GID index 3, local GID ${local}, remote GID ${remote}`;
  t.strictSame(found(warn('::ffff:xx.x.x.x', '::ffff:xx.x.x.x')), [
    'firewall-or-route high',
    'rail-isolated low',
  ]);
  t.strictSame(found(warn('::ffff:10.0.1.1', '::ffff:10.0.1.2')), ['firewall-or-route high']);
});

test('a script that walks hosts names each before its output', async (t) => {
  const text = [
    'HOST=x2',
    'mlx5_0 port 1 ==> eth0 (Up)',
    '',
    'Hostname: x3',
    'mlx5_7 port 1 ==> eth9 (Up)',
  ].join('\n');
  const { nodes } = readTexts(new Map([['session.txt', text]]));
  t.strictSame(
    nodes.map(({ name, evidence }) => [
      name,
      evidence.flatMap(({ ports }) => ports.map(({ device }) => device)),
    ]),
    [
      ['x2', ['mlx5_0']],
      ['x3', ['mlx5_7']],
    ],
  );
  const captions = [
    ['# Node 1', '# Node 2'],
    ['## node-1 (10.0.0.1)', '## node-2 (10.0.0.2)'],
    ['**master node**', '**worker node**'],
    ['机器A的输出如下：', '机器B的输出如下：'],
    ['10.0.0.1 | CHANGED | rc=0 >>', '10.0.0.2 | CHANGED | rc=0 >>'],
    ['[1] 20:10:11 [SUCCESS] g1', '[2] 20:10:12 [SUCCESS] g2'],
    ['[10:22:33] u@g1:~$ ibdev2netdev', '[10:22:35] u@g2:~$ ibdev2netdev'],
  ];
  for (const [one, two] of captions) {
    const pasted = [one, 'mlx5_0 port 1 ==> eth0 (Up)', two, 'mlx5_7 port 1 ==> eth9 (Up)'].join('\n');
    const found = readTexts(new Map([['session.txt', pasted]])).nodes;
    t.equal(
      found.filter(({ evidence }) => evidence.some(({ ports }) => ports.length === 1)).length,
      2,
      `${one}`,
    );
  }
  const env = readTexts(new Map([['env.txt', 'NCCL_DEBUG=INFO\nHOSTNAME=pod-1\nMASTER_ADDR=10.0.0.1']]));
  t.strictSame(
    env.nodes.flatMap(({ evidence }) => evidence.flatMap((item) => item.env.map(({ name }) => name))),
    ['NCCL_DEBUG', 'HOSTNAME', 'MASTER_ADDR'],
  );
});

test('a libibverbs that does not fit the host’s kernel driver makes the HCA unusable, whatever sysfs shows', async (t) => {
  const group = (...lines: string[]) => {
    const text = [
      'rdma link show',
      'link mlx5_0/1 state ACTIVE physical_state LINK_UP netdev net1',
      'link mlx5_1/1 state ACTIVE physical_state LINK_UP netdev net2',
      ...lines,
    ].join('\n');
    return explainDump(readTexts(new Map([['-', text]])), POLICY).groups[0];
  };
  const abi = (device: string) =>
    `libibverbs: Warning: Driver mlx5 does not support the kernel ABI of 1 (supports 3 to 4) for device /sys/class/infiniband/${device}`;
  const load = (library: string) =>
    `libibverbs: Warning: couldn't load driver '${library}-rdmav34.so': ${library}-rdmav34.so: cannot open shared object file: No such file or directory`;
  const out = (found: ReturnType<typeof group>) =>
    found?.selection.nodes[0]?.reasons
      .filter(({ decision }) => decision === 'out')
      .map(({ subject }) => subject);

  const both = group('ibv_devinfo', abi('mlx5_0'), abi('mlx5_1'), 'No IB devices found');
  t.match(both?.selection.refusals, [
    {
      category: 'verbs-library-missing',
      because: /mlx5_0, mlx5_1.*ABI 3 to 4, the kernel’s driver 1/,
      fix: /MLNX_OFED/,
    },
  ]);
  t.strictSame(
    both?.diagnoses.map(({ category, confidence }) => [category, confidence]),
    [['verbs-library-missing', 'high']],
    'that no device was found follows from it',
  );
  const one = group(abi('mlx5_1'));
  t.strictSame(out(one), ['mlx5_1:1']);
  t.equal(one?.verdict.verdict, 'warn');
  t.strictSame(out(group(load('libmlx5'))), ['mlx5_0:1', 'mlx5_1:1'], 'the library of these devices');
  t.match(
    group(load('libipathverbs')),
    { verdict: { verdict: 'ok' }, diagnoses: [] },
    'of devices that are not here',
  );
  t.match(group('ibv_devinfo', 'No IB devices found')?.selection.refusals, [
    { category: 'no-rdma-device-in-container', fix: /pass \/dev\/infiniband in/ },
  ]);
  const opened = group(
    load('libmlx5'),
    'hca_id: mlx5_0',
    ' port: 1',
    '  state: PORT_ACTIVE (4)',
    '  link_layer: Ethernet',
  );
  t.strictSame(out(opened), ['mlx5_1:1'], 'ibv_devinfo opened mlx5_0');

  const alone = explainDump(readTexts(new Map([['-', abi('bnxt_re2')]])), POLICY).groups[0];
  t.equal(alone?.verdict.verdict, 'refuse', 'the complaint names the device');
  const log = ['NET/IB : No device found.', 'Using network Socket'].map(
    (text) => `n1:7:9 [0] NCCL INFO ${text}`,
  );
  const container = explainDump(readTexts(new Map([['-', [abi('bnxt_re2'), ...log].join('\n')]])), POLICY)
    .groups[0];
  t.strictSame(
    container?.diagnoses.map(({ category }) => category),
    ['verbs-library-missing', 'tcp-fallback'],
    'the log of such a container finds no device for this reason',
  );
  const bond = abi('mlx5_bond_0').replace('mlx5 does', 'bnxt_re does');
  t.match(
    readNcclLog(['n1:1:2 [0] NCCL INFO x', bond])[0]?.errors,
    [{ category: 'verbs-library-missing' }],
    'in a log as well',
  );
});
