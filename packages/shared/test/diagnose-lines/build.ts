/** Compilation, caches, libraries: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  'toolchain-missing': [
    ['fatal error: nv/frob: No such file or directory'],
    ['kernel.cu(88): error: identifier "frob" is undefined'],
    ["g++: error: unrecognized command-line option '-std=c++20'; did you mean '-std=c++2a'?"],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/flashinfer/jit/core.py", line 41, in build\n    take(this)\nRuntimeError: no objects were made',
    ],
    [
      'torch._inductor.exc.InductorError: RuntimeError: Failed to find C compiler. Please specify via CC environment variable or set triton.knobs.build.impl.',
    ],
    ['RuntimeError: CUDA compiler not found: nvcc was not found in PATH'],
    ['RuntimeError: Failed to find nvcc; set CUDA_HOME'],
    ['/bin/sh: 1: ninja: not found'],
    ["ModuleNotFoundError: No module named 'ninja'"],
    ["gcc: error trying to exec 'cc1plus': execvp: No such file or directory"],
    ['ld: cannot find -lcuda: No such file or directory'],
    [
      "AssertionError: libcuda.so cannot found!\nPossible files are located at ['/usr/lib/x86_64-linux-gnu/libcuda.so.1'].",
    ],
    [
      'RuntimeError: Failed to find C compiler. Please specify via CC environment variable or set triton.knobs.build.impl.',
    ],
    ["FileNotFoundError: [Errno 2] No such file or directory: 'ninja'"],
    ["FileNotFoundError: [Errno 2] No such file or directory: '/usr/local/cuda/bin/nvcc'"],
    [
      "(Worker_TP1 pid=3534) ERROR 10-11 22:28:17 [multiproc_executor.py:694] RuntimeError: Could not find nvcc and default cuda_home='/usr/local/cuda' doesn't exist",
    ],
    ['OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root.'],
    ['/bin/sh: 1: /usr/local/cuda/bin/nvcc: not found'],
    ["ptxas fatal   : Value 'sm_121a' is not defined for option 'gpu-name'"],
    [
      "subprocess.CalledProcessError: Command '['/usr/bin/gcc', '/tmp/tmpab/main.c', '-O3', '-shared']' returned non-zero exit status 1.",
    ],
    ['/root/.cache/x/kernel.cu:3:10: fatal error: cuda_fp8.h: No such file or directory'],
    ['RuntimeError: Ninja build failed. Ninja output:'],
    [
      "torch._inductor.exc.InductorError: InvalidCxxCompiler: No working C++ compiler found in torch._inductor.config.cpp.cxx: (None, 'g++')",
    ],
  ],
  'cache-corrupt': [
    ['AssertionError: failed to get the hash of the compiled graph'],
    ['RuntimeError: ninja exited with status 1\n/usr/bin/ld: final link failed: Stale file handle'],
    ["RuntimeError: Failed: Assertion error /opt/DeepEP/csrc/jit/compiler.hpp:158 'runtime != nullptr'"],
    [
      'ImportError: /home/u/.triton/cache/AB12/__launcher.so: cannot stat shared object: Stale file handle\n[rank0]:[E101 00:10:00.1 ProcessGroupNCCL.cpp:632] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1) ran for 480000 milliseconds before timing out.',
    ],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/triton/runtime/cache.py", line 41, in get_file\n    take(this)\nFileNotFoundError: [Errno 2] No such file or directory: \'/scratch/tc/ab12\'',
    ],
    [
      'RuntimeError: Failed to load compiled graph from cache /root/.cache/vllm/torch_compile_cache/ab: AOT artifact mismatch',
    ],
    [
      'torch._inductor.exc.InductorError: EOFError: Ran out of input\n  File "/x/torch/_inductor/codecache.py", line 1',
    ],
    [
      'ImportError: /tmp/torchinductor_root/ab/cab.so: cannot open shared object file: No such file or directory',
    ],
    ['triton.compiler.errors... RuntimeError: Triton cache corrupted: ~/.triton/cache'],
    ['ImportError: /root/.triton/cache/ab12/cuda_utils.so: file too short'],
    [
      "FileNotFoundError: [Errno 2] No such file or directory: '/root/.triton/cache/Zx/fused_moe.json.tmp.pid_12_3'",
    ],
    [
      'RuntimeError: vLLM failed to compile the model. The most likely reason for this is that a previous compilation failed, leading to a corrupted compilation artifact.',
    ],
    [
      'OSError: /root/.cache/flashinfer/90/cached_ops/sampling/sampling.so: undefined symbol: _ZN3c106detail14torchCheckFailE',
    ],
    [
      '  File "/venv/lib/python3.12/site-packages/torch/_inductor/runtime/triton_heuristics.py", line 200, in cached_autotune\n  File "/venv/lib/python3.12/site-packages/torch/_inductor/remote_cache.py", line 88, in _get\njson.decoder.JSONDecodeError: Extra data: line 1 column 380 (char 379)',
    ],
    ["OSError: [Errno 116] Stale file handle: '/root/.cache/vllm/torch_compile_cache/8c3/rank_3_0'"],
  ],
  'plugin-missing': [
    ['RuntimeError: Form data requires "python-frob" to be installed.'],
    [
      'python3: error while loading shared libraries: libpython3.12.so.1.0: cannot open shared object file: No such file or directory',
    ],
    ['ImportError: Using the fast loader needs a package. Please install it with `pip install runai`'],
    ['ibgda.cpp:nvshmemt_init:3626: neither nv_peer_mem, or nvidia_peermem detected. Skipping transport.'],
    ["ModuleNotFoundError: No module named 'deep_ep'"],
    ['ImportError: libnuma.so.1: cannot open shared object file: No such file or directory'],
  ],
};

export const nearMisses: NearMisses = {
  'stale-handle': "OSError: [Errno 116] Stale file handle: '/mnt/model-00001.safetensors'",
  'jit-rename-lost': "Assertion error csrc/kernels/a.cu:1 'runtime != nullptr'",
  'raised-by-kernel-cache': "FileNotFoundError: [Errno 2] No such file or directory: '/scratch/tc/ab12'",
  'raised-by-builder': 'RuntimeError: no objects were made',
  'package-to-install': 'pip install is not run here',
  'library-at-start': 'shared libraries were loaded',
  'compiler-not-found': 'using /usr/bin/gcc as the C compiler',
  'cuda-home': 'CUDA_HOME=/usr/local/cuda',
  'header-missing': 'fatal error: too many errors emitted',
  'nvcc-too-old': 'nvcc: NVIDIA (R) Cuda compiler driver',
  'compile-failed': 'Ninja build finished',
  'cached-library': '/root/.cache/flashinfer/a.so: loaded',
  'cached-file': "No such file or directory: '/models/r1/config.json'",
  'compile-artifact': 'Using cache directory: /root/.cache/vllm/torch_compile_cache',
  'cached-json': 'JSON decoded',
  'module-not-found': 'module deep_ep not used',
  'library-not-found': 'libfoo.so was opened',
};
