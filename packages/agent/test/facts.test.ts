import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeFacts } from '@dsr1/shared/facts/node';
import { renderFacts } from '@dsr1/shared/facts/render';
import { test } from 'tap';
import { Value } from 'typebox/value';
import { collectFacts } from '../src/facts/collect.ts';
import { factsHash } from '../src/facts/hash.ts';
import { levelBetween } from '../src/facts/probes/gpu-topology.ts';
import type { ToolAnswer } from '../src/host/host.ts';
import { linuxHost } from '../src/host/linux.ts';
import { readHostRecord } from '../src/host/recorded.ts';
import { type HostRecord, simulatedHost } from '../src/host/simulated.ts';
import { LINUX_FILES, roceHost, writeHost } from './fake-hosts.ts';

const RECORDED = join(import.meta.dirname, '../../../test/data/hosts');
const identity = { agentVersion: '0.1.0', agentCommand: ['/opt/dsr1/node', '/opt/dsr1/agent.mjs'] };
const shape = { hcas: 8, gidSlots: 256, gidsUsed: 4, gpus: 8 };

const factsOf = (record: HostRecord) => collectFacts(simulatedHost(record), identity);
const answer = (exitCode: number, stdout: string, stderr = ''): ToolAnswer => ({
  answered: true,
  exitCode,
  stdout,
  stderr,
});

test('GPUs as nvidia-smi of real hosts prints them', async (t) => {
  const one = await factsOf(await readHostRecord(join(RECORDED, 'h100-vm')));
  t.same(one.gpus, {
    detected: true,
    source: 'nvidia-smi -q -x',
    value: {
      driverVersion: '580.159.04',
      cudaVersion: '13.0',
      gpus: [
        {
          index: 0,
          uuid: 'GPU-f2234c3b-4df2-090b-5346-756930d62ab4',
          name: 'NVIDIA H100 80GB HBM3',
          pci: '0000:00:06.0',
          numaNode: 0,
          memoryBytes: 81559 * 2 ** 20,
          computeCapability: '9.0',
          mig: false,
          processes: [],
        },
      ],
    },
  });
  t.same(one.gpuTopology, { detected: false, reason: 'no RDMA device is known' });
  t.ok(Value.Check(NodeFacts, one));
  const two = await factsOf(await readHostRecord(join(RECORDED, 'h200x2-vm')));
  t.same(two.gpus.detected && two.gpus.value.gpus.map(({ index, name, pci }) => [index, name, pci]), [
    [0, 'NVIDIA H200', '0000:00:06.0'],
    [1, 'NVIDIA H200', '0000:00:07.0'],
  ]);
});

test('processes on GPUs move the hash when they come and go, not when their memory changes', async (t) => {
  const record = await readHostRecord(join(RECORDED, 'h100-vm'));
  const occupied = (pid: number, mib: number): HostRecord => {
    const running = `<processes>\n<process_info>\n<pid>${pid}</pid>\n<process_name>python</process_name>\n<used_memory>${mib} MiB</used_memory>\n</process_info>`;
    return {
      ...record,
      tools: {
        ...record.tools,
        'nvidia-smi -q -x': String(record.tools?.['nvidia-smi -q -x']).replace('<processes>', running),
      },
    };
  };
  const facts = await factsOf(occupied(42, 1000));
  t.same(facts.gpus.detected && facts.gpus.value.gpus[0]?.processes, [
    { pid: 42, name: 'python', usedMemoryBytes: 1000 * 2 ** 20 },
  ]);
  const hash = async (host: HostRecord) => factsHash(await factsOf(host));
  t.equal(await hash(occupied(42, 2000)), factsHash(facts));
  t.not(await hash(occupied(43, 1000)), factsHash(facts));
  t.not(await hash(record), factsHash(facts));
});

