import type { NodeFacts } from '@dsr1/shared/facts/node';
import { test } from 'tap';
import { examine } from '../src/doctor/examine.ts';
import { renderFindings } from '../src/doctor/render.ts';
import { collectFacts } from '../src/facts/collect.ts';
import { type HostRecord, simulatedHost } from '../src/host/simulated.ts';
import { roceHost } from './fake-hosts.ts';

const config = { engineRoots: ['/opt/engines/*'] };
const identity = { agentVersion: '0.1.0', agentCommand: ['agent'] };
const venv = '/opt/engines/vllm';

/** A GPU host on which nothing is missing. */
function healthyHost() {
  const host = roceHost({ hcas: 2, gidSlots: 4, gidsUsed: 4, gpus: 2 });
  return {
    ...host,
    files: {
      ...host.files,
      '/proc/1/comm': 'systemd\n',
      '/run/systemd/system/units': '',
      '/sys/module/nvidia_peermem/refcnt': '0\n',
      [`${venv}/bin/python`]: '',
      [`${venv}/lib/python3.12/site-packages/vllm-0.11.0.dist-info/METADATA`]: '',
    },
    fileSystems: { ...host.fileSystems, '/': { totalBytes: 2 ** 41, freeBytes: 2 ** 40 } },
    tools: {
      ...host.tools,
      'systemctl show --value --property=Version': '255.4-1ubuntu8\n',
      'timedatectl show --value --property=NTPSynchronized': 'yes\n',
      'g++ -dumpfullversion -dumpversion': '13.2.0\n',
    },
  } satisfies HostRecord;
}

const factsOf = (record: HostRecord): Promise<NodeFacts> => collectFacts(simulatedHost(record), identity);
const findingsOf = async (record: HostRecord) => examine(await factsOf(record), config);
const without = (tools: Readonly<Record<string, string>>, ...gone: string[]) =>
  Object.fromEntries(Object.entries(tools).filter(([argv]) => !gone.some((tool) => argv.startsWith(tool))));

test('a healthy host has nothing to repair', async (t) => {
  const findings = await findingsOf(healthyHost());
  t.same(findings, []);
  t.equal(renderFindings('gpu-07', findings), 'gpu-07: nothing to repair\n');
});

test('each thing that is missing is found, once, with what to do', async (t) => {
  const healthy = healthyHost();
  const { files, links, tools } = healthy;
  const nic = links['/sys/class/infiniband/mlx5_1'];
  const limits = (memlock: string, nofile: string) => ({
    ...files,
    '/proc/1/comm': 'init\n',
    '/proc/self/limits': `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${nofile}                 1048576              files     \nMax locked memory         ${memlock}              8388608              bytes     \n`,
  });
  const smi = Object.keys(tools).find((argv) => argv.startsWith('nvidia-smi')) ?? '';
  const gpus = String(tools[smi as keyof typeof tools]);
  const cases: readonly (readonly [check: string, severity: string, record: HostRecord, fix: RegExp])[] = [
    [
      'ip-missing',
      'warning',
      { ...healthy, tools: without(tools, 'ip '), addresses: addressOf('10.1.0.7') },
      /iproute2/,
    ],
    ['no-address', 'error', { ...healthy, tools: { ...tools, 'ip -d -j addr': '[]' } }, /ip -br addr/],
    [
      'port-pool-overlap',
      'warning',
      { ...healthy, files: { ...files, '/proc/sys/net/ipv4/ip_local_port_range': '1024\t65535\n' } },
      /ip_local_port_range = 32768 60999/,
    ],
    [
      'own-name-loopback',
      'warning',
      { ...healthy, files: { ...files, '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 gpu-07\n' } },
      /gpu-07/,
    ],
    ['name-server-silent', 'warning', { ...healthy, silentNameServers: ['10.0.0.53'] }, /10\.0\.0\.53/],
    [
      'clock-unsynchronised',
      'warning',
      { ...healthy, tools: { ...tools, 'timedatectl show --value --property=NTPSynchronized': 'no\n' } },
      /set-ntp true/,
    ],
    ['uverbs-closed', 'error', { ...healthy, closed: { '/dev/infiniband/uverbs1': 'EACCES' } }, /udev/],
    [
      'no-subnet-manager',
      'error',
      { ...healthy, files: { ...files, [`${nic}/ports/1/link_layer`]: 'InfiniBand\n' } },
      /opensm/,
    ],
    [
      'rail-without-address',
      'warning',
      { ...healthy, files: withoutAddress(files, `${nic}/ports/1`) },
      /ip addr add .* dev xgbe1/,
    ],
    [
      'peermem-missing',
      'warning',
      { ...healthy, files: omit(files, '/sys/module/nvidia_peermem/refcnt') },
      /modprobe nvidia_peermem/,
    ],
    [
      'contradiction',
      'warning',
      { ...healthy, tools: { ...tools, ibdev2netdev: 'mlx5_0 port 1 ==> eth9 (Up)\n' } },
      /ibdev2netdev/,
    ],
    [
      'nvidia-driver-missing',
      'error',
      { ...healthy, tools: without(tools, 'nvidia-smi') },
      /install the driver/,
    ],
    [
      'nvidia-smi-silent',
      'error',
      { ...healthy, tools: { ...tools, 'nvidia-smi -q -x': noDevices, [smi]: noDevices } },
      /dmesg/,
    ],
    [
      'gpu-lost',
      'error',
      { ...healthy, tools: { ...tools, [smi]: gpus.split('\n').slice(0, 2).join('\n') } },
      /Xid 79/,
    ],
    [
      'gpu-mig',
      'warning',
      { ...healthy, tools: { ...tools, [smi]: gpus.replace('9.0, Disabled', '9.0, Enabled') } },
      /nvidia-smi -i 0 -mig 0/,
    ],
    [
      'fabric-manager',
      'error',
      { ...healthy, files: { ...files, ...nvSwitch } },
      /systemctl enable --now nvidia-fabricmanager/,
    ],
    ['memlock', 'error', { ...healthy, files: limits('65536  ', '1048576') }, /memlock unlimited/],
    ['open-files', 'warning', { ...healthy, files: limits('unlimited', '1024   ') }, /nofile 1048576/],
    [
      'shm-small',
      'error',
      { ...healthy, fileSystems: { '/dev/shm': { totalBytes: 64 * 2 ** 20, freeBytes: 0 } } },
      /remount,size=4G/,
    ],
    [
      'disk-low',
      'warning',
      {
        ...healthy,
        fileSystems: { ...healthy.fileSystems, '/': { totalBytes: 2 ** 41, freeBytes: 2 ** 30 } },
      },
      /du -xh/,
    ],
    ['no-engine', 'warning', { ...healthy, files: omit(files, `${venv}/bin/python`) }, /pip install vllm/],
    ['no-compiler', 'error', { ...healthy, tools: without(tools, 'g++') }, /install g\+\+/],
  ];
  for (const [check, severity, record, fix] of cases) {
    const findings = await findingsOf(record);
    t.same(
      findings.map((finding) => [finding.check, finding.severity]),
      [[check, severity]],
      check,
    );
    t.match(findings[0]?.fix.join('\n'), fix);
  }
});

