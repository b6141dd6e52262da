import { execFileSync } from 'node:child_process';
import type { PlanResult } from '@dsr1/shared/plan/model';
import { renderPlan } from '@dsr1/shared/plan/render';
import { rankScript } from '@dsr1/shared/plan/script';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import type { PlanInput, PlanNode } from '../src/plan/input.ts';
import { plan } from '../src/plan/plan.ts';
import {
  ether,
  type Host,
  h20Hosts,
  inputOf,
  meshHosts,
  nodeOf,
  sglangInstall,
  vllmInstall,
} from './support/hosts.ts';

const rehearsal: DeploymentSpec = { name: 'demo', engine: { kind: 'rehearsal' } };
const plain = (name: string, n: number, over: Partial<PlanNode> = {}, more: Partial<Host> = {}) =>
  nodeOf({ name, netdevs: [ether('host0', `10.77.0.${n}`)], hcas: [], ...more }, over);
const nodes = (count: number) => Array.from({ length: count }, (_, i) => plain(`host${i + 1}`, i + 1));
const run = (spec: DeploymentSpec, all: readonly PlanNode[], over: Partial<PlanInput> = {}) =>
  plan(inputOf(spec, all, over));
const seats = (result: PlanResult) =>
  result.feasible
    ? result.plan.ranks.map(({ nodeName }) => nodeName)
    : result.rejections.map(({ category }) => category);
const feasible = (result: PlanResult) => {
  if (!result.feasible) throw new Error(JSON.stringify(result.rejections));
  return result.plan;
};

test('node choice: deterministic, every node taken or refused with its reason', async (t) => {
  const all = [plain('gpu10', 10), plain('gpu2', 2), plain('gpu1', 1)];
  t.same(seats(run(rehearsal, all)), ['gpu1', 'gpu2', 'gpu10'], 'natural order');
  t.same(run(rehearsal, all), run(rehearsal, all.toReversed()), 'the order of the input does not matter');
  t.same(seats(run({ ...rehearsal, nodes: { head: 'gpu10', count: 2 } }, all)), ['gpu10', 'gpu1']);
  t.same(seats(run({ ...rehearsal, nodes: { names: ['gpu2', 'gpu1'] } }, all)), ['gpu2', 'gpu1']);
  const bad = [
    plain('a', 1),
    plain('b', 2),
    plain('c', 3, { cordoned: true }),
    plain('d', 4, { state: 'lost' }),
    plain('e', 5, { facts: null }),
    plain('f', 6),
    plain('g', 7),
  ];
  const result = run({ ...rehearsal, nodes: { count: 2, exclude: ['f'] } }, bad);
  t.same(seats(result), ['a', 'b']);
  t.same(result.feasible ? result.leftOut.map(({ node, category }) => `${node} ${category}`) : [], [
    'c cordoned',
    'd node-lost',
    'e no-facts',
    'f excluded',
    'g spare',
  ]);
  t.match(run({ ...rehearsal, nodes: { count: 5 } }, bad), {
    feasible: false,
    rejections: [{ category: 'too-few-nodes' }],
  });
  t.match(run({ ...rehearsal, nodes: { names: ['gpu1', 'gpu3'] } }, all), {
    rejections: [{ category: 'node-unknown', because: 'no node is called gpu3 (did you mean gpu2?)' }],
  });
  t.match(run({ ...rehearsal, nodes: { names: ['a', 'd'] } }, bad), {
    rejections: [{ node: 'd', category: 'node-lost' }],
  });
});