test('RoCE rails come from sysfs, whole, and the tools agree', async (t) => {
  const facts = await factsOf(roceHost({ ...shape, hcas: 12 }));
  t.ok(Value.Check(NodeFacts, facts));
  if (!facts.hcas.detected || !facts.netdevs.detected || !facts.gpuTopology.detected)
    return t.fail('all are detected');
  t.same(facts.hcas.value.map(({ device }) => device).slice(9), ['mlx5_9', 'mlx5_10', 'mlx5_11']);
  t.same(facts.hcas.value[1], {
    device: 'mlx5_1',
    pci: '0000:16:00.0',
    numaNode: 0,
    driver: 'mlx5_core',
    nodeGuid: 'b8ce:f603:00aa:0014',
    firmware: '28.39.1002',
    virtualFunction: false,
    physicalFunction: null,
    uverbs: { path: '/dev/infiniband/uverbs1', openable: true, reason: null },
    ports: [
      {
        port: 1,
        state: 'active',
        phys: 'linkup',
        linkLayer: 'eth',
        rateGbps: 200,
        netdev: 'xgbe1',
        netdevUp: true,
        lid: null,
        smLid: null,
        gids: [
          {
            index: 0,
            gid: 'fe80:0000:0000:0000:bace:f6ff:fe00:0001',
            version: 1,
            ipv4: null,
            netdev: 'xgbe1',
          },
          {
            index: 1,
            gid: 'fe80:0000:0000:0000:bace:f6ff:fe00:0001',
            version: 2,
            ipv4: null,
            netdev: 'xgbe1',
          },
          {
            index: 2,
            gid: '0000:0000:0000:0000:0000:ffff:0a01:0107',
            version: 1,
            ipv4: '10.1.1.7',
            netdev: 'xgbe1',
          },
          {
            index: 3,
            gid: '0000:0000:0000:0000:0000:ffff:0a01:0107',
            version: 2,
            ipv4: '10.1.1.7',
            netdev: 'xgbe1',
          },
        ],
      },
    ],
  });
  t.same(facts.netdevs.value[1], {
    name: 'xgbe1',
    kind: 'ether',
    ifindex: 11,
    up: true,
    mtu: 4200,
    mac: 'b8:ce:f6:00:00:01',
    speedMbps: 200000,
    master: null,
    parent: null,
    slaves: [],
    altnames: ['enp20s0np0'],
    driver: 'mlx5_core',
    pci: '0000:16:00.0',
    numaNode: 0,
    addresses: [
      { family: 4, address: '10.1.1.7', prefixLength: 24, scope: 'global' },
      { family: 6, address: 'fe80::bace:f6ff:fe00:1', prefixLength: 64, scope: 'link' },
    ],
  });
  t.equal(facts.gpuTopology.source, 'sysfs PCI paths');
  const level = (gpu: number, device: string) => probedLevel(facts, gpu, device);
  t.same([level(1, 'mlx5_1'), level(1, 'mlx5_2'), level(1, 'mlx5_11')], ['PIX', 'NODE', 'SYS']);
  t.same(facts.contradictions, []);
  t.same(
    facts.tools.find(({ tool }) => tool === 'show_gids'),
    { tool: 'show_gids', answered: false, note: 'not installed' },
  );
});

const probedLevel = (facts: NodeFacts, gpu: number, device: string) =>
  facts.gpuTopology.detected
    ? facts.gpuTopology.value.gpuToHca.find((row) => row.gpu === gpu && row.device === device)?.level
    : undefined;

test('distances of PCI functions in the words of nvidia-smi', async (t) => {
  const place = (path: string, numaNode: number | null = 0) => ({ bridges: path.split(' '), numaNode });
  t.equal(levelBetween(place('root port up downA gpu'), place('root port up downB nic')), 'PIX');
  t.equal(levelBetween(place('root port gpu'), place('root port nic')), 'PIX');
  t.equal(levelBetween(place('root port up downA gpu'), place('root port up downB up2 downC nic')), 'PXB');
  t.equal(levelBetween(place('root portA gpu'), place('root portB nic')), 'PHB');
  t.equal(levelBetween(place('rootA a gpu'), place('rootB b nic')), 'NODE');
  t.equal(levelBetween(place('rootA a gpu'), place('rootB b nic', 1)), 'SYS');
  t.equal(levelBetween(place('rootA a gpu', null), place('rootB b nic', null)), 'SYS');
});

test('tools that see something else are contradicted by name', async (t) => {
  const host = roceHost(shape);
  const facts = await factsOf({
    ...host,
    tools: {
      ...host.tools,
      ibdev2netdev:
        'mlx5_0 port 1 ==> eth9 (Up)\nmlx5_1 port 1 ==> xgbe1 (Down)\nmlx5_99 port 1 ==> xgbe1 (Up)',
      'rdma link': 'link mlx5_2/1 state DOWN physical_state DISABLED netdev xgbe2',
      show_gids: [
        'DEV\tPORT\tINDEX\tGID\t\t\t\t\tIPv4  \t\tVER\tDEV',
        'mlx5_3\t1\t0\tfe80:0000:0000:0000:bace:f6ff:fe00:0003\t\t\tv1\txgbe3',
        'mlx5_3\t1\t3\t0000:0000:0000:0000:0000:ffff:0a01:0399\t10.1.3.153  \tv2\txgbe3',
        'n_gids_found=2',
      ].join('\n'),
    },
  });
  t.same(
    facts.contradictions.map(({ subject, believed, rejected }) => [
      subject,
      believed.value,
      rejected.source,
      rejected.value,
    ]),
    [
      ['mlx5_0/1 netdev', 'xgbe0', 'ibdev2netdev', 'eth9'],
      ['mlx5_1/1 netdevUp', 'true', 'ibdev2netdev', 'false'],
      ['mlx5_99/1', 'no such port', 'ibdev2netdev', 'listed'],
      ['mlx5_2/1 state', 'active', 'rdma link', 'down'],
      [
        'mlx5_3/1 GID 3',
        '0000:0000:0000:0000:0000:ffff:0a01:0307 v2 xgbe3',
        'show_gids',
        '0000:0000:0000:0000:0000:ffff:0a01:0399 v2 xgbe3',
      ],
    ],
  );
});

