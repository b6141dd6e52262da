import { test } from 'tap';
import { checkEnv } from '../src/fabric/diagnose/check-env.ts';
import { diagnoseFabric } from '../src/fabric/diagnose/diagnose.ts';
import { gangVerdict } from '../src/fabric/diagnose/gang-verdict.ts';
import type { DiagnoseInput, EnvSetting } from '../src/fabric/diagnose/model.ts';
import type { FabricNode, FabricPolicy } from '../src/fabric/model.ts';
import { readNcclLog } from '../src/fabric/nccl-log/read.ts';
import { selectFabric } from '../src/fabric/select/select.ts';
import { blank, gids, hca, near, netdev, range } from './helpers/fabric-nodes.ts';

const policy: FabricPolicy = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} };

/** eth0 for control, two rails, a management port on RoCE, InfiniBand that is down, an overlay. */
const node = (name: string, last: number): FabricNode => ({
  ...blank(name),
  given: { nodeIp: `10.0.0.${last}` },
  netdevs: [
    netdev('lo', ['127.0.0.1/8'], { kind: 'loopback' }),
    netdev('eth0', [`10.0.0.${last}/24`]),
    netdev('eth1', [], { up: false }),
    netdev('docker0', ['172.17.0.1/16'], { kind: 'bridge' }),
    ...range(1, 3).map((i) => netdev(`r${i}`, [`10.${i}.0.${last}/24`])),
  ],
  hcas: [
    hca('mlx5_0', { linkLayer: 'eth', netdev: 'eth0', gids: gids('eth0', `10.0.0.${last}`) }),
    ...range(1, 3).map((i) =>
      hca(`mlx5_${i}`, { linkLayer: 'eth', netdev: `r${i}`, gids: gids(`r${i}`, `10.${i}.0.${last}`) }),
    ),
    hca('mlx5_10', { linkLayer: 'ib', smLid: 1 }),
    hca('mlx5_11', { linkLayer: 'ib', state: 'down' }),
  ],
});
const gang = [node('a', 1), node('b', 2)];

test('settings made by hand: what cannot work, by name, with the category', (t) => {
  const cases: [setting: string, category: string | null][] = [
    ['NCCL_IB_HCA==mlx5_1:1,mlx5_2:1', null],
    ['NCCL_IB_HCA=^mlx5_0', null],
    ['NCCL_IB_HCA=r1,r2', 'hca-name-mismatch'],
    ['NCCL_IB_HCA=mlx4_0', 'hca-name-mismatch'],
    ['NCCL_IB_HCA=mlx5_2:0', 'hca-name-mismatch'],
    ['NCCL_IB_HCA==mlx5', 'hca-name-mismatch'],
    ['NCCL_IB_HCA=mlx5_1', 'mixed-link-layers'],
    ['NCCL_IB_HCA==mlx5_11', 'port-down'],
    ['NCCL_IB_HCA==mlx5_1,mlx5_10', 'mixed-link-layers'],
    ['NCCL_SOCKET_IFNAME=eth0', null],
    ['NCCL_SOCKET_IFNAME==eth0', null],
    ['NCCL_SOCKET_IFNAME=^lo,docker', null],
    ['NCCL_SOCKET_IFNAME=eth', null],
    ['NCCL_SOCKET_IFNAME=e', 'ifname-syntax'],
    ['NCCL_SOCKET_IFNAME=10.0.0.1', 'ifname-syntax'],
    ['NCCL_SOCKET_IFNAME=mlx5_1', 'ifname-syntax'],
    ['NCCL_SOCKET_IFNAME=lo', 'loopback-used'],
    ['NCCL_SOCKET_IFNAME=docker0', 'wrong-interface'],
    ['NCCL_SOCKET_IFNAME=r1', 'wrong-interface'],
    ['NCCL_SOCKET_IFNAME=eth1', 'no-socket-interface'],
    ['NCCL_SOCKET_IFNAME=ens9', 'no-socket-interface'],
    ['GLOO_SOCKET_IFNAME=eth0', null],
    ['GLOO_SOCKET_IFNAME==eth0', 'ifname-syntax'],
    ['GLOO_SOCKET_IFNAME=eth', 'ifname-syntax'],
    ['NCCL_IB_GID_INDEX=3', null],
    ['NCCL_IB_GID_INDEX=-1', null],
    ['NCCL_IB_GID_INDEX=2', 'wrong-gid'],
    ['NCCL_IB_GID_INDEX=7', 'wrong-gid'],
    ['NCCL_IB_RETRY_CNT=7', null],
    ['NCCL_IB_RETRY_CNT=12', 'retry-exceeded'],
    ['NCCL_IB_TIMEOUT=22', null],
    ['NCCL_IB_TIMEOUT=60', 'retry-exceeded'],
    ['NCCL_IB_ADDR_RANGE=10.1.0.0/16', null],
    ['NCCL_IB_ADDR_RANGE=10.1.0.0', 'wrong-gid'],
    ['NCCL_NET_GDR_LEVEL=NEAR', 'gdr-disabled'],
    ['NCCL_IB_DISABLE=1', 'tcp-fallback'],
    ['NCCL_IB_DISABLE=0', null],
    ['VLLM_HOST_IP=10.0.0.1', null],
    ['VLLM_HOST_IP=10.0.0.2', 'wrong-interface'],
    ['HOST_IP=192.168.7.7', 'wrong-interface'],
    ['SGLANG_HOST_IP=127.0.0.1', 'loopback-used'],
    ['HOST_IP=172.17.0.1', 'wrong-interface'],
    ['VLLM_HOST_IP=$(hostname -I)', null],
    ['MASTER_ADDR=10.0.0.2', null],
    ['MASTER_ADDR=localhost', 'loopback-used'],
    ['SOMETHING_ELSE=mlx5_77', null],
  ];
  for (const [text, category] of cases) {
    const rejected = checkEnv([setting(text, 'a')], gang);
    t.equal(rejected[0]?.category ?? null, category, `${text} ${rejected[0]?.because ?? ''}`);
  }
  t.end();
});