test('ranks are sticky: kept, waited for, handed to a spare only when a node is given up', async (t) => {
  const all = nodes(3);
  const previousRanks = { 'id-host2': 0, 'id-host1': 1 };
  t.same(seats(run(rehearsal, all, { previousRanks })), ['host2', 'host1']);
  const away = all.with(0, plain('host1', 1, { state: 'lost' }));
  t.match(run(rehearsal, away, { previousRanks }), {
    feasible: false,
    rejections: [{ node: 'host1', category: 'node-lost' }],
  });
  const cordoned = all.with(0, plain('host1', 1, { cordoned: true }));
  t.same(seats(run(rehearsal, cordoned, { previousRanks })), ['host2', 'host3'], 'the spare takes rank 1');
  t.same(
    seats(run(rehearsal, all.slice(1), { previousRanks })),
    ['host2', 'host3'],
    'a removed node is given up too',
  );
  t.same(seats(run({ ...rehearsal, nodes: { head: 'host1' } }, all, { previousRanks })), ['host1', 'host2']);
  t.same(seats(run(rehearsal, all.slice(0, 1), { previousRanks: { 'id-host1': 0, gone: 1 } })), [
    'too-few-nodes',
  ]);
});

test('ports: outside ephemeral ranges, fresh for each epoch, endpoint kept, taken ones avoided', async (t) => {
  const first = feasible(run(rehearsal, nodes(2)));
  const second = feasible(run(rehearsal, nodes(2), { epoch: 2, endpointPort: first.endpoint?.port ?? null }));
  t.equal(second.endpoint?.port, first.endpoint?.port);
  const numbers = (one: typeof first) =>
    one.ranks[0]?.ports.filter(({ name }) => name !== 'http').map(({ port }) => port) ?? [];
  t.equal(
    numbers(first).some((port) => numbers(second).includes(port)),
    false,
    'no rendezvous port is used twice in a row',
  );
  t.ok(numbers(first).every((port) => port >= 20000 && port <= 29999));
  const taken = numbers(first)[0] ?? 0;
  t.notOk(
    numbers(feasible(run(rehearsal, nodes(2), { avoidPorts: { 'id-host1': [taken] } }))).includes(taken),
  );
  const wide = nodes(2).map((node, i) =>
    plain(node.name, i + 1, {}, { ephemeral: { low: 10000, high: 60999 } }),
  );
  t.ok(
    numbers(feasible(run(rehearsal, wide))).every((port) => port >= 61000),
    'a wide ephemeral range moves the pool',
  );
  const full = nodes(2).map((node, i) =>
    plain(node.name, i + 1, {}, { ephemeral: { low: 1024, high: 65535 } }),
  );
  t.match(run(rehearsal, full), {
    feasible: false,
    rejections: [{ category: 'no-ports', fix: /ip_local_port_range/ }],
  });
  const busy = nodes(2).with(0, plain('host1', 1, { busyPorts: [8000] }));
  t.match(run({ ...rehearsal, endpoint: { port: 8000 } }, busy), {
    rejections: [{ node: 'host1', category: 'port-taken' }],
  });
  t.match(feasible(run({ ...rehearsal, endpoint: { port: 40000 } }, nodes(2))).warnings, [/ephemeral range/]);
  const served = (args: string[], hosts: readonly Host[]) =>
    run(
      { name: 'dp', engine: { kind: 'sglang', args }, model: { path: '/m' } },
      hosts.map((host) => nodeOf(host)),
    );
  const hosts = meshHosts();
  for (const [args, on] of [
    [['--enable-dp-attention', '--dp-size', '2'], hosts],
    [['--attn-dp-size', '2'], hosts],
    [['--attention-data-parallel-size=2'], hosts],
    [['--attn-dp-size', '2'], h20Hosts([sglangInstall()]).slice(0, 1)],
  ] as const) {
    const [head] = feasible(served([...args], on)).ranks;
    const span = head?.ports.map(({ port }) => port).slice(1) ?? [];
    t.same(
      span,
      span.map((_, i) => (span[0] ?? 0) + i),
      'DP attention gets contiguous ports',
    );
    t.equal(span.length, 7, args[0]);
    t.ok(head?.processes[0]?.argv.includes(`${head.address}:${span[0]}`), 'and is told the first');
  }
  t.match(served(['--dp-size', '2'], hosts), {
    rejections: [
      { category: 'flag-owned', because: /--dp-size.* several replicas/, fix: /--attn-dp-size N/ },
    ],
  });
});