test('tools that list devices which the kernel does not show are contradicted once each', async (t) => {
  const { files, tools } = roceHost(shape);
  const bare = Object.fromEntries(
    Object.entries(files).filter(([path]) => !path.startsWith('/sys/devices/pci')),
  );
  const facts = await factsOf({ files: bare, tools });
  t.same(
    facts.contradictions.map(({ subject, rejected }) => [subject, rejected.source, rejected.value]),
    [
      ['RDMA devices', 'ibdev2netdev', '8 rows'],
      ['RDMA devices', 'rdma link', '8 rows'],
    ],
  );
});

test('InfiniBand, virtual functions, device nodes that do not open, foreign GID rows', async (t) => {
  const host = roceHost({ ...shape, hcas: 2 });
  const [ib, vf] = ['/sys/class/infiniband/mlx5_0', '/sys/class/infiniband/mlx5_1'].map(
    (link) => host.links[link],
  );
  const facts = await factsOf({
    ...host,
    files: {
      ...host.files,
      [`${ib}/ports/1/link_layer`]: 'InfiniBand\n',
      [`${ib}/ports/1/lid`]: '0x5\n',
      [`${ib}/ports/1/sm_lid`]: '0x1\n',
      [`${ib}/ports/1/gids/1`]: '0000:0000:0000:0000:0000:0000:0000:0000\n',
      [`${ib}/ports/1/gids/2`]: 'fe80:0000:0000:0000:0000:0000:0000:0000\n',
      [`${ib}/ports/1/gids/3`]: 'fe80:0000:0000:0000:0000:0000:0000:0000\n',
      [`${ib}/ports/1/gid_attrs/ndevs/0`]: '\n',
      '/sys/class/net/xgbe0/address': '',
      [`${host.links['/sys/class/net/xgbe0']}/address`]:
        '00:00:10:29:fe:80:00:00:00:00:00:00:ba:ce:f6:ff:fe:00:00:00\n',
      [`${vf}/ports/1/gid_attrs/ndevs/2`]: 'eth0\n',
    },
    links: {
      ...host.links,
      [`${vf?.replace(/\/infiniband\/.*/, '')}/physfn`]: `${ib?.replace(/\/infiniband\/.*/, '')}`,
    },
    closed: { '/dev/infiniband/uverbs1': 'EACCES' },
  });
  if (!facts.hcas.detected) return t.fail(facts.hcas.reason);
  const [first, second] = facts.hcas.value;
  t.match(first?.ports[0], {
    linkLayer: 'ib',
    netdev: 'xgbe0',
    lid: 5,
    smLid: 1,
    gids: [{ index: 0, version: null }],
  });
  t.equal(first?.ports[0]?.gids?.length, 1);
  t.match(second, {
    virtualFunction: true,
    physicalFunction: '0000:12:00.0',
    uverbs: { openable: false, reason: 'EACCES' },
  });
  t.equal(second?.ports[0]?.gids?.[2]?.netdev, null, 'eth0 is not in this namespace');
});

test('without any tool the facts still hold what files show', async (t) => {
  const { tools: _, ...host } = roceHost(shape);
  const facts = await factsOf({
    ...host,
    addresses: [
      { netdev: 'xgbe0', family: 4, address: '10.1.0.7', prefixLength: 24, mac: 'b8:ce:f6:00:00:00' },
    ],
  });
  t.match(facts.netdevs, { detected: true, source: /getifaddrs \(ip -j addr: not installed\)/ });
  t.same(facts.netdevs.detected && facts.netdevs.value[0]?.addresses, [
    { family: 4, address: '10.1.0.7', prefixLength: 24, scope: 'global' },
  ]);
  t.same(facts.routes, { detected: false, reason: 'ip -j route: not installed' });
  t.same(facts.gpus, { detected: false, reason: 'nvidia-smi -q -x: not installed' });
  t.equal(facts.hcas.detected && facts.hcas.value.length, 8);
  t.same(
    facts.tools.map(({ tool, answered, note }) => [tool, answered, note]),
    ['ip', 'ibdev2netdev', 'rdma', 'show_gids', 'nvidia-smi'].map((tool) => [tool, false, 'not installed']),
  );
  const bare = await factsOf({ files: LINUX_FILES });
  t.same(bare.hcas, {
    detected: false,
    reason: '/sys/class/infiniband does not exist: no RDMA driver is loaded',
  });
  t.match(bare.netdevs, { detected: false });
  t.ok(Value.Check(NodeFacts, bare));
});

