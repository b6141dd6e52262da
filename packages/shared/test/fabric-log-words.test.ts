/** What the lines of logs are taken for where the trial of a network engineer met silence or alarm. */
import { readLines } from '@dsr1/shared/diagnose/attempt';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import { fabricRemarks } from '@dsr1/shared/diagnose/fabric';
import { readTexts } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { test } from 'tap';

const POLICY = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
const explain = (...lines: string[]) => {
  const [group] = explainDump(readTexts(new Map([['-', lines.join('\n')]])), POLICY).groups;
  if (group === undefined) throw new Error('no group');
  return group;
};
const at = (text: string) => `n1:41:57 [0] ${text}`;
const diagnosed = (...lines: string[]) => diagnose([readLines('rank0', lines)], null);

test('the OFI plugin that cannot use its devices', async (t) => {
  for (const line of [
    'NCCL INFO NET/OFI No NIC info for dev 3',
    'create_component:77 NCCL WARN NET/OFI Couldn’t open AV'.replace('’', "'"),
    'NCCL WARN NET/OFI Unable to find a provider',
    'NCCL WARN NET/OFI provider efa not found',
  ])
    t.match(explain(at(line)).diagnoses[0], { cause: /aws-ofi-nccl/, fix: /fi_info -p efa/ }, line);
  t.strictSame(explain(at('NCCL INFO NET/OFI Selected Provider is efa (found 4 nics)')).diagnoses, []);
});

test('a warning that no rule knows is told, and one that is normal is not', async (t) => {
  const odd = at('misc/odd.cc:12 NCCL WARN the moon is in the wrong phase');
  t.match(explain(odd).verdict, { verdict: 'warn', because: [/no rule knows it: .*wrong phase/] });
  t.match(diagnosed(odd), [{ category: 'unknown', evidence: [{ line: odd, number: 1 }] }]);
  const normal = at('NCCL WARN NUMA auto balancing enabled which can lead to variability');
  t.strictSame(diagnosed(normal), []);
  t.notMatch(explain(normal).verdict.because.join('\n'), /no rule/);
  const known = at('misc/socket.cc:9 NCCL WARN Bootstrap : no socket interface found');
  t.notMatch(explain(known).verdict.because.join('\n'), /no rule/);
});

test('sockets over a bridge of the host or a private network', async (t) => {
  const listed = (names: string) => [
    at(`NCCL INFO NET/Socket : Using ${names}`),
    at('NCCL INFO Using network Socket'),
  ];
  const stray = listed('[0]ens7:10.4.0.7<0> [1]virbr0:192.168.122.1<0> [2]wg0:10.99.0.1<0>');
  t.match(explain(...stray).diagnoses[0], {
    category: 'wrong-interface',
    cause: /virbr0.*wg0/,
    fix: /NCCL_SOCKET_IFNAME==ens7 /,
  });
  t.match(
    fabricRemarks([readLines('rank0', stray)], []).map(({ category }) => category),
    ['wrong-interface', 'tcp-fallback'],
    'diagnose says the same',
  );
  const fine = explain(...listed('[0]ens7:10.4.0.7<0> [1]ens8:10.5.0.7<0>'));
  t.strictSame(
    fine.diagnoses.map(({ category }) => category),
    ['tcp-fallback'],
  );
});

test('diagnose tells what the network does besides, and keeps it apart from what failed', async (t) => {
  const lines = [at('NCCL INFO Using network Socket')];
  t.strictSame(diagnosed(...lines), []);
  const [remark] = fabricRemarks([readLines('rank0', lines)], []);
  t.match(remark, { category: 'tcp-fallback', evidence: [{ file: 'rank0', number: 1 }] });
  if (remark) t.strictSame(fabricRemarks([readLines('rank0', lines)], [remark]), [], 'nothing is told twice');
});

test('a wrong GID: commands for the NCCL of the log', async (t) => {
  const log = (version: string) => [
    at(`NCCL INFO NCCL version ${version}+cuda12.4`),
    at('NCCL INFO NET/IB : Using [0]mlx5_4:1/RoCE ; OOB eth0:10.0.0.1<0>'),
    at('misc/ibvwrap.cc:284 NCCL WARN Call to ibv_modify_qp failed with error No such device'),
  ];
  const old = explain(...log('2.18.3')).diagnoses[0];
  t.match(old, { category: 'wrong-gid', confidence: 'medium', cause: /another network namespace/ });
  t.match(old?.fix, /NCCL 2\.18\.3 does not look for the row: run `show_gids` on each node/);
  t.match(explain(...log('2.27.5')).diagnoses[0]?.fix, /^unset NCCL_IB_GID_INDEX/);
  const table = 'mlx5_4  1  5  0000:0000:0000:0000:0000:ffff:0a09:0001 10.9.0.1  v2  eth4';
  const seen = explain(...log('2.18.3'), '$ show_gids', table).diagnoses[0];
  t.match(seen, { confidence: 'high', fix: /export NCCL_IB_GID_INDEX=5/ });
});