test('world, GPUs and engines: refused with tables', async (t) => {
  const vllm: DeploymentSpec = { name: 'r1', engine: { kind: 'vllm' }, model: { path: '/m' } };
  const hosts = h20Hosts([vllmInstall()]);
  t.match(
    run(
      { ...vllm, parallelism: { tensor: 8 } },
      hosts.map((host) => nodeOf(host)),
    ),
    { plan: { world: { tensor: 8, pipeline: 2 } } },
  );
  t.match(
    run(
      { ...vllm, parallelism: { tensor: 5 } },
      hosts.map((host) => nodeOf(host)),
    ),
    { rejections: [{ category: 'world-size', because: /has 16 devices/ }] },
  );
  const half = feasible(
    run(
      { ...vllm, gpusPerNode: 4 },
      hosts.map((host) => nodeOf(host, { busyGpus: [0, 1] })),
    ),
  );
  t.same(half.ranks[0]?.gpuIndices, [2, 3, 4, 5]);
  t.equal(half.ranks[0]?.processes[0]?.env.CUDA_VISIBLE_DEVICES, '2,3,4,5');
  t.match(run(vllm, nodes(2)), {
    rejections: [
      { category: 'too-few-nodes' },
      { node: 'host1', category: 'gpus', fix: /gpusPerNode: 0/ },
      {},
    ],
  });
  const [one, two] = hosts;
  if (one === undefined || two === undefined) throw new Error('two hosts');
  t.match(run(vllm, [nodeOf(one), nodeOf({ ...two, gpus: { count: 8, name: 'NVIDIA H100' } })]), {
    rejections: [
      {
        category: 'mixed-gpus',
        table: [
          ['node', 'GPUs'],
          ['node01', '8 × NVIDIA H20'],
          ['node02', '8 × NVIDIA H100'],
        ],
      },
    ],
  });
  t.match(run(vllm, [nodeOf(one), nodeOf({ ...two, engines: [vllmInstall({ nccl: '2.26.2' })] })]), {
    rejections: [
      {
        category: 'version-mismatch',
        because: 'the nodes differ in nccl',
        table: [
          [],
          ['node01', 'vllm 0.32.0', '2.13.0', '2.27.5'],
          ['node02', 'vllm 0.32.0', '2.13.0', '2.26.2'],
        ],
      },
    ],
  });
  t.match(
    run(
      { ...vllm, engine: { kind: 'vllm', python: '/opt/other/bin/python' } },
      hosts.map((host) => nodeOf(host)),
    ),
    {
      rejections: [
        { category: 'too-few-nodes' },
        { category: 'engine-missing', because: /found vllm 0\.32\.0/ },
        {},
      ],
    },
  );
  const newest = feasible(
    run(
      vllm,
      hosts.map((host) =>
        nodeOf({
          ...host,
          engines: [vllmInstall({ version: '0.9.2', python: '/a/bin/python' }), vllmInstall()],
        }),
      ),
    ),
  );
  t.equal(newest.ranks[0]?.engineVersion, '0.32.0');
  t.match(
    run(
      vllm,
      hosts.map((host) => nodeOf({ ...host, gpus: { count: 8, name: 'NVIDIA H20', cuda: '12.2' } })),
    ),
    {
      rejections: [
        {},
        { category: 'driver-too-old', because: /CUDA 13.0, the driver serves up to 12.2/ },
        {},
      ],
    },
  );
  t.match(
    run(
      vllm,
      hosts.map((host) =>
        nodeOf({ ...host, limits: { memlockBytes: 65536, nofile: null, shmBytes: 2 ** 26 } }),
      ),
    ),
    {
      rejections: [
        { category: 'memlock', because: /memlock limit is 0 MiB/ },
        { category: 'shm-too-small', because: /\/dev\/shm is 64 MiB/ },
        {},
        {},
      ],
    },
  );
});