test('a prefix that also hits mlx5_10 is named; the prefix of the whole family is meant so', (t) => {
  const like = [
    {
      ...blank('a'),
      hcas: ['mlx5_1', 'mlx5_10', 'mlx5_12'].map((device) => hca(device, { linkLayer: 'ib' })),
    },
  ];
  t.match(checkEnv([setting('NCCL_IB_HCA=mlx5_1', null)], like), [
    { category: 'hca-name-mismatch', because: /mlx5_10, mlx5_12/ },
  ]);
  t.strictSame(checkEnv([setting('NCCL_IB_HCA=mlx5', null)], like), []);
  t.end();
});

test('one value for all nodes is judged on each; without facts nothing is rejected', (t) => {
  const other = { ...node('c', 3), netdevs: [netdev('ens7', ['10.0.0.3/24'])] };
  t.match(checkEnv([setting('NCCL_SOCKET_IFNAME=eth0', null)], [...gang, other]), [
    { node: null, because: /^c: / },
  ]);
  t.strictSame(
    checkEnv(
      [
        setting('NCCL_SOCKET_IFNAME=eth0', null),
        setting('NCCL_IB_HCA=mlx5_1', null),
        setting('NCCL_IB_GID_INDEX=3', null),
      ],
      [blank('x')],
    ),
    [],
  );
  t.match(
    checkEnv([setting('NCCL_SOCKET_IFNAME=tailscale0', null)], [blank('x')]),
    [{ category: 'wrong-interface' }],
    'but a name can say enough',
  );
  t.end();
});

test('a consequence never stands before a cause', (t) => {
  const ranked = diagnose([
    'b:1:2 [0] NCCL WARN socketProgress: Connection closed by remote peer a<5>',
    'b:1:2 [0] NCCL INFO Watchdog caught collective operation timeout: WorkNCCL',
    'a:1:2 [0] NCCL WARN NET/IB : Unable to open device mlx5_1',
    'a:1:2 [0] NCCL INFO Using network Socket',
  ]);
  t.equal(ranked[0]?.category, 'device-open-failed');
  t.strictSame(
    ranked
      .slice(1)
      .map((item) => item.category)
      .sort(),
    ['peer-died', 'tcp-fallback', 'timeout'],
  );
  t.match(ranked[0]?.evidence, [{ node: 'a', text: /Unable to open/ }]);
  t.end();
});

test('a closed connection alone points at the peer', (t) => {
  t.match(
    diagnose(['b:1:2 [0] NCCL WARN Call to recv from 10.0.0.1<52035> failed : Connection reset by peer']),
    [{ category: 'peer-died', cause: /^a closed/ }],
  );
  t.end();
});