test('a host without IPv4 routes has none, which is not a defect of the tool', async (t) => {
  const host = roceHost({ ...shape, hcas: 1 });
  const facts = await factsOf({ ...host, tools: { ...host.tools, 'ip -j -4 route': '[ ]\n' } });
  t.same(facts.routes, { detected: true, source: 'ip -j route', value: [] });
});

test('an iproute2 without -j is read as text', async (t) => {
  const old = answer(255, '', 'Option "-j" is unknown, try "ip -help".\n');
  const host = roceHost({ ...shape, hcas: 1 });
  const facts = await factsOf({
    ...host,
    tools: {
      'ip -d -j addr': old,
      'ip -j -4 route': old,
      'ip -j -6 route': old,
      'ip addr':
        '10: xgbe0: <BROADCAST,UP,LOWER_UP> mtu 4200 qdisc mq state UP group default qlen 1000\n    link/ether b8:ce:f6:00:00:00 brd ff:ff:ff:ff:ff:ff\n    inet 10.1.0.7/24 brd 10.1.0.255 scope global xgbe0\n',
      'ip -4 route':
        'default via 10.1.0.1 dev xgbe0 proto static metric 100\n10.1.0.0/24 dev xgbe0 proto kernel scope link src 10.1.0.7\n',
      'ip -6 route': 'fe80::/64 dev xgbe0 proto kernel metric 256 pref medium\n',
    },
  });
  t.match(facts.netdevs, {
    source: 'sysfs, ip addr',
    value: [{ name: 'xgbe0', addresses: [{ address: '10.1.0.7', prefixLength: 24 }] }],
  });
  t.same(
    facts.routes.detected &&
      facts.routes.value.map(({ destination, gateway, source }) => [destination, gateway, source]),
    [
      ['default', '10.1.0.1', null],
      ['10.1.0.0/24', null, '10.1.0.7'],
    ],
  );
});

test('tools that hang, flood, print garbage or fail cost nothing but their own answer', async (t) => {
  const folder = t.testdir();
  writeHost(join(folder, 'overlay'), roceHost(shape));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const scripts = {
    ip: 'head -c 2000 /dev/urandom',
    ibdev2netdev: 'sleep 300 & sleep 300',
    show_gids: 'yes mlx5_0',
    rdma: 'echo "segmentation fault" >&2; exit 139',
    'nvidia-smi':
      'echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver."; exit 9',
    'systemd-detect-virt': 'sleep 300',
  };
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const host = linuxHost({ overlay: join(folder, 'overlay'), toolPath: [bin] });
  const started = performance.now();
  const facts = await collectFacts(host, identity);
  t.ok(performance.now() - started < 9000, 'within the longest limit, 5 s');
  t.equal(facts.hcas.detected && facts.hcas.value.length, 8);
  t.match(facts.os, { detected: true, value: { virtualisation: null } });
  const notes = Object.fromEntries(facts.tools.map(({ tool, note }) => [tool, note]));
  t.match(notes, {
    ip: /^printed what is not its format/,
    ibdev2netdev: 'no answer within 5000 ms',
    show_gids: /^printed more than/,
    rdma: 'exit status 139: "segmentation fault"',
    'nvidia-smi': /^exit status 9/,
  });
  t.same(facts.contradictions, []);
  t.ok(Value.Check(NodeFacts, facts));
});

test('facts on one page', async (t) => {
  const text = renderFacts(await factsOf(roceHost({ ...shape, hcas: 2, gpus: 1 })));
  for (const line of [
    /^gpu-07$/m,
    /Ubuntu 22\.04\.4 LTS · Linux 5\.15\.0-105-generic · x86_64/,
    /4 cores · INTEL\(R\) XEON\(R\) PLATINUM 8558 · 2 NUMA · 2 TiB memory/,
    /0 +NVIDIA H20 +96 GiB +9\.0 +0000:13:00\.0 +0 +mlx5_0 \(PIX\)/,
    /mlx5_1:1 +active +Ethernet +200 Gb\/s +xgbe1 +10\.1\.1\.7\/24 .* 3=10\.1\.1\.7 +1 +0000:16:00\.0 +28\.39\.1002$/m,
    /xgbe0 +ether +up +10\.1\.0\.7\/24 +4200 +200 Gb\/s +mlx5_core +0 +0000:12:00\.0 +also enp16s0np0$/m,
    /^Engines: none found$/m,
    /show_gids +not installed$/m,
  ])
    t.match(text, line);
  t.notMatch(text, /[ \t]$/m, 'no trailing blanks');
});
