/**
 * The deployments of five published tutorials, from the facts of their posted hosts. Every flag and variable is
 * expected by name; docs/seeds.md argues each against what the tutorial wrote.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RankPlan } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import { plan } from '../src/plan/plan.ts';
import {
  defaultRoute,
  ether,
  type Host,
  h20Hosts,
  ibHosts,
  inputOf,
  meshHosts,
  nodeOf,
  sglangInstall,
  vllmInstall,
} from './support/hosts.ts';

const ranksOf = (spec: DeploymentSpec, hosts: readonly Host[]): readonly RankPlan[] => {
  const result = plan(
    inputOf(
      spec,
      hosts.map((host) => nodeOf(host)),
      { endpointPort: 8000 },
    ),
  );
  if (!result.feasible) throw new Error(JSON.stringify(result.rejections, null, 1));
  return result.plan.ranks;
};
const argv = (rank: RankPlan | undefined) => rank?.processes[0]?.argv ?? [];
const env = (rank: RankPlan | undefined) => rank?.processes[0]?.env ?? {};
/** What engines compile stays on the node (engines/compile-caches.ts). */
const CACHES = {
  TRITON_CACHE_DIR: '{cacheDir}/triton',
  TORCHINDUCTOR_CACHE_DIR: '{cacheDir}/torchinductor',
  TORCH_EXTENSIONS_DIR: '{cacheDir}/torch-extensions',
  FLASHINFER_WORKSPACE_BASE: '{cacheDir}/flashinfer',
  TVM_FFI_CACHE_DIR: '{cacheDir}/tvm-ffi',
  TILELANG_CACHE_DIR: '{cacheDir}/tilelang',
  CUDA_CACHE_PATH: '{cacheDir}/cuda',
};
const VLLM_CACHES = { ...CACHES, VLLM_CACHE_ROOT: '{cacheDir}/vllm' };
const SGLANG_CACHES = {
  ...CACHES,
  SGLANG_CACHE_DIR: '{cacheDir}/sglang',
  SGLANG_JIT_CACHE_DIR: '{cacheDir}/sglang-jit',
  SGLANG_DG_CACHE_DIR: '{cacheDir}/deep-gemm',
};
const rendezvous = (rank: RankPlan | undefined, name: string) =>
  rank?.ports.find((port) => port.name === name)?.port;

const page = readFileSync(join(import.meta.dirname, '../../../docs/seeds.md'), 'utf8');
/** Underscores in a vLLM flag are dashes. */
const onPage = (name: string) => page.includes(name.startsWith('--') ? name.replaceAll('_', '-') : name);

/** Settings without a reason in the plan, or unsaid on the page. */
const unargued = (ranks: readonly RankPlan[]) =>
  ranks.flatMap(({ processes }) =>
    processes.flatMap((process) =>
      [...process.argv.filter((word) => word.startsWith('--')), ...Object.keys(process.env)].filter(
        (name) => !process.reasons[name] || !onPage(name),
      ),
    ),
  );