test('no answer from the HCA means another thing on InfiniBand than on RoCE', (t) => {
  const twelve = (rest = '') =>
    `a:1:2 [0] NCCL WARN NET/IB : Got completion from peer 10.2.0.5<9> with error 12, opcode 0, len 0, vendor err 129 (Recv)${rest}`;
  t.equal(
    diagnose(['a:1:2 [0] NCCL INFO NET/IB : Using [0]ib0:1/IB ; OOB eth0:10.0.0.1<0>', twelve()])[0]
      ?.category,
    'fabric-partition',
  );
  const roce = 'a:1:2 [0] NCCL INFO NET/IB : Using [0]mlx5_1:1/RoCE ; OOB eth0:10.0.0.1<0>';
  t.strictSame(
    diagnose([roce, twelve()]).map((item) => item.category),
    ['retry-exceeded', 'wrong-gid'],
  );
  t.strictSame(
    diagnose([roce, twelve(' localGid fe80::1 remoteGid fe80::2')]).map((item) => item.category),
    ['wrong-gid'],
  );
  const apart = twelve(' localGid ::ffff:10.1.0.1 remoteGid ::ffff:10.9.0.2');
  const two = roce.replace(' ;', ' [1]mlx5_2:1/RoCE ;');
  t.match(diagnose([two, apart])[1], { category: 'rail-isolated', confidence: 'medium' });
  t.match(
    diagnose([roce, apart])[1],
    { category: 'firewall-or-route', cause: /::ffff:10\.1\.0\.1 and ::ffff:10\.9\.0\.2/ },
    'one HCA crosses no rail',
  );
  const six = twelve(' localGid 2001:db8:1::1 remoteGid 2001:db8:1::2');
  t.match(diagnose([two, six])[1], { category: 'wrong-gid' }, 'IPv6 addresses of one prefix');
  t.end();
});

test('a pair that times out: crossed rails only where a host has several HCAs', (t) => {
  const using = (host: string, list: string) =>
    `${host}:1:2 [0] NCCL INFO NET/IB : Using ${list} ; OOB eth0:10.0.0.1<0>`;
  const one = '[0]mlx5_0:1/RoCE';
  const late = (gids = '') =>
    `a:1:2 [0] ibvwrap.cc:262 NCCL WARN Call to ibv_modify_qp failed with 110 Connection timed out${gids}`;
  t.match(diagnose([using('a', one), using('b', one), late()]), [
    {
      category: 'firewall-or-route',
      confidence: 'high',
      cause: /one HCA each, so no rails are crossed.*VLAN.*route/,
      fix: /ping -I/,
    },
  ]);
  t.match(diagnose([using('a', `${one} [1]mlx5_1:1/RoCE`), using('b', one), late()]), [
    { category: 'rail-isolated', confidence: 'medium' },
  ]);
  t.match(diagnose([late()]), [
    {
      category: 'rail-isolated',
      confidence: 'medium',
      cause: /different rails.*or a GID row/,
      fix: /CROSS_NIC.*ping -I/,
    },
  ]);
  const noRoute = late().replace('110 Connection timed out', 'error Network is unreachable');
  t.match(diagnose([using('a', one), noRoute]), [
    { category: 'firewall-or-route', cause: /no route over the HCA/ },
  ]);
  const apart = late(', local GID ::ffff:10.1.0.1, remote GID ::ffff:10.2.0.1');
  t.match(diagnose([using('a', `${one} [1]mlx5_1:1/RoCE`), apart]), [
    { category: 'rail-isolated', confidence: 'high' },
  ]);
  t.match(diagnose([using('a', one), apart]), [
    { category: 'firewall-or-route', cause: /different subnets: ::ffff:10\.1\.0\.1 and/ },
  ]);
  t.end();
});

test('a channel that changes rails is an error only where rails are kept apart', (t) => {
  const nodes = [
    {
      ...blank('a'),
      gpuCount: 2,
      hcas: range(0, 2).map((i) => hca(`mlx5_${i}`, { linkLayer: 'eth' })),
      gpuTopology: near([
        ['PIX', 'SYS'],
        ['SYS', 'PIX'],
      ]),
    },
  ];
  const lines = ['a:1:2 [0] NCCL INFO Channel 00/0 : 3[1] -> 0[0] [receive] via NET/IB/0/GDRDMA'];
  t.match(diagnose(lines, { nodes, env: [setting('NCCL_CROSS_NIC=0', 'a')] }), [
    { category: 'rail-isolated', fix: /NCCL_NET_DISABLE_INTRA=1/ },
  ]);
  t.strictSame(diagnose(lines, { nodes }), []);
  t.strictSame(
    diagnose(['a:1:2 [0] NCCL INFO Channel 00/0 : 2[0] -> 0[0] [receive] via NET/IB/0/GDRDMA'], {
      nodes,
      env: [setting('NCCL_CROSS_NIC=0', 'a')],
    }),
    [],
  );
  t.end();
});

