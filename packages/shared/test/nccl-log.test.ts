import { test } from 'tap';
import { classifyError } from '../src/fabric/nccl-log/error-rules.ts';
import { transportProof } from '../src/fabric/nccl-log/proof.ts';
import { createNcclLogReader, readNcclLog } from '../src/fabric/nccl-log/read.ts';

const roce = [
  'gpu01:2628:2628 [0] NCCL INFO ENV/Plugin: Could not find: libnccl-env.so',
  'gpu01:2628:2628 [0] NCCL INFO Bootstrap: Using eth0:10.0.0.1<0>',
  'gpu01:2628:2628 [0] NCCL INFO NCCL version 2.28.9+cuda13.0',
  'gpu01:2628:2700 [0] NCCL INFO NCCL_IB_HCA set by environment to =mlx5_1:1,mlx5_2:1.',
  'gpu01:2628:2700 [0] NCCL INFO NET/IB : Using [0]mlx5_1:1/RoCE [1]mlx5_2:1/RoCE [RO]; OOB eth0:10.0.0.1<0>',
  'gpu01:2628:2700 [0] NCCL INFO Using network IB',
  'gpu01:2628:2700 [0] NCCL INFO ncclCommInitRankConfig comm 0x1 rank 0 nranks 16 cudaDev 0 nvmlDev 0 busId 60 commId 0x6f - Init START',
  'gpu01:2628:2700 [0] NCCL INFO Channel 00/0 : 8[0] -> 0[0] [receive] via NET/IB/0/GDRDMA',
  'gpu01:2628:2700 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM',
  'gpu01:2628:2700 [0] NCCL INFO ncclCommInitRankConfig comm 0x1 rank 0 nranks 16 cudaDev 0 nvmlDev 0 busId 60 commId 0x6f - Init COMPLETE',
];

test('a healthy run over RoCE', (t) => {
  t.match(readNcclLog(roce), [
    {
      library: 'nccl',
      host: 'gpu01',
      version: '2.28.9',
      network: 'IB',
      transport: 'roce',
      devicesUsed: ['mlx5_1:1', 'mlx5_2:1'],
      oobIfname: 'eth0',
      oobAddress: '10.0.0.1',
      nicCount: 2,
      gdr: true,
      env: { NCCL_IB_HCA: '=mlx5_1:1,mlx5_2:1' },
      ranks: [{ rank: 0, gpu: 0, nranks: 16, started: true, completed: true }],
      netLinks: [{ fromGpu: 0, toGpu: 0, device: 0, lineNumber: 8 }],
      errors: [],
      benign: [/libnccl-env/],
    },
  ]);
  t.end();
});

test('what collectors do to a log changes nothing', (t) => {
  const facts = (lines: string[]) =>
    readNcclLog(lines).map(({ bootstrapLine: _, netLinks: __, benign: ___, ...rest }) => rest);
  const plain = facts(roce);
  const esc = String.fromCharCode(27);
  t.strictSame(
    facts(roce.map((line) => `  | 2026-05-22T14:26:33.406-07:00 | ${line}`)),
    plain,
    'a log service',
  );
  t.strictSame(
    facts(roce.map((line) => `(RayWorkerWrapper pid=12, ip=10.0.0.9) ${esc}[36m${line}${esc}[0m\r`)),
    plain,
    'Ray, with colours',
  );
  t.strictSame(facts([roce.join(' ')]), plain, 'all on one physical line');
  t.end();
});

test('hosts are kept apart, and lines without a prefix belong to the last', (t) => {
  const lines = [
    '64:215:576 [0] NCCL INFO NET/IB : Using [0]mlx5_bond_0:1/RoCE ; OOB bond1:fe80::1%bond1<0>',
    'RCCL version 2.18.3+hip5.7 HEAD:b502725',
    'node-2:5:6 [3] NCCL INFO Bootstrap : Using [0]ib0:10.0.35.1<0>',
  ];
  const [first, second] = readNcclLog(lines);
  t.match(first, {
    host: '64',
    version: '2.18.3',
    library: 'rccl',
    oobIfname: 'bond1',
    oobAddress: 'fe80::1',
  });
  t.match(second, { host: 'node-2', version: null, oobIfname: 'ib0', transport: 'unknown' });
  t.end();
});