test('seed 000: two rented hosts, one RTX 4090 each, meth340 and meth341', async (t) => {
  const ranks = ranksOf(
    {
      name: 'r1-14b',
      engine: { kind: 'sglang' },
      model: { path: '/home/DeepSeek-R1-Distill-Qwen-14B' },
      parallelism: { tensor: 2 },
    },
    meshHosts(),
  );
  const port = rendezvous(ranks[0], 'dist-init');
  t.same(argv(ranks[0]), [
    '/opt/engines/sglang/bin/sglang',
    'serve',
    '--model-path',
    '/home/DeepSeek-R1-Distill-Qwen-14B',
    '--served-model-name',
    'r1-14b',
    '--tp-size',
    '2',
    '--nnodes',
    '2',
    '--node-rank',
    '0',
    '--dist-init-addr',
    `192.168.1.1:${port}`,
    '--host',
    '192.168.1.1',
    '--port',
    '8000',
    '--config',
    '{runDir}/engine.yaml',
  ]);
  t.same(argv(ranks[1]), [
    '/opt/engines/sglang/bin/sglang',
    'serve',
    '--model-path',
    '/home/DeepSeek-R1-Distill-Qwen-14B',
    '--served-model-name',
    'r1-14b',
    '--tp-size',
    '2',
    '--nnodes',
    '2',
    '--node-rank',
    '1',
    '--dist-init-addr',
    `192.168.1.1:${port}`,
    '--host',
    '192.168.1.2',
    '--port',
    '8000',
  ]);
  t.same(env(ranks[0]), {
    SGLANG_HOST_IP: '192.168.1.1',
    NCCL_SOCKET_IFNAME: '=meth340',
    GLOO_SOCKET_IFNAME: 'meth340',
    NCCL_IB_DISABLE: '1',
    NCCL_NET: 'Socket',
    NCCL_DEBUG: 'INFO',
    ...SGLANG_CACHES,
  });
  t.same(env(ranks[1]), {
    SGLANG_HOST_IP: '192.168.1.2',
    NCCL_SOCKET_IFNAME: '=meth341',
    GLOO_SOCKET_IFNAME: 'meth341',
    NCCL_IB_DISABLE: '1',
    NCCL_NET: 'Socket',
    NCCL_DEBUG: 'INFO',
    ...SGLANG_CACHES,
  });
  t.not(port, 6379, "Ray's port is not the rendezvous");
  t.same(unargued(ranks), []);
});

test('seed 001: two 8×H100 with eth0 and eight InfiniBand HCAs', async (t) => {
  const hosts = ibHosts({
    count: 2,
    management: 'eth0',
    hcas: 8,
    gpu: 'NVIDIA H100 80GB HBM3',
    engines: [sglangInstall()],
  });
  const spec: DeploymentSpec = {
    name: 'deepseek-r1',
    engine: { kind: 'sglang' },
    model: { path: '/data/DeepSeek-R1' },
  };
  const ranks = ranksOf(spec, hosts);
  t.same(argv(ranks[1]), [
    '/opt/engines/sglang/bin/sglang',
    'serve',
    '--model-path',
    '/data/DeepSeek-R1',
    '--served-model-name',
    'deepseek-r1',
    '--tp-size',
    '16',
    '--nnodes',
    '2',
    '--node-rank',
    '1',
    '--dist-init-addr',
    `10.0.0.1:${rendezvous(ranks[0], 'dist-init')}`,
    '--host',
    '10.0.0.2',
    '--port',
    '8000',
  ]);
  t.same(env(ranks[1]), {
    SGLANG_HOST_IP: '10.0.0.2',
    NCCL_SOCKET_IFNAME: '=eth0',
    GLOO_SOCKET_IFNAME: 'eth0',
    NCCL_IB_HCA: '=mlx5_0:1,mlx5_1:1,mlx5_2:1,mlx5_3:1,mlx5_4:1,mlx5_5:1,mlx5_6:1,mlx5_7:1',
    NCCL_NET: 'IB',
    NCCL_DEBUG: 'INFO',
    ...SGLANG_CACHES,
  });
  t.same(unargued(ranks), []);
  const asWritten = plan(
    inputOf(
      {
        ...spec,
        engine: {
          kind: 'sglang',
          env: {
            NCCL_IB_RETRY_CNT: '12',
            NCCL_IB_TIMEOUT: '22',
            NCCL_IB_QPS_PER_CONNECTION: '8',
            NCCL_IB_HCA: 'mlx5_0',
          },
        },
      },
      hosts.map((host) => nodeOf(host)),
    ),
  );
  t.match(asWritten, {
    feasible: false,
    rejections: [
      { category: 'env-range', because: 'NCCL_IB_RETRY_CNT is "12", NCCL takes 0 to 7' },
      { category: 'env-owned', fix: /network\.hcas/ },
    ],
  });
});