test('facts without a log: sparse tables, refused settings, tools that broke off', (t) => {
  const sparse = [
    {
      ...blank('p'),
      hcas: [
        hca('mlx5_0', {
          linkLayer: 'eth',
          netdev: 'net1',
          gids: gids('net1', '10.0.0.1').map((row) => ({ ...row, index: row.index + 4 })),
        }),
      ],
    },
  ];
  t.strictSame(
    diagnose([], { nodes: sparse }).map((item) => [item.category, item.confidence]),
    [
      ['gid-read-failed', 'low'],
      ['wrong-gid', 'low'],
    ],
  );
  t.match(diagnose([], { nodes: gang, env: [setting('NCCL_IB_HCA=r1', 'a')] }), [
    { category: 'hca-name-mismatch', cause: /NCCL_IB_HCA=r1/, confidence: 'medium' },
  ]);
  t.match(
    diagnose([], {
      errorLines: [
        {
          node: 'a',
          line: "ibpanic: [1] main: stat of IB device 'mlx5_8' failed: No such file or directory",
        },
      ],
    }),
    [{ category: 'tool-partial-output' }],
  );
  t.strictSame(
    diagnose([], { nodes: gang.map((item) => ({ ...item, hcas: (item.hcas ?? []).slice(0, 3) })) }),
    [],
    'a healthy gang has no diagnosis',
  );
  t.end();
});

test('that NCCL finds no device follows from one that it could not open', (t) => {
  const lines = [
    'NCCL WARN Call to ibv_open_device failed',
    'NCCL INFO NET/IB : No device found.',
    'NCCL INFO Using network Socket',
  ];
  const found = (from: number) =>
    diagnose(lines.slice(from).map((line) => `a:1:2 [0] ${line}`)).map(({ category }) => category);
  t.same(found(0), ['device-open-failed', 'tcp-fallback']);
  t.ok(found(1).includes('no-rdma-device-in-container'));
  t.end();
});

test('one category is one diagnosis, with the evidence of all ranks, the surest first', (t) => {
  const [first, ...rest] = diagnose([
    'a:1:2 [0] NCCL WARN NET/IB : Unable to open device mlx5_1',
    'b:1:2 [0] NCCL WARN NET/IB : Unable to open device mlx5_1',
    'b:1:2 [0] NCCL WARN NET/IB : Unable to open device mlx5_1',
  ]);
  t.strictSame(
    first?.evidence.map((item) => item.node),
    ['a', 'b'],
  );
  t.strictSame(rest, []);
  t.end();
});

test('the verdict on a gang as it is', (t) => {
  const verdict = (lines: string[], nodes: FabricNode[] = [blank('a'), blank('b')]) => {
    const selection = selectFabric(nodes, policy);
    const reports = readNcclLog(lines).map((report) => ({ node: report.host, report }));
    return gangVerdict(
      selection,
      reports,
      diagnoseFabric({ nodes, selection, reports, env: [], errorLines: [] }),
    ).verdict;
  };
  const using = (host: string, ifname: string, layer = 'RoCE') =>
    `${host}:1:2 [0] NCCL INFO NET/IB : Using [0]mlx5_1:1/${layer} ; OOB ${ifname}:10.0.0.1<0>`;
  t.equal(verdict([]), 'unknown');
  t.equal(verdict([using('a', 'eth0'), using('b', 'eth0')]), 'ok');
  t.equal(verdict([using('a', 'ens5'), using('b', 'ens7')]), 'warn', 'one value cannot serve both');
  t.equal(
    verdict([
      using('a', 'eth0', 'IB'),
      'a:1:2 [0] NCCL WARN NET/IB : Got completion from peer 10.2.0.5<9> with error 12',
    ]),
    'refuse',
  );
  t.equal(verdict(['a:1:2 [0] NCCL INFO Using network Socket']), 'warn');
  t.equal(
    verdict(
      [],
      gang.map((item) => ({ ...item, hcas: (item.hcas ?? []).slice(0, 3) })),
    ),
    'ok',
  );
  t.end();
});

function setting(text: string, on: string | null): EnvSetting {
  const [name = ''] = text.split('=');
  return { var: name, value: text.slice(name.length + 1), node: on };
}

function diagnose(lines: readonly string[], more: Partial<DiagnoseInput> = {}) {
  const nodes = more.nodes ?? gang.map((item) => ({ ...blank(item.name), given: item.given }));
  const selection = selectFabric(nodes, policy);
  const reports = readNcclLog(lines).map((report) => ({ node: report.host, report }));
  return diagnoseFabric({ selection, reports, env: [], errorLines: [], ...more, nodes });
}
