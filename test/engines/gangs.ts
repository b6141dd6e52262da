/** Deployments of real engines on lab hosts: CPU builds, a tiny model, two ranks; otherwise what a GPU gang would get. */
import { stringify } from 'yaml';

export interface EngineInstallation {
  /** Interpreter of the engine's environment, the same path on every host. */
  readonly python: string;
  /** Folder of the tiny model, the same path on every host. */
  readonly model: string;
}

const COMMON_ENV = { OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' };

type Layout = { readonly tensor?: number; readonly pipeline?: number };

/** Real vLLM over two hosts by its own multiprocessing. PP cannot run with --enforce-eager on CPUs. */
export const vllmGang = (name: string, at: EngineInstallation, layout: Layout): string =>
  deployment(name, at, layout, vllmEngine('vllm', at, layout));

/** The same on a Ray cluster of its own. */
export const vllmRayGang = (name: string, at: EngineInstallation, layout: Layout): string =>
  deployment(name, at, layout, vllmEngine('vllm-ray', at, layout));

function vllmEngine(kind: 'vllm' | 'vllm-ray', { python }: EngineInstallation, layout: Layout): object {
  const eager = layout.pipeline === undefined;
  return {
    kind,
    python,
    args: [
      ...['--max-model-len', '2048', '--max-num-seqs', '4', '--kv-cache-memory-bytes', '67108864'],
      ...(eager ? ['--enforce-eager'] : ['-cc.mode=2', '-cc.backend=eager']),
    ],
    env: {
      ...COMMON_ENV,
      VLLM_CPU_OMP_THREADS_BIND: 'nobind',
      VLLM_NO_USAGE_STATS: '1',
      ...(eager ? { TORCH_COMPILE_DISABLE: '1' } : {}),
    },
  };
}

/** Real SGLang over two hosts. */
export function sglangGang(
  name: string,
  at: EngineInstallation,
  layout: Layout,
  more: { readonly gated?: boolean } = {},
): string {
  return deployment(name, at, layout, {
    kind: 'sglang',
    python: at.python,
    ...more,
    args: [
      ...['--device', 'cpu', '--attention-backend', 'torch_native', '--dtype', 'float32'],
      ...['--cuda-graph-backend-decode', 'disabled', '--cuda-graph-backend-prefill', 'disabled'],
      ...['--mem-fraction-static', '0.1', '--max-total-tokens', '4096', '--max-running-requests', '4'],
    ],
    env: {
      ...COMMON_ENV,
      TRANSFORMERS_OFFLINE: '1',
      TORCH_COMPILE_DISABLE: '1',
      CUDA_VISIBLE_DEVICES: '',
      SGLANG_USE_CPU_ENGINE: '1',
      SGLANG_CPU_OMP_THREADS_BIND: '0|1',
      SGLANG_NCCL_SO_PATH: '/none/libnccl.so',
    },
  });
}

function deployment(name: string, at: EngineInstallation, layout: Layout, engine: object): string {
  return stringify({
    name,
    engine,
    model: { path: at.model, servedName: 'tiny' },
    nodes: { count: 2 },
    gpusPerNode: 0,
    parallelism: layout,
  });
}