test('seed 002: four 8×A800 with eth2 and InfiniBand, vLLM without Ray', async (t) => {
  const hosts = ibHosts({
    count: 4,
    management: 'eth2',
    hcas: 4,
    gpu: 'NVIDIA A800-SXM4-80GB',
    engines: [vllmInstall()],
  });
  const ranks = ranksOf(
    {
      name: 'r1-bf16',
      engine: { kind: 'vllm' },
      model: { path: '/models/DeepSeek-R1-BF16' },
      parallelism: { tensor: 8, pipeline: 4 },
    },
    hosts,
  );
  const port = rendezvous(ranks[0], 'master');
  t.same(argv(ranks[0]), [
    '/opt/engines/vllm/bin/vllm',
    'serve',
    '/models/DeepSeek-R1-BF16',
    '--served-model-name',
    'r1-bf16',
    '--tensor-parallel-size',
    '8',
    '--pipeline-parallel-size',
    '4',
    '--nnodes',
    '4',
    '--node-rank',
    '0',
    '--master-addr',
    '10.0.0.1',
    '--master-port',
    String(port),
    '--host',
    '10.0.0.1',
    '--port',
    '8000',
    '--config',
    '{runDir}/engine.yaml',
  ]);
  t.same(argv(ranks[3]).slice(-9), [
    '--nnodes',
    '4',
    '--node-rank',
    '3',
    '--master-addr',
    '10.0.0.1',
    '--master-port',
    String(port),
    '--headless',
  ]);
  t.same(env(ranks[3]), {
    VLLM_HOST_IP: '10.0.0.4',
    NCCL_SOCKET_IFNAME: '=eth2',
    GLOO_SOCKET_IFNAME: 'eth2',
    NCCL_IB_HCA: '=mlx5_0:1,mlx5_1:1,mlx5_2:1,mlx5_3:1',
    NCCL_NET: 'IB',
    NCCL_DEBUG: 'INFO',
    ...VLLM_CACHES,
  });
  t.same(unargued(ranks), []);
});

test('seed 003, vLLM: two 8×H20, eight RoCE rails, the management NIC stays out', async (t) => {
  const hosts = h20Hosts([vllmInstall()]);
  const args = [
    '--gpu-memory-utilization',
    '0.90',
    '--max_num_seqs',
    '256',
    '--max-num-batched-tokens',
    '16384',
    '--max_model_len',
    '16384',
    '--reasoning-parser',
    'deepseek_r1',
    '--enforce-eager',
  ];
  const spec = (more: readonly string[]): DeploymentSpec => ({
    name: 'deepseek-r1',
    engine: { kind: 'vllm', args: [...args, ...more] },
    model: { path: '/mnt/models/DeepSeek-R1' },
  });
  const ranks = ranksOf(spec([]), hosts);
  t.same(argv(ranks[0]), [
    '/opt/engines/vllm/bin/vllm',
    'serve',
    '/mnt/models/DeepSeek-R1',
    '--served-model-name',
    'deepseek-r1',
    '--tensor-parallel-size',
    '16',
    '--nnodes',
    '2',
    '--node-rank',
    '0',
    '--master-addr',
    '10.63.65.207',
    '--master-port',
    String(rendezvous(ranks[0], 'master')),
    '--host',
    '10.63.65.207',
    '--port',
    '8000',
    '--config',
    '{runDir}/engine.yaml',
    ...args,
  ]);
  for (const [rank, address] of ['10.63.65.207', '10.63.65.208'].entries())
    t.same(env(ranks[rank]), {
      VLLM_HOST_IP: address,
      NCCL_SOCKET_IFNAME: '=xgbe0',
      GLOO_SOCKET_IFNAME: 'xgbe0',
      NCCL_IB_HCA: '=mlx5_1:1,mlx5_2:1,mlx5_3:1,mlx5_4:1,mlx5_5:1,mlx5_6:1,mlx5_7:1,mlx5_8:1',
      NCCL_NET: 'IB',
      NCCL_CROSS_NIC: '0',
      NCCL_DEBUG: 'INFO',
      ...VLLM_CACHES,
    });
  t.same(unargued(ranks), []);
  const asWritten = plan(
    inputOf(
      spec(['--max_seq_len_to_capture', '16384', '--enable-chunked-prefill=False', '--enable-reasoning']),
      hosts.map((host) => nodeOf(host)),
    ),
  );
  t.match(asWritten, {
    feasible: false,
    rejections: [
      { category: 'bad-flag', because: /no --max_seq_len_to_capture/, fix: /cudagraph_capture_sizes/ },
      {
        category: 'bad-flag',
        because: /--enable-chunked-prefill is a switch/,
        fix: 'write --no-enable-chunked-prefill',
      },
      { category: 'bad-flag', because: /no --enable-reasoning/, fix: /--reasoning-parser NAME alone/ },
    ],
  });
});

