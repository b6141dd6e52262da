/**
 * Where engines keep what they compile while they start. Their defaults lie in the home folder, which several nodes may
 * share over NFS (stale handles, half-written modules, locks that hang), in /tmp, which a rank under systemd has for
 * itself, and in a container, which goes with the rank: there every launch compiles anew. `{cacheDir}` is on the node's
 * own disk, one for each build of an engine. XDG_CACHE_HOME would do it in one word, but it moves the models of the
 * Hugging Face cache as well.
 */
import type { Setting } from './process-plan.ts';

const WHY: Readonly<Record<string, readonly [folder: string, because: string]>> = {
  // triton/knobs.py, torch/_inductor/runtime/cache_dir_utils.py, torch/utils/cpp_extension.py
  TRITON_CACHE_DIR: ['triton', "Triton's kernels; ~/.triton otherwise"],
  TORCHINDUCTOR_CACHE_DIR: ['torchinductor', "torch.compile's graphs and kernels; /tmp otherwise"],
  TORCH_EXTENSIONS_DIR: ['torch-extensions', 'C++ extensions that are built while it starts'],
  // It appends .cache/flashinfer: flashinfer/jit/env.py
  FLASHINFER_WORKSPACE_BASE: ['flashinfer', "FlashInfer's kernels; the home folder otherwise"],
  // tvm_ffi/cpp/extension.py
  TVM_FFI_CACHE_DIR: ['tvm-ffi', 'kernels built through TVM FFI; ~/.cache/tvm-ffi otherwise'],
  TILELANG_CACHE_DIR: ['tilelang', "TileLang's kernels; ~/.tilelang otherwise"],
  // CUDA C++ Programming Guide, "CUDA Environment Variables"
  CUDA_CACHE_PATH: ['cuda', 'what the driver compiles from PTX; ~/.nv otherwise'],
  // vllm/envs.py; DeepGEMM's follow it: vllm/utils/deep_gemm.py
  VLLM_CACHE_ROOT: ['vllm', "vLLM's compiled graphs and DeepGEMM's kernels; ~/.cache/vllm otherwise"],
  // sglang/srt/environ.py; it sets DG_JIT_CACHE_DIR from its own variable: layers/deep_gemm_wrapper/compile_utils.py
  SGLANG_CACHE_DIR: ['sglang', "SGLang's compiled graphs and tuning; ~/.cache/sglang otherwise"],
  SGLANG_JIT_CACHE_DIR: ['sglang-jit', "SGLang's own kernels; ~/.cache/sglang/jit otherwise"],
  SGLANG_DG_CACHE_DIR: ['deep-gemm', "DeepGEMM's kernels; ~/.cache otherwise"],
};

/** Variables for programs with any engine, or with one. `engine.env` replaces each. */
export const compileCaches = (engine: 'vllm' | 'sglang' | null): readonly Setting[] =>
  Object.entries(WHY)
    .filter(([name]) => !/^(?:VLLM|SGLANG)_/.test(name) || name.startsWith(`${engine?.toUpperCase()}_`))
    .map(([name, [folder, because]]) => ({
      name,
      value: `{cacheDir}/${folder}`,
      because: `compiled once on this node: ${because}`,
    }));