test('the transport is what was chosen, not what was found', (t) => {
  const transport = (...lines: string[]) =>
    readNcclLog(lines.map((line) => `h:1:2 [0] NCCL INFO ${line}`))[0]?.transport;
  const found = 'NET/IB : Using [0]mlx5_0:1/RoCE ; OOB eth0:10.0.0.1<0>';
  t.equal(transport(found, 'Using network Socket'), 'socket');
  t.equal(transport(found, 'Channel 00/0 : 1[0] -> 0[0] [receive] via NET/Socket/0'), 'socket');
  t.equal(transport(found, 'Using network UCX'), 'ucx');
  t.equal(transport('NET/IB : Using [0]mlx5_0:1/RoCE [1]ib1:1/IB ; OOB eth0:10.0.0.1<0>'), 'ib');
  t.equal(transport('NET/OFI Selected Provider is efa (found 4 nics)'), 'efa');
  t.equal(
    transport(
      'NET/OFI Selected provider is cxi, fabric is cxi (found 2 nics)',
      'Using network AWS Libfabric',
    ),
    'cxi',
  );
  t.equal(transport('NET/OFI Selected Provider is tcp'), 'socket');
  t.equal(transport('Channel 00/0 : 8[0] -> 0[0] [receive] via NET/IB/0'), 'verbs');
  t.equal(transport('Bootstrap : Using eth0:10.0.0.1<0>'), 'unknown');
  t.equal(
    readNcclLog(['h:1:2 [0] bootstrap.cc:45 NCCL WARN Bootstrap : no socket interface found'])[0]?.transport,
    'failed',
  );
  t.end();
});

test('GPUDirect is claimed only where all channels agree', (t) => {
  const gdr = (...lines: string[]) => readNcclLog(lines.map((line) => `h:1:2 [0] NCCL INFO ${line}`))[0]?.gdr;
  const via = (rest: string) => `Channel 00/0 : 8[0] -> 0[0] [receive] via NET/IB/${rest}`;
  t.equal(gdr(via('0/GDRDMA'), via('1/GDRDMA(PCI)')), true);
  t.equal(gdr(via('0'), via('1/Shared')), false);
  t.equal(gdr(via('0/GDRDMA'), via('1')), null);
  t.equal(
    gdr(
      "NET/IB : GPU Direct RDMA Enabled for HCA 0 'mlx5_0'",
      "NET/IB : GPU Direct RDMA Disabled for HCA 1 'mlx5_1'",
    ),
    null,
  );
  t.equal(gdr("NET/IB : GPU Direct RDMA Disabled for HCA 0 'mlx5_0'"), false);
  t.end();
});