test('a Ray cluster of its own: ports, addresses and environment of each node, one vllm serve once all are in', async (t) => {
  const spec: DeploymentSpec = { name: 'r', engine: { kind: 'vllm-ray' }, model: { path: '/m' } };
  const withRay = (ray: string | null, pythonVersion = '3.12.3') =>
    meshHosts().map((host) => nodeOf({ ...host, engines: [vllmInstall({ ray, pythonVersion })] }));
  const { ranks } = feasible(run(spec, withRay('2.60.0')));
  const [head, worker] = ranks.map(({ processes }) => processes[0]);
  t.same(
    ranks.map(({ processes }) => processes.length),
    [1, 1],
    'one process tree a rank',
  );
  const flag = (argv: readonly string[] | undefined, name: string) => argv?.[argv.indexOf(name) + 1];
  const gcs = ranks[0]?.ports.find(({ name }) => name === 'gcs')?.port;
  t.equal(flag(head?.argv, '--port'), String(gcs));
  const [launcher, store, ray] = ['{runDir}/launcher.py', `192.168.1.1:${gcs}`, '/opt/engines/vllm/bin/ray'];
  t.same(head?.argv.slice(1, 7), [launcher, store, '2', ray, 'start', '--head']);
  t.same(worker?.argv.slice(1, 7), [launcher, store, '0', ray, 'start', '--address']);
  const served = head?.argv.slice(head.argv.indexOf('--'));
  t.same(served?.slice(0, 4), ['--', '/opt/engines/vllm/bin/vllm', 'serve', '/m']);
  t.equal(flag(served, '--port'), String(ranks[0]?.ports.find(({ name }) => name === 'http')?.port));
  t.same(
    [head, worker].map((start) => [
      flag(start?.argv, '--node-ip-address'),
      start?.env.VLLM_HOST_IP,
      start?.env.NCCL_SOCKET_IFNAME,
    ]),
    [
      ['192.168.1.1', '192.168.1.1', '=meth340'],
      ['192.168.1.2', '192.168.1.2', '=meth341'],
    ],
    'each node by its own names',
  );
  const stays = ranks[0]?.files.find(({ name }) => name === 'ray_non_carry_over_env_vars.json');
  const ofNode = [
    'NCCL_SOCKET_IFNAME',
    'GLOO_SOCKET_IFNAME',
    'VLLM_HOST_IP',
    'DSR1_RUN_ID',
    'VLLM_CACHE_ROOT',
  ];
  for (const name of ofNode)
    t.ok(JSON.parse(stays?.content ?? '[]').includes(name), `the head's ${name} does not reach the workers`);
  const wanted = (argv: readonly string[] | undefined) =>
    (argv ?? []).flatMap((word, i) => (/^--.*-port$/.test(word) ? [Number(argv?.[i + 1])] : []));
  for (const [start, rank] of [
    [head, ranks[0]],
    [worker, ranks[1]],
  ] as const)
    for (const port of wanted(start?.argv))
      t.ok(
        rank?.ports.some((planned) => planned.port === port),
        `port ${port} is checked at prepare`,
      );
  t.match(renderPlan(run(spec, withRay('2.60.0'))).join('\n'), /ray-workers \d+-\d+/, 'said as a range');
  t.match(run(spec, withRay(null)), {
    rejections: [{ category: 'ray-missing', because: /has vLLM but no Ray/ }],
  });
  const [first, second] = [withRay('2.60.0'), withRay('2.54.0', '3.11.2')];
  t.match(run(spec, [...first.slice(0, 1), ...second.slice(1, 2)]), {
    rejections: [{ category: 'version-mismatch', because: /ray, Python version/ }],
  });
});