test('a table in which row 3 is another is a precaution on a healthy host', async (t) => {
  const table = 'mlx5_4  1  1  0000:0000:0000:0000:0000:ffff:0a09:0001 10.9.0.1  v2  eth4';
  const found = explain('$ show_gids', table).diagnoses;
  t.ok(found.length > 0 && found.every(({ precaution }) => precaution));
  const set = explain('$ show_gids', table, 'export NCCL_IB_GID_INDEX=3').diagnoses;
  t.ok(set.some(({ category, precaution }) => category === 'wrong-gid' && !precaution));
});

test('a table that has its address in row 3 gets no note, however short the paste', async (t) => {
  const row = (index: number, host: number, version = 'v2') =>
    `mlx5_4  1  ${index}  0000:0000:0000:0000:0000:ffff:0a09:000${host} 10.9.0.${host}  ${version}  eth4`;
  const two = (...second: string[]) =>
    explain('root@n1:~# show_gids', row(3, 1), 'root@n2:~# show_gids', ...second).diagnoses;
  t.strictSame(two(row(3, 2)), []);
  t.match(two(row(5, 2)), [
    {
      category: 'wrong-gid',
      precaution: true,
      cause: /address of n2$/,
      fix: /on n2 export NCCL_IB_GID_INDEX=5/,
    },
  ]);
  t.equal(two(row(5, 2)).length, 1, 'v2 rows alone are no whole table');
  const whole = two(row(6, 2, 'v1'), row(7, 2));
  t.match(
    whole.find(({ category }) => category === 'gid-read-failed'),
    { precaution: true, cause: /begins at row 6: in a container/ },
  );
});

test('pasted hosts that share two subnets meet in one', async (t) => {
  const host = (number: number, first: string) => [
    `root@n${number}:~# ip addr`,
    `2: ${first}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500`,
    `    inet 10.4.0.${number}/24 scope global ${first}`,
    '3: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500',
    `    inet 10.5.0.${number}/24 scope global ens3`,
  ];
  const { selection } = explain(...host(1, 'ens1'), ...host(2, 'ens5'));
  t.strictSame(selection.refusals, []);
  t.strictSame(
    selection.nodes.map(({ controlInterface, address }) => [controlInterface, address]),
    [
      ['ens1', '10.4.0.1'],
      ['ens5', '10.4.0.2'],
    ],
  );
  for (const { reasons } of selection.nodes)
    t.match(
      reasons.find(({ subject }) => /^ens[15]$/.test(subject))?.because,
      /all hosts share; likely, not/,
    );
});

test('what differs between two hosts is told once', async (t) => {
  const log = (host: string, name: string, hca: string, address: string) => [
    `${host}:41:57 [0] NCCL INFO Bootstrap : Using ${name}:${address}<0>`,
    `${host}:41:57 [0] NCCL INFO NET/IB : Using [0]${hca}:1/RoCE [RO]; OOB ${name}:${address}<0>`,
    `${host}:41:57 [0] NCCL INFO Using network IB`,
  ];
  const { verdict } = explain(
    ...log('n1', 'ens7', 'mlx5_0', '10.4.0.7'),
    ...log('n2', 'ens9', 'mlx5_2', '10.4.0.8'),
  );
  t.equal(verdict.because.filter((text) => text.includes('ens9')).length, 1);
  t.equal(verdict.because.filter((text) => text.includes('mlx5_2')).length, 1);
});

test('fine without a control interface says what was not shown', async (t) => {
  const bare = 'mlx5_0 port 1 ==> eth2 (Up)\n';
  const group = explain('hca_id: mlx5_0', ' port: 1', '  state: PORT_ACTIVE (4)', '  link_layer: InfiniBand');
  t.match(group.verdict, {
    verdict: 'ok',
    because: [/no control interface of host was shown: paste `ip addr`/],
  });
  t.match(explain(bare).verdict.because, [/no control interface/], 'a rail without an address is none');
  const more = '$ ip -br link\neth0 UP 0a:00:00:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP>';
  t.strictSame(explain(`${bare}${more}`).verdict.because, [], 'an interface that carries none may be');
});

test('a virtual function of which no address was shown is no control interface', async (t) => {
  const line = (pci: string, device: string, model: string, name: string) =>
    `0000:3b:00.${pci} ${device} (${model} - NA)  fw 22.1 port 1 (ACTIVE) ==> ${name} (Up)`;
  const pf = line('0', 'mlx5_0', 'MT4125', 'ens1f0np0');
  const control = (...lines: string[]) => explain(lines.join('\n')).selection.nodes[0]?.controlInterface;
  t.equal(control(pf, line('2', 'mlx5_2', 'MT4126', 'eth7')), null, 'by its model');
  t.equal(
    control('mlx5_0 port 1 ==> ens1f0np0 (Up)', 'mlx5_2 port 1 ==> ens1f0v0 (Up)'),
    null,
    'by its name',
  );
  t.equal(
    control(pf, line('2', 'mlx5_2', 'MT4126', 'eth7'), '5: eth7    inet 10.0.0.1/24 scope global eth7'),
    'eth7',
    'with an address it may be the one of a guest',
  );
});