test('errors by their wording, 2.14 to 2.30', (t) => {
  const cases: [line: string, category: string | null, more?: object][] = [
    ['Bootstrap : no socket interface found', 'no-socket-interface'],
    [
      'NET/IB : Got completion from peer 10.2.0.5<33092> with error 12, opcode 0, len 0, vendor err 129 (Recv)',
      'retry-exceeded',
      { peer: '10.2.0.5<33092>' },
    ],
    [
      'NET/IB: Got completion from peer 10.0.0.1<5> with status=12 opcode=0 len=0 vendor err 129 (Recv) localGid ::ffff:10.1.0.1 remoteGids::ffff:10.1.0.2 hca mlx5_3',
      'retry-exceeded',
      { hca: 'mlx5_3', localGid: '::ffff:10.1.0.1' },
    ],
    [
      'NET/IB: Got completion from peer 10.0.0.1<5> with status=IBV_WC_RETRY_EXC_ERR(12) opcode=IBV_WC_SEND(0) vendor_err=129',
      'retry-exceeded',
    ],
    [
      'NET/IB : Got completion from peer 10.0.0.1<5> with error 12, opcode 0, len 0, vendor err 129 (Recv) localGid fe80::9 remoteGid fe80::8',
      'wrong-gid',
      { localGid: 'fe80::9', remoteGid: 'fe80::8' },
    ],
    [
      'NET/IB: Got completion from peer 10.0.0.1<5> with status=5 opcode=0 len=0 vendor err 249 (Send)',
      'peer-died',
      { consequence: true },
    ],
    [
      'NET/IB: Got completion from peer 10.0.0.1<5> with status=4 opcode=0 len=0 vendor err 81 (Send)',
      'gdr-disabled',
    ],
    [
      'Call to ibv_modify_qp failed with 22 Invalid argument, on dev mlx5_1:1, curr state INIT, next state RTR, local GID index 3, local GID ::ffff:10.1.0.1, remote GID ::ffff:10.1.0.2',
      'wrong-gid',
      { hca: 'mlx5_1:1', localGid: '::ffff:10.1.0.1' },
    ],
    [
      'Call to ibv_modify_qp failed with 110 Connection timed out, on dev mlx5_1:1, curr state INIT, next state RTR, local GID index 3, local GID ::ffff:10.1.0.1, remote GID ::ffff:10.1.9.2',
      'rail-isolated',
    ],
    ['Call to ibv_modify_qp failed with error No such device errno 19', 'wrong-gid'],
    ['Call to ibv_modify_qp failed with error Network is unreachable', 'firewall-or-route'],
    ['NET/IB : No device found.', 'no-rdma-device-in-container'],
    ['Failed to modify QP to RTR, check mtu, gid, peer lid, peer qp num: No such device [19]', 'wrong-gid'],
    ['[nvshmem] ibgda setup of mlx5_bond_0 failed', 'bond-unsupported'],
    [
      'The client socket has timed out after 600s while trying to connect to (10.0.0.1, 29500).',
      'firewall-or-route',
    ],
    ['NET/IB : Unable to open device mlx5_4', 'device-open-failed'],
    ['NET/IB: read failed in ncclIbRoceGetVersionNum: Invalid argument', 'gid-read-failed'],
    ['Call to ibv_reg_mr failed with error Cannot allocate memory errno 12', 'memlock'],
    ['Failed to open libibverbs.so[.1]', 'verbs-library-missing'],
    [
      'Detected mixed local Net device counts across ranks (min 4, max 8). Set NCCL_IGNORE_NET_MISMATCH=1 to continue.',
      'hca-count-mismatch',
    ],
    [
      'NET/IB : Attempted to connect incompatible devices: [0]mlx5_0:1/IB and [1]mlx5_1:1/RoCE',
      'mixed-link-layers',
    ],
    ['Mismatched NCCL version detected : rank 0 version 22105 rank 8 version 22304', 'version-mismatch'],
    ['Duplicate GPU detected : rank 0 and rank 1 both on CUDA device 60', 'gpu-visibility'],
    [
      'socketStartConnect: Connect to 169.254.20.10<44041> failed : Software caused connection abort',
      'wrong-interface',
    ],
    [
      'socketPollConnect: Connect to 172.17.0.3<44041> returned 111(Connection refused) errno 115(Operation now in progress)',
      'wrong-interface',
    ],
    [
      'socketPollConnect: Connect to 10.0.0.3<44041> returned 113(No route to host) errno 115(Operation now in progress)',
      'firewall-or-route',
    ],
    [
      'ncclOsSocketPollConnect: connect to 10.0.0.3<44041> returned Connection timed out, exceeded error retry count after 35 attempts',
      'firewall-or-route',
    ],
    [
      'socketPollConnect: connect to 10.0.0.3<44041> returned Connection refused, retrying (3/34) after sleep for 300 msec',
      null,
    ],
    [
      'socketProgress: Connection closed by remote peer node-1<51234>',
      'peer-died',
      { consequence: true, peer: 'node-1<51234>' },
    ],
    [
      'socketProgressOpt: Call to recv from 11.1.128.128<52035> failed : Connection reset by peer',
      'peer-died',
      { consequence: true },
    ],
    ["NET/IB : GPU Direct RDMA Disabled for HCA 0 'mlx5_0'", 'gdr-disabled', { hca: 'mlx5_0' }],
    ['NET/IB : mlx5_2:1 async fatal event: port error', 'port-down'],
    [
      'RuntimeError: Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error',
      'wrong-interface',
    ],
    [
      'RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:799] connect [127.0.1.1]:16134: Connection refused',
      'loopback-used',
    ],
    ['[c10d] Unable to find address for: =eth0', 'ifname-syntax'],
    ['ifa != nullptr. Unable to find interface for: eth9', 'no-socket-interface'],
    [
      'Unable to resolve hostname to a (local) address. Using the loopback address as fallback.',
      'loopback-used',
    ],
    ['Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1)', 'timeout', { consequence: true }],
    ['NET/Plugin : No plugin found (libnccl-net.so), using internal implementation', null],
    ['NET/Plugin: Failed to find ncclNetPlugin_v6 symbol.', null],
    [
      'Plugin load (libnccl-net.so) returned 2 : libnccl-net.so: cannot open shared object file: No such file or directory',
      null,
    ],
    ['NCCL_IB_TIMEOUT set by environment to 22.', null],
  ];
  for (const [line, category, more] of cases) {
    const kind = classifyError(line);
    t.equal(kind?.category ?? null, category, line);
    if (more !== undefined) t.match(kind, more, line);
  }
  t.end();
});