test('images: by digest, run by Docker, with the programs and GPUs that a container sees', async (t) => {
  const image = `lmsysorg/sglang@sha256:${'a'.repeat(64)}`;
  const spec: DeploymentSpec = {
    name: 'i',
    engine: { kind: 'sglang', image },
    model: { path: '/m' },
    gpusPerNode: 2,
  };
  const hosts = (docker?: string) =>
    h20Hosts([]).map((host) => nodeOf({ ...host, ...(docker && { docker }) }, { busyGpus: [0] }));
  const { ranks } = feasible(run(spec, hosts('27.1.1')));
  t.match(ranks, [
    { runtime: 'docker', image, gpuIndices: [1, 2], requiredPaths: ['/m'] },
    { runtime: 'docker' },
  ]);
  t.equal(ranks[0]?.processes[0]?.env.CUDA_VISIBLE_DEVICES, undefined, 'a container counts its GPUs from 0');
  t.match(run(spec, hosts()), {
    rejections: [
      {},
      { node: 'node01', because: 'it has no usable docker', fix: /let the agent use the socket/ },
    ],
  });
  const byTag = { ...spec, engine: { ...spec.engine, image: 'lmsysorg/sglang:latest' } };
  const said = run(byTag, hosts());
  t.ok(!said.feasible && said.rejections.some(({ category }) => category === 'image'), 'beside the nodes');
  const refusal = (engine: object, runtime?: 'docker' | 'systemd') =>
    run({ ...spec, engine: { ...spec.engine, ...engine }, ...(runtime && { runtime }) }, hosts('27.1.1'));
  t.match(refusal({ image: 'lmsysorg/sglang:latest' }), {
    rejections: [{ category: 'image', because: /not named by its digest/ }],
  });
  t.match(refusal({}, 'systemd'), { rejections: [{ because: /runtime systemd runs no image/ }] });
  t.match(run({ ...rehearsal, runtime: 'docker' }, hosts('27.1.1')), {
    rejections: [{ because: /runtime docker needs an image/ }],
  });
  t.match(run({ name: 'r', engine: { kind: 'rehearsal', image } }, hosts('27.1.1')), {
    rejections: [{ because: /the agent itself, which no image holds/ }],
  });
});

test('network: own names and addresses, overrides with their source, one address per rank', async (t) => {
  const all = meshHosts().map((host) => nodeOf(host));
  const sglang: DeploymentSpec = { name: 's', engine: { kind: 'sglang' }, model: { path: '/m' } };
  t.same(
    feasible(run(sglang, all)).ranks.map(({ controlInterface, address }) => `${controlInterface} ${address}`),
    ['meth340 192.168.1.1', 'meth341 192.168.1.2'],
  );
  const forced = feasible(run({ ...sglang, network: { controlInterface: 'eth0', transport: 'tcp' } }, all));
  t.same(
    forced.ranks.map(({ address }) => address),
    ['172.20.3.7', '172.20.4.7'],
  );
  t.match(run({ ...sglang, network: { transport: 'rdma' } }, all), { feasible: false });
  const equal = ['a', 'b'].map((name, i) =>
    plain(name, 1, {}, { netdevs: [8, 7, 9].map((net, at) => ether(`host${at}`, `10.${net}.0.${i + 1}`)) }),
  );
  t.same(
    feasible(run(rehearsal, equal)).ranks.map(
      ({ controlInterface, address }) => `${controlInterface} ${address}`,
    ),
    ['host0 10.8.0.1', 'host0 10.8.0.2'],
    'several shared subnets that are as good: the first interface',
  );
  const twins = [plain('a', 1), plain('b', 1)];
  t.match(run(rehearsal, twins), { rejections: [{ because: /both have 10\.77\.0\.1/ }] });
});

