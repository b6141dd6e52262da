/** GPU: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  oom: [
    [
      'Exception: Capture CUDA graph failed: CUDA out of memory. Possible solutions: 1. set --mem-fraction-static to a smaller value (e.g., 0.8 or 0.7)',
    ],
    ['RuntimeError: CUDA error: out of memory'],
    [
      'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.50 GiB (GPU 0; 39.39 GiB total capacity; 30.57 GiB already allocated; 5.53 GiB free; 32.61 GiB reserved in total by PyTorch)',
    ],
    ['RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`'],
    [
      '[2026-01-02 03:04:05 TP0] Scheduler hit an exception: Traceback (most recent call last):\nException: Capture cuda graph failed: CUDA out of memory. Tried to allocate 2.00 GiB.',
    ],
    [
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 224.00 MiB. GPU 3 has a total capacity of 79.10 GiB of which 120.69 MiB is free. Including non-PyTorch memory, this process has 78.90 GiB memory in use.',
    ],
    ["node1:7:99 [7] NCCL WARN Cuda failure 2 'out of memory'"],
    ['torch.cuda.OutOfMemoryError: HIP out of memory. Tried to allocate 64.00 GiB.'],
    [
      'ValueError: Free memory on device (78.9/79.1 GiB) on startup is less than desired GPU memory utilization (0.999, 79.02 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.',
    ],
  ],
  'kv-cache-too-small': [
    ['ValueError: max_model_len 131072 exceeds KV cache capacity'],
    [
      'RuntimeError: Prefill out of memory. Try to lower your batch size. max_total_num_tokens=1024 too small',
    ],
    [
      "ValueError: To serve at least one request with the models's max seq len (40960), (5.62 GiB KV cache is needed, which is larger than the available KV cache memory (2.17 GiB).",
    ],
    [
      "ValueError: To serve at least one request with the models's max seq len (40960), (5.62 GiB KV cache is needed, which is larger than the available KV cache memory (2.17 GiB). Based on the available memory, the estimated maximum model length is 15808.",
    ],
    [
      'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
    ],
    [
      "ValueError: The model's max seq len (131072) is larger than the maximum number of tokens that can be stored in KV cache (42000). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
    ],
    [
      'RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. self.server_args.mem_fraction_static=0.8',
    ],
  ],
  'gpu-memory-occupied': [
    [
      'ValueError: Free memory on device (20.51/79.11 GiB) on startup is less than desired GPU memory utilization (0.9, 71.2 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.',
    ],
    [
      'ValueError: The memory capacity is unbalanced. Some GPUs may be occupied by other processes. min_per_gpu_memory=12.8, local_gpu_memory=78.9',
    ],
    [
      'ValueError: Free memory on device cuda:0 (11.3/79.1 GiB) on startup is less than desired GPU memory utilization (0.9, 71.19 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.',
    ],
    [
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB of which 1.20 GiB is free. Process 4411 has 61.00 GiB memory in use. Including non-PyTorch memory, this process has 16.90 GiB memory in use.',
    ],
    [
      'AssertionError: Error in memory profiling. Initial free memory 70.1 GiB, current free memory 75.2 GiB. This happens when other processes sharing the same container release GPU memory while vLLM is profiling during initialization.',
    ],
    ['GPU 2 is used by python3 (pid 4411)'],
  ],
  'gpu-visibility': [
    [
      'RuntimeError: CUDASymmetricMemoryAllocator::rendezvous: detected allocations from overlapping devices from different ranks.',
    ],
    ['RuntimeError: CUDA error: no CUDA-capable device is detected'],
    ['IndexError: list index out of range\n', { facts: { env: { CUDA_VISIBLE_DEVICES: 'MIG-ab' } } }],
    ['ValueError: CUDA_VISIBLE_DEVICES is set to empty string, which means GPU support is disabled.'],
    ['RuntimeError: CUDA error: invalid device ordinal'],
    ["ValueError: invalid literal for int() with base 10: 'GPU-7f57f032-34ab-a064-c37c-7a4f75601cc5'"],
    ['RuntimeError: No CUDA GPUs are available', { facts: { env: { CUDA_VISIBLE_DEVICES: '' } } }],
    ['n1:3:3 [0] init.cc:904 NCCL WARN Duplicate GPU detected : rank 0 and rank 1 both on CUDA device 3b000'],
    ['pynvml.NVMLError_InvalidArgument: Invalid Argument'],
  ],
  'gpu-hardware-fault': [
    ['torch.AcceleratorError: CUDA error: unspecified launch failure'],
    ['RuntimeError: CUDA error: GPU is lost'],
    ['RuntimeError: CUDA error: unspecified launch failure'],
    ['NVRM: GPU 0000:3b:00.0: RmInitAdapter failed! (0x62:0x55:2477)'],
    ['NVRM: Xid (PCI:0000:3b:00): 94, pid=2812, name=python, Contained: SM (0x1). RST: No'],
    [
      '[812.123456] NVRM: Xid (PCI:0000:18:00): 119, pid=19, Timeout after 6s of waiting for RPC response from GPU0 GSP!',
    ],
    ['RuntimeError: CUDA error: uncorrectable NVLink error detected during the execution'],
    [
      'Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU',
    ],
    ["n1:3:30 [4] NCCL WARN Cuda failure 'uncorrectable ECC error encountered'"],
  ],
  'fabric-manager-down': [
    [
      'torch._C._cuda_init() RuntimeError: Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions before calling NumCudaDevices() that might have already set an error? Error 802: system not yet initialized',
    ],
    ['nvidia-fabricmanager.service - loaded failed failed'],
    ['RuntimeError: CUDA error: system not yet initialized'],
    [
      'CUDA initialization: Unexpected error from cudaGetDeviceCount(). Error 802: system not yet initialized',
    ],
    ["n1:3:30 [4] NCCL WARN Cuda failure 802 'system not yet initialized'"],
    [
      '    Fabric\n        State                             : In Progress\n        Status                            : N/A',
    ],
    [
      "Mar 02 19:54:20 gpu1 nv-fabricmanager[1201]: fabric manager NVIDIA GPU driver interface version 580.126.09 don't match with driver version 580.126.20. Please update with matching NVIDIA driver package.\nMar 02 19:54:20 gpu1 systemd[1]: nvidia-fabricmanager.service: Failed with result 'exit-code'.",
    ],
  ],
  'nvml-mismatch': [
    [
      'NVRM: API mismatch: the client has version 550.54.15, but this kernel module has the version 550.54.14',
    ],
    ['nvidia-container-cli: initialization error: nvml error: driver/library version mismatch: unknown'],
    ['Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.126'],
    ['pynvml.NVMLError_LibRmVersionMismatch: RM has detected an NVML/RM version mismatch.'],
    [
      '[1.123456] NVRM: API mismatch: the client has the version 580.126.20, but\n[1.123457] NVRM: this kernel module has the version 580.95.05.',
    ],
  ],
  'p2p-broken': [
    ["n1:9:12 [0] transport.cc:154 NCCL WARN Cuda failure 'invalid argument'"],
    ['n1:9:12 [0] transport/p2p.cc:502 NCCL WARN failed to open CUDA IPC handle : 30 unknown error'],
    [
      'INFO 07-29 10:04:03 custom_all_reduce_utils.py:202] generating GPU P2P access cache in /root/.cache/vllm/gpu_p2p_access_cache_for_0,1.json',
      { nodes: 1, facts: { gpu: '4090 x2' } },
    ],
    [
      'WARNING 05-01 [custom_all_reduce.py:170] Custom allreduce is disabled because your platform lacks GPU P2P capability or P2P test failed.\nINFO 05-01 10:00:00 [x.py:1] vLLM is using nccl==2.21.5',
      { nodes: 1, facts: { symptom: 'hang' } },
    ],
    [
      'vm:1:1 [0] NCCL INFO comm 0x1 rank 0 nranks 2 Init COMPLETE',
      { nodes: 1, facts: { works_with: 'NCCL_P2P_DISABLE=1' } },
    ],
    [
      'RuntimeError: NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)',
      { nodes: 1, facts: { works_with: 'NCCL_P2P_DISABLE=1' } },
    ],
    [
      '[rank1]:[E01 ProcessGroupNCCL.cpp:632] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1) ran for 600000 milliseconds before timing out.',
      { nodes: 1, facts: { works_with: 'iommu=off' } },
    ],
    ['RuntimeError: CUDA error: peer access is not supported between these two devices'],
    ["Failed: Cuda error /workspace/csrc/custom_all_reduce.cuh:364 'invalid argument'"],
    [
      '[ 91.123456] nvidia 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0017 address=0x2000 flags=0x0020]',
    ],
    [
      'INFO 08-31 09:50:46 pynccl.py:63] vLLM is using nccl==2.20.5',
      {
        nodes: 1,
        facts: { symptom: 'hangs for ever with tensor parallel 2', works_with: 'NCCL_P2P_DISABLE=1' },
      },
    ],
    [
      'INFO 08-31 09:50:46 [pynccl.py:63] vLLM is using nccl==2.28.9',
      { nodes: 1, facts: { symptom: 'hang at start, 100 % GPU' } },
    ],
  ],
};

export const nearMisses: NearMisses = {
  'cuda-1': 'ValueError: invalid argument of the client',
  'cuda-719': 'the launch did not fail',
  'start-memory-nearly-enough': 'Free memory on device: 70 GiB',
  'start-memory-occupied': 'Free memory on device: 70 GiB',
  'out-of-memory-by-others': 'GPU 0 has a total capacity of 79.10 GiB',
  'out-of-memory': 'CUDA memory: 12 GiB free',
  'cublas-alloc': 'CUBLAS_STATUS_SUCCESS',
  'kv-needs-more': 'estimated maximum model length is 100',
  'kv-too-small': 'GPU KV cache size: 233,936 tokens',
  'memory-unbalanced': 'memory capacity is balanced',
  'memory-changed-while-profiling': 'Memory profiling takes 2.31 seconds',
  'device-uuid': "invalid literal for int() with base 10: 'eight'",
  'device-ordinal': 'CUDA_VISIBLE_DEVICES=0,1',
  'duplicate-gpu': 'GPU detected',
  'visible-index': 'handled IndexError: list index out of range',
  'gpu-fault': 'ECC errors: 0',
  'xid-hardware': 'NVRM: Xid (PCI:0000:3b:00): 13, Graphics SM Warp Exception',
  'xid-other': 'NVRM: loading NVIDIA UNIX Open Kernel Module',
  'fabric-not-ready': 'nvidia-fabricmanager is active',
  'fabric-in-progress': '    State : Completed',
  'nvml-mismatch': 'Driver version 580.126.20, library version 580.126.20',
  'driver-combination-after-upgrade': 'Error 8030: something else',
  'peer-access': 'peer access enabled',
  'hang-without-peer-disable': 'NCCL is ready',
  'hang-after-nccl': 'NCCL is ready',
  'log-ends-after-nccl': 'NCCL is ready',
};