test('a GPU in use is named with its process', async (t) => {
  const healthy = healthyHost();
  const facts = await factsOf(healthy);
  if (!facts.gpus.detected) return t.fail(facts.gpus.reason);
  const gpus = facts.gpus.value.gpus.map((gpu) => ({
    ...gpu,
    processes: gpu.index === 1 ? [{ pid: 4711, name: 'python', usedMemoryBytes: 70 * 2 ** 30 }] : [],
  }));
  const occupied = { ...facts, gpus: { ...facts.gpus, value: { ...facts.gpus.value, gpus } } };
  t.match(examine(occupied, config), [
    { check: 'gpu-in-use', found: 'GPU 1 is in use: pid 4711 (python, 70 GiB)' },
  ]);
});

test('a driver that the engines or its own module do not fit, in the words of a diagnosis', async (t) => {
  const facts = await factsOf(healthyHost());
  if (!facts.gpus.detected || !facts.engines.detected) return t.fail('the healthy host has both');
  const engines = facts.engines.value.map((install) => ({ ...install, cuda: '13.0' }));
  const old = {
    ...facts,
    gpus: { ...facts.gpus, value: { ...facts.gpus.value, cudaVersion: '12.4' } },
    engines: { ...facts.engines, value: engines },
  };
  t.match(examine(old, config), [
    {
      check: 'driver-too-old',
      severity: 'error',
      found: /built for CUDA 13\.0, the driver serves up to 12\.4/,
    },
  ]);
  const note = 'exit 18: Failed to initialize NVML: Driver/library version mismatch';
  const updated = {
    ...facts,
    gpus: { detected: false, reason: note } as const,
    tools: [{ tool: 'nvidia-smi', answered: false, note }],
  };
  const findings = examine(updated, config);
  t.match(findings, [{ check: 'nvidia-smi-mismatch', fix: [/reboot/] }]);
  t.match(renderFindings('gpu-07', findings), /\(nvml-mismatch\)/);
});

test('errors come first, each finding with its reason and every line of its fix', async (t) => {
  const healthy = healthyHost();
  const record = { ...healthy, tools: without(healthy.tools, 'g++'), silentNameServers: ['10.0.0.53'] };
  const text = renderFindings('gpu-07', await findingsOf(record));
  t.match(text, /^error {4}no C\+\+ compiler .*\[no-compiler\]\n {9}why: .*\n {9}fix: apt-get install g\+\+/);
  t.match(text, /warning {2}name server 10\.0\.0\.53 does not answer {2}\[name-server-silent\]/);
  t.match(text, /gpu-07: 1 error, 1 warning\n$/);
});

const noDevices = { answered: true, exitCode: 6, stdout: 'No devices were found\n', stderr: '' } as const;

const addressOf = (address: string) => [
  { netdev: 'xgbe0', family: 4 as const, address, prefixLength: 24, mac: '' },
];

const omit = (files: Readonly<Record<string, string>>, path: string) =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));

const withoutAddress = (files: Readonly<Record<string, string>>, port: string) => ({
  ...files,
  [`${port}/gids/2`]: '0000:0000:0000:0000:0000:0000:0000:0000\n',
  [`${port}/gids/3`]: '0000:0000:0000:0000:0000:0000:0000:0000\n',
});

const nvSwitch = {
  '/sys/bus/pci/devices/0000:a0:00.0/vendor': '0x10de\n',
  '/sys/bus/pci/devices/0000:a0:00.0/class': '0x068000\n',
};