test('CPU gangs of the real engines need no GPU and no HCA', async (t) => {
  const cpu = (name: string, n: number) =>
    plain(
      name,
      n,
      {},
      {
        engines: [
          sglangInstall({ nccl: null, cuda: null }),
          vllmInstall({ version: '0.32.0+cpu', nccl: null, cuda: null }),
        ],
      },
    );
  const all = [cpu('host1', 1), cpu('host2', 2)];
  const vllm = feasible(
    run(
      {
        name: 'tiny-vllm',
        engine: {
          kind: 'vllm',
          args: [
            '--max-model-len',
            '2048',
            '--max-num-seqs',
            '4',
            '-cc.mode=2',
            '-cc.backend=eager',
            '--kv-cache-memory-bytes',
            '67108864',
          ],
          env: {
            VLLM_CPU_OMP_THREADS_BIND: 'nobind',
            OMP_NUM_THREADS: '1',
            TORCH_COMPILE_DISABLE: '1',
            VLLM_NO_USAGE_STATS: '1',
            HF_HUB_OFFLINE: '1',
            VLLM_CACHE_ROOT: '/fast/vllm',
          },
        },
        model: { path: '/models/tiny', servedName: 'tiny' },
        gpusPerNode: 0,
        parallelism: { pipeline: 2 },
      },
      all,
    ),
  );
  t.same(vllm.world, { nodes: 2, gpusPerNode: 0, tensor: 1, pipeline: 2 });
  const main = vllm.ranks[1]?.processes[0];
  t.match(main?.env, { VLLM_CACHE_ROOT: '/fast/vllm', TRITON_CACHE_DIR: '{cacheDir}/triton' }, 'caches');
  t.match(main?.reasons.VLLM_CACHE_ROOT, /engine\.env/, "the operator's own");
  t.same(Object.fromEntries(Object.entries(main?.env ?? {}).filter(([name]) => !CACHE.test(name))), {
    VLLM_HOST_IP: '10.77.0.2',
    GLOO_SOCKET_IFNAME: 'host0',
    VLLM_CPU_OMP_THREADS_BIND: 'nobind',
    OMP_NUM_THREADS: '1',
    TORCH_COMPILE_DISABLE: '1',
    VLLM_NO_USAGE_STATS: '1',
    HF_HUB_OFFLINE: '1',
  });
  t.same(vllm.warnings, []);
  const alone = feasible(
    run({ name: 'one', engine: { kind: 'vllm' }, model: { path: '/m' }, gpusPerNode: 0 }, all.slice(0, 1)),
  );
  t.notOk(alone.ranks[0]?.processes[0]?.argv.includes('--nnodes'), 'one node needs no rendezvous');
  t.same(
    alone.ranks[0]?.ports.map(({ name }) => name),
    ['http'],
  );
  const sglang = feasible(
    run(
      {
        name: 'tiny-sglang',
        engine: {
          kind: 'sglang',
          args: [
            '--device',
            'cpu',
            '--attention-backend',
            'torch_native',
            '--cuda-graph-backend-decode',
            'disabled',
            '--cuda-graph-backend-prefill',
            'disabled',
            '--mem-fraction-static',
            '0.1',
            '--max-total-tokens',
            '4096',
            '--max-running-requests',
            '4',
            '--dtype',
            'float32',
          ],
          env: {
            SGLANG_USE_CPU_ENGINE: '1',
            SGLANG_CPU_OMP_THREADS_BIND: '0|1',
            SGLANG_NCCL_SO_PATH: '/none/x',
            CUDA_VISIBLE_DEVICES: '',
            HF_HUB_OFFLINE: '1',
            TRANSFORMERS_OFFLINE: '1',
            OMP_NUM_THREADS: '1',
            TORCH_COMPILE_DISABLE: '1',
          },
        },
        model: { path: '/models/tiny', servedName: 'tiny' },
        gpusPerNode: 0,
      },
      all,
    ),
  );
  t.equal(sglang.ranks[0]?.processes[0]?.env.CUDA_VISIBLE_DEVICES, '');
  t.equal(sglang.transport === 'roce', false);
  t.match(sglang.ranks[0]?.files, [{ name: 'engine.yaml', content: 'api-key: "{apiKey}"\n' }]);
  t.same(sglang.ranks[1]?.files, [], 'the key is where it is used alone');
});

/** engines/compile-caches.ts */
const CACHE = /_CACHE_|_WORKSPACE_BASE|_EXTENSIONS_DIR/;