test('seed 003, SGLang: an NCCL before 2.21 is told the GID index that all ports share', async (t) => {
  const ranks = ranksOf(
    {
      name: 'deepseek-r1',
      engine: {
        kind: 'sglang',
        args: ['--mem-fraction-static', '0.90', '--reasoning-parser', 'deepseek-r1'],
      },
      model: { path: '/mnt/models/DeepSeek-R1' },
    },
    h20Hosts([sglangInstall({ version: '0.4.5', nccl: '2.20.5' })]),
  );
  t.same(argv(ranks[1]), [
    ...['/opt/engines/sglang/bin/python', '-m', 'sglang.launch_server'],
    ...['--model-path', '/mnt/models/DeepSeek-R1', '--served-model-name', 'deepseek-r1', '--tp-size', '16'],
    ...['--nnodes', '2', '--node-rank', '1'],
    ...['--dist-init-addr', `10.63.65.207:${rendezvous(ranks[0], 'dist-init')}`],
    ...['--host', '10.63.65.208', '--port', '8000'],
    ...['--mem-fraction-static', '0.90', '--reasoning-parser', 'deepseek-r1'],
  ]);
  t.same(env(ranks[1]), {
    SGLANG_HOST_IP: '10.63.65.208',
    NCCL_SOCKET_IFNAME: '=xgbe0',
    GLOO_SOCKET_IFNAME: 'xgbe0',
    NCCL_IB_HCA: '=mlx5_1:1,mlx5_2:1,mlx5_3:1,mlx5_4:1,mlx5_5:1,mlx5_6:1,mlx5_7:1,mlx5_8:1',
    NCCL_IB_GID_INDEX: '3',
    NCCL_NET: 'IB',
    NCCL_CROSS_NIC: '0',
    NCCL_DEBUG: 'INFO',
    ...SGLANG_CACHES,
  });
  t.same(unargued(ranks), []);
  t.same(
    ranks[1]?.hcas,
    [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `mlx5_${i}`),
  );
});

test('seed 004: hosts with eth0 alone talk TCP, and the plan says so', async (t) => {
  const hosts = [1, 2].map(
    (n): Host => ({
      name: `tke-${n}`,
      netdevs: [ether('eth0', `10.1.0.${n}`)],
      routes: [defaultRoute('eth0', '10.1.0.254')],
      hcas: [],
      gpus: { count: 8, name: 'NVIDIA A100-SXM4-40GB' },
      engines: [sglangInstall()],
    }),
  );
  const result = plan(
    inputOf(
      { name: 'deepseek-r1', engine: { kind: 'sglang' }, model: { path: '/data/DeepSeek-R1' } },
      hosts.map((host) => nodeOf(host)),
      { endpointPort: 8000 },
    ),
  );
  t.match(result, {
    feasible: true,
    plan: {
      transport: 'tcp',
      world: { tensor: 16 },
      warnings: [/talks TCP/, /tensor parallelism crosses nodes over TCP/],
    },
  });
  const ranks = result.feasible ? result.plan.ranks : [];
  t.same(argv(ranks[1]), [
    ...['/opt/engines/sglang/bin/sglang', 'serve', '--model-path', '/data/DeepSeek-R1'],
    ...['--served-model-name', 'deepseek-r1', '--tp-size', '16', '--nnodes', '2', '--node-rank', '1'],
    ...['--dist-init-addr', `10.1.0.1:${rendezvous(ranks[0], 'dist-init')}`],
    ...['--host', '10.1.0.2', '--port', '8000'],
  ]);
  t.same(unargued(ranks), []);
  t.same(env(ranks[0]), {
    SGLANG_HOST_IP: '10.1.0.1',
    NCCL_SOCKET_IFNAME: '=eth0',
    GLOO_SOCKET_IFNAME: 'eth0',
    NCCL_IB_DISABLE: '1',
    NCCL_NET: 'Socket',
    NCCL_DEBUG: 'INFO',
    ...SGLANG_CACHES,
  });
});