test('a plugin that carries the traffic makes missing HCAs no error; a version may have a colon', (t) => {
  const lines = [
    'NET/IB : No device found.',
    'NET/OFI Selected Provider is efa (found 4 nics)',
    'Using network AWS Libfabric',
  ];
  t.match(readNcclLog(lines.map((line) => `h:1:2 [0] NCCL INFO ${line}`)), [
    { transport: 'efa', nicCount: 4, errors: { length: 0 } },
  ]);
  t.match(readNcclLog(['h:1:2 [0] NCCL INFO RCCL version : 2.22.3-develop:1f']), [
    { library: 'rccl', version: '2.22.3' },
  ]);
  t.end();
});

test('sockets that were asked for are no fallback', (t) => {
  const errors = (...lines: string[]) =>
    readNcclLog(lines.map((line) => `h:1:2 [0] NCCL INFO ${line}`))[0]?.errors.map((error) => error.category);
  t.strictSame(errors('Using network Socket'), ['tcp-fallback']);
  t.strictSame(
    errors('Using network Socket', 'ncclCommInitRank comm 0x1 rank 0 nranks 1 cudaDev 0 - Init START'),
    [],
    'a job of one rank',
  );
  t.strictSame(errors('NCCL_IB_DISABLE set by environment to 1.', 'Using network Socket'), []);
  t.end();
});

test('a live reader answers at any time and holds a bounded amount', (t) => {
  const reader = createNcclLogReader();
  t.strictSame(reader.reports(), []);
  for (let i = 0; i < 3000; i++) {
    reader.push(`host${i}:1:2 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.1<0>`);
    reader.push(`host0:1:2 [0] NCCL WARN socketProgress: Connection closed by remote peer p${i}<1>`);
  }
  reader.push(`host0:1:2 [0] NCCL WARN ${'ibv_reg_mr failed '.repeat(600_000)}`);
  const reports = reader.reports();
  t.equal(reports.length, 1024);
  const first = reports.find((report) => report.host === 'host0');
  t.ok((first?.errors.length ?? 0) <= 64);
  t.ok((first?.errorsDropped ?? 0) > 2900);
  t.ok(reports.every((report) => report.errors.every((error) => error.line.length <= 4096)));
  t.end();
});

test('the proof: what a node really uses, against its plan', (t) => {
  const report = readNcclLog(roce)[0];
  if (report === undefined) throw new Error('one report expected');
  const roceOn = (devices: readonly string[], controlInterface = 'eth0') => ({
    transport: 'roce',
    devices,
    controlInterface,
  });
  const planned = roceOn(['mlx5_1', 'mlx5_2']);
  t.match(transportProof(planned, report), {
    verdict: 'proven',
    because: [/IB on mlx5_1:1, mlx5_2:1/],
  });
  t.match(transportProof({ ...planned, transport: 'ib' }, report), {
    verdict: 'differs',
    because: [/planned ib, the log shows roce/],
  });
  t.match(transportProof(roceOn(['mlx5_1', 'mlx5_3']), report), {
    verdict: 'differs',
    because: [/mlx5_2 in use and not planned/, /mlx5_3 planned and not in use/],
  });
  t.match(transportProof(roceOn(['mlx5_1', 'mlx5_2'], 'eth1'), report), {
    verdict: 'differs',
    because: [/bootstrap on eth0, planned eth1/],
  });
  t.match(transportProof(planned, { ...report, transport: 'unknown' }), {
    verdict: 'unproven',
  });
  t.match(transportProof(planned, { ...report, transport: 'failed' }), { verdict: 'unproven' });
  t.match(transportProof(planned, { ...report, transport: 'socket', network: 'Socket' }), {
    verdict: 'fallback',
    because: [/planned roce, the log shows socket/],
  });
  t.match(transportProof({ ...planned, transport: 'tcp' }, { ...report, transport: 'socket' }), {
    verdict: 'proven',
  });
  t.match(transportProof(planned, { ...report, gdr: false }), {
    verdict: 'proven',
    because: [/IB/, /GPUDirect/],
  });
  t.match(
    transportProof(planned, { ...report, devicesUsed: ['mlx5_1+mlx5_2:1'] }),
    { verdict: 'proven' },
    'ports of one card, fused',
  );
  t.end();
});