test('a plan can be read, and its scripts run as bash', async (t) => {
  const launch = run(
    {
      name: 'echo',
      engine: {
        kind: 'command',
        command: ['/bin/echo', 'rank={rank}', '{nodes}', '{head}:{port}', `it's {"json": 1}`, '{runDir}'],
        env: { GREETING: 'a "quoted" $word' },
      },
      gpusPerNode: 0,
    },
    nodes(2),
  );
  const lines = renderPlan(launch).join('\n');
  t.match(lines, /RANK {2}NODE/);
  t.match(lines, /host1 +rank 0, the head +order of names/);
  const { ranks } = feasible(launch);
  const [, second] = ranks;
  if (second === undefined) throw new Error('two ranks');
  const out = execFileSync('/bin/bash', ['-s'], {
    input: rankScript(feasible(launch), second),
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: t.testdir() },
  });
  t.match(out, new RegExp(`^rank=1 2 10\\.77\\.0\\.1:\\d+ it's \\{"json": 1\\} ${t.testdirName}/`));
  t.match(
    renderPlan(run(rehearsal, [])).join('\n'),
    /There is no plan:[\s\S]*at least one node is wanted, 0 can be used[\s\S]*→ join more nodes/,
  );
});

test('what the facts of a host know to end a rank is refused before it starts, by its diagnosis', async (t) => {
  const [host] = h20Hosts([sglangInstall()]);
  if (host === undefined) return;
  const node = nodeOf(host);
  const { facts } = node;
  if (facts === null || !facts.gpus.detected) return t.fail('the host has facts');
  const settings = (fabricManager: string | null) => ({
    detected: true as const,
    source: 'test',
    value: {
      ownNameAddresses: [],
      nameServers: [],
      clockSynchronised: true,
      kernelModules: [],
      nvidiaGpusOnPci: 8,
      nvSwitches: 4,
      fabricManager,
    },
  });
  const disk = (mount: string, freeGiB: number) => ({
    detected: true as const,
    source: 'test',
    value: [{ mount, totalBytes: 2 ** 40, freeGiB }],
  });
  const { value } = facts.gpus;
  const mig = { ...value, gpus: value.gpus.map((gpu) => ({ ...gpu, mig: gpu.index === 3 })) };
  const spec: DeploymentSpec = { name: 'm', engine: { kind: 'sglang' }, model: { path: '/models/m' } };
  const categories = (change: object, over: Partial<DeploymentSpec> = {}) =>
    run({ ...spec, ...over }, [{ ...node, facts: { ...facts, ...change } }]);
  t.match(categories({ settings: settings('inactive') }), {
    rejections: [{ category: 'fabric-manager-down', because: /4 NVSwitches .* inactive/ }],
  });
  t.equal(categories({ settings: settings('active') }).feasible, true);
  t.equal(categories({ settings: settings(null) }).feasible, true, 'nobody to ask');
  t.match(categories({ gpus: { ...facts.gpus, value: mig } }), {
    rejections: [{ category: 'gpu-visibility', because: /GPUs 3 are in MIG mode/ }],
  });
  t.match(categories({ disks: disk('/var', 0) }), { rejections: [{ category: 'disk-full' }] });
  t.equal(categories({ disks: disk('/models', 0) }).feasible, true, 'a model folder may be full');
});

test('a gated start is planned for SGLang, and refused by name elsewhere', async (t) => {
  const hosts = h20Hosts([sglangInstall()]).map((host) => nodeOf(host));
  const spec: DeploymentSpec = { name: 'm', engine: { kind: 'sglang', gated: true }, model: { path: '/m' } };
  const { ranks, warnings, head } = feasible(run(spec, hosts));
  const gate = ranks[0]?.ports.find(({ name }) => name === 'gate');
  t.equal(gate?.address, ranks[0]?.address);
  t.not(gate?.port, head.rendezvousPort);
  for (const { processes } of ranks)
    t.ok(processes[0]?.argv.join(' ').includes(`--gated-launch-port ${gate?.port} `));
  t.ok(
    warnings.some((text) => text.startsWith(`engine.gated: port ${gate?.port} of ${head.node} takes POST`)),
  );
  t.match(run({ ...rehearsal, engine: { kind: 'rehearsal', gated: true } }, nodes(2)), {
    rejections: [{ category: 'bad-flag', because: 'engine.gated is set, and rehearsal has no gated start' }],
  });
});
