/** GPU: memory, visibility, hardware, links. */
import { missingShare, singleNode, usedByOthers, worksWith } from '../facts.ts';
import type { Rule } from '../model.ts';

const cudaOutOfMemory =
  /(?:CUDA|HIP|NPU) out of memory|OutOfMemoryError: (?!.*worker)|CUDA error: out of memory|cudaErrorMemoryAllocation|CUDA_ERROR_OUT_OF_MEMORY|[Cc]uda failure (?:2 )?'?out of memory|Failed to CUDA (?:calloc|malloc)|not enough GPU memory\. Try lowering|GPU memory (?:is )?exhausted/;

/** Groups: total and free, in GiB; used by this process where it is said. */
const outOfMemoryFigures =
  /total capacity of ([\d.]+) GiB of which ([\d.]+ [GM]iB) is free(?:.*?this process has ([\d.]+ [GM]iB) memory in use)?/;

const freeMemoryOnStart =
  /[Ff]ree memory on device.{0,20}\(([\d.]+)\/([\d.]+) GiB\) on startup is less than desired.{0,60}?\(([\d.]+), ([\d.]+) GiB\)/;

export const gpuRules: readonly Rule[] = [
  {
    id: 'start-memory-nearly-enough',
    category: 'oom',
    line: freeMemoryOnStart,
    strength: 'proof',
    source: 'vllm/v1/worker/gpu_worker.py request_memory',
    when: (_, match) => missingShare(match) <= 0.05,
    cause:
      'of $2 GiB $1 GiB are free at the start and $4 GiB are asked for: so little is missing that CUDA context and libraries themselves took it, no foreign process',
    fix: 'lower --gpu-memory-utilization a little below the free share ($1 of $2 GiB): 0.02 less than $3',
  },
  {
    id: 'start-memory-occupied',
    category: 'gpu-memory-occupied',
    line: freeMemoryOnStart,
    strength: 'proof',
    source: 'vllm/v1/worker/gpu_worker.py request_memory',
    when: (_, match) => missingShare(match) > 0.05,
    cause: 'of $2 GiB only $1 GiB are free at the start: another process holds the rest',
  },
  {
    id: 'out-of-memory-by-others',
    category: 'gpu-memory-occupied',
    line: outOfMemoryFigures,
    strength: 'proof',
    source: 'c10/cuda/CUDACachingAllocator.cpp',
    when: (_, match) => usedByOthers(match) > 0.15,
    cause: 'GPU memory ran out, and this process holds only $3 of $1 GiB: other processes hold the rest',
  },
  {
    id: 'out-of-memory',
    category: 'oom',
    line: cudaOutOfMemory,
    strength: 'proof',
    source: 'c10/cuda/CUDACachingAllocator.cpp, CUDA error 2, NVIDIA/nccl src/include/alloc.h',
  },
  {
    id: 'cublas-alloc',
    category: 'oom',
    line: /CUBLAS_STATUS_(?:ALLOC_FAILED|NOT_INITIALIZED)|CUDNN_STATUS_ALLOC_FAILED/,
    strength: 'hint',
    source: 'cuBLAS cannot take its workspace',
  },
  {
    id: 'kv-needs-more',
    category: 'kv-cache-too-small',
    line: /To serve at least one request with the models?'s max seq len \((\d+)\).*?estimated maximum model length is (\d+)/,
    strength: 'proof',
    source: 'vllm/v1/core/kv_cache_utils.py',
    cause: 'one sequence of $1 tokens does not fit into the KV cache; $2 tokens would',
    fix: '--max-model-len $2 or less; or a higher --gpu-memory-utilization, --kv-cache-dtype fp8, more GPUs',
  },
  {
    id: 'kv-too-small',
    category: 'kv-cache-too-small',
    line: /To serve at least one request with the models?'s max seq len|larger than the (?:available KV cache memory|maximum number of tokens that can be stored in KV cache)|No available memory for the cache blocks|Not enough memory\. Please try to increase --mem-fraction-static|Not enough (?:GPU )?memory for (?:the )?KV|KV cache (?:is )?(?:too small|not (?:large|big) enough)|exceeds (?:the )?(?:available )?KV cache|max_total_num_tokens.{0,60}(?:too small|less than|smaller|<= ?0|negative)|exceeds the (?:maximum|total) (?:number of tokens in the )?KV (?:cache|pool)|leaves no room for (?:the )?(?:full )?KV|exceeds available Mamba cache blocks/i,
    strength: 'proof',
    source: 'vllm/v1/core/kv_cache_utils.py, sglang/srt/model_executor',
  },
  {
    id: 'memory-unbalanced',
    category: 'gpu-memory-occupied',
    line: /memory capacity is unbalanced/,
    strength: 'proof',
    source: 'sglang/srt/model_executor/model_runner.py init_torch_distributed',
    when: (scene) => !scene.saw('draft-worker'),
    cause:
      'free memory differs by more than 10 % between the GPUs at the start: a leftover process holds some of it, or the GPUs are of different sizes',
    fix: 'nvidia-smi on every node: end the processes that hold memory; on GPUs of different sizes SGL_DISABLE_TP_MEMORY_INBALANCE_CHECK=1',
  },
  {
    id: 'memory-changed-while-profiling',
    category: 'gpu-memory-occupied',
    line: /Error in memory profiling|Initial (?:used|free) memory .{0,80}current (?:used|free) memory|GPU \d+ (?:is used by |has [\d.]+ GiB in use)|busy or unavailable|CUDA-capable device\(s\) is\/are busy|occupied by other process/,
    strength: 'strong',
    source: 'vllm/v1/worker/gpu_worker.py, CUDA error 46, dsr1 prepare check',
  },
  {
    id: 'device-uuid',
    category: 'gpu-visibility',
    line: /invalid literal for int\(\) with base 10: '?((?:MIG|GPU)-[\w-]*)/,
    strength: 'proof',
    source: 'vllm/platforms/interface.py, sglang: CUDA_VISIBLE_DEVICES read as numbers',
    cause: 'CUDA_VISIBLE_DEVICES holds the UUID $1, and this version of the engine reads indices only',
    fix: 'CUDA_VISIBLE_DEVICES with plain indices (0,1,…) of whole GPUs, or a version that accepts UUIDs; a gang does not use MIG slices',
  },
  {
    id: 'device-ordinal',
    category: 'gpu-visibility',
    line: /invalid device ordinal|no CUDA-capable device is detected|No CUDA GPUs are available|Invalid CUDA 'device=|CUDA_VISIBLE_DEVICES.{0,80}(?:invalid|out of range|not (?:found|available|valid)|does not|unset|empty)|local[_ ]rank \S+ is out of bounds|NVMLError_(?:InvalidArgument|NotFound)|device >= 0 && device < num_gpus|(?:Requested|requested) .{0,30}GPUs?.{0,40}only \d+ (?:are |is )?(?:visible|available)/,
    strength: 'strong',
    source: 'CUDA errors 100 and 101, torch/cuda/__init__.py, pynvml',
  },
  {
    id: 'duplicate-gpu',
    category: 'gpu-visibility',
    line: /overlapping devices from different ranks|Duplicate GPU detected|Multiple Ranks are using the same GPU/,
    strength: 'proof',
    source: 'NVIDIA/nccl src/init.cc',
    cause: 'two ranks of the gang hold the same GPU',
    fix: 'give every rank a GPU of its own (CUDA_VISIBLE_DEVICES, --base-gpu-id), and end leftover ranks',
  },
  {
    id: 'visible-index',
    category: 'gpu-visibility',
    line: /^(?:IndexError: list index out of range|ValueError: invalid literal for int\(\))/,
    strength: 'strong',
    source: 'mapping of device numbers in both engines',
    when: (scene) => scene.saw('visible-devices-frame') || scene.fact(/VISIBLE_DEVICES.*(?:MIG|GPU)-/),
  },
  {
    id: 'gpu-fault',
    category: 'gpu-hardware-fault',
    line: /uncorrectable (?:ECC|NVLink)|ECC_?Uncorrectable|[Ff]allen off the bus|GPU is lost|Unable to determine the device handle for GPU|RmInitAdapter failed|Surprise Down|[Rr]ow remap\w* (?:failure|pending)|hardware stack error|Uncontained (?:ECC )?error|DBE detected|Timeout (?:after \S+ )?(?:waiting for|of) RPC|GPU requires reset/i,
    strength: 'proof',
    source: 'CUDA error 214, NVIDIA Xid catalogue, PCIe AER',
  },
  {
    id: 'xid-hardware',
    category: 'gpu-hardware-fault',
    line: /NVRM: Xid \([^)]{0,80}\): (46|48|54|56|6[1-4]|74|79|92|9[45]|11[0-9]|12[0-9]|13[0-9]|14[0-9]|15[0-9])\b/,
    strength: 'proof',
    source: 'NVIDIA Xid catalogue: codes of hardware and firmware',
    cause: 'the driver reports Xid $1, a fault of the GPU, its memory, link or firmware',
  },
  {
    id: 'xid-other',
    category: 'gpu-hardware-fault',
    line: /NVRM: Xid/,
    strength: 'hint',
    source: 'NVIDIA Xid catalogue: codes that programs can cause too (13, 31, 43, 45)',
  },
  {
    id: 'fabric-not-ready',
    category: 'fabric-manager-down',
    line: /(?:[Ee]rror|failure) 802|system not yet initialized|SystemNotReady|SYSTEM_NOT_READY|fabric[- ]?manager.{0,80}(?:inactive|failed|not running|not (?:been )?started|mismatch|does ?n[o']t match|dead|could not be found|not-found)|NVSwitches, but nvidia-fabricmanager|(?:NVLink|NVSwitch) fabric.{0,60}(?:not (?:been )?(?:initialized|ready|configured)|fail)/i,
    strength: 'proof',
    source: 'CUDA error 802, nvidia-fabricmanager, dsr1 doctor',
  },
  {
    id: 'fabric-in-progress',
    category: 'fabric-manager-down',
    line: /^\s*State\s*: (?:In Progress|Not Started)/,
    strength: 'strong',
    source: 'nvidia-smi -q, section Fabric',
  },
  {
    id: 'nvml-mismatch',
    category: 'nvml-mismatch',
    line: /[Dd]river\/library version mismatch|API mismatch: the (?:client|NVIDIA kernel module)|LIB_?RM_?VERSION_?MISMATCH|NVML\/RM version mismatch/i,
    strength: 'proof',
    source: 'NVML error 18, NVRM in dmesg',
  },
  {
    id: 'driver-combination-after-upgrade',
    category: 'nvml-mismatch',
    line: /Error 803\b|unsupported display driver|SystemDriverMismatch/i,
    strength: 'proof',
    source: 'CUDA error 803 beside a mismatch of NVML',
    when: (scene) => scene.saw('library-mismatch'),
  },
  {
    id: 'peer-access',
    category: 'p2p-broken',
    line: /peer access is not supported|PeerAccessUnsupported|peer mapping resources|mapping of buffer object failed|MapBufferObjectFailed|[Cc]ould not enable P2P|open CUDA IPC handle|cudaIpcOpenMemHandle|P2P (?:access )?(?:test|check) failed|[Cc]uda failure (?:217|205)|custom_all_reduce\.cuh.{0,60}(?:invalid|error)|IO_PAGE_FAULT|DMAR: .{0,80}fault|ACSCtl:\s+SrcValid\+/,
    strength: 'strong',
    source: 'CUDA errors 217 and 205, vllm csrc/custom_all_reduce.cuh, IOMMU lines of dmesg, lspci -vvv',
  },
  {
    id: 'hang-without-peer-disable',
    category: 'p2p-broken',
    line: /GPU P2P access cache|NCCL version|is using nccl==|Init COMPLETE|NCCL INFO|NCCL error|unhandled (?:cuda|system) error|backend=nccl|Init torch distributed begin|No available shared memory broadcast block|collective operation timeout/,
    strength: 'proof',
    source: 'the same launch works with NCCL_P2P_DISABLE=1',
    when: (scene) => worksWith(scene, /P2P_DISABLE|iommu|\bacs\b/i),
    cause: 'the gang works as soon as GPU peer-to-peer is switched off: direct writes between GPUs get lost',
  },
  {
    id: 'hang-after-nccl',
    category: 'p2p-broken',
    line: /GPU P2P access cache|is using nccl==|NCCL version \d|Init COMPLETE|backend=nccl|Init torch distributed begin/,
    strength: 'strong',
    source: 'silence after NCCL was initialised on one node',
    quiet: true,
    when: (scene) =>
      singleNode(scene) && scene.fact(/hang|hung|silen|stuck|stall|block|freez|100 ?%|no progress/i),
    cause:
      'silence right after NCCL was initialised on one node: the first direct write between GPUs does not arrive',
  },
  {
    id: 'log-ends-after-nccl',
    category: 'p2p-broken',
    line: /generating GPU P2P access cache|is using nccl==|NCCL version \d|Init COMPLETE/,
    strength: 'hint',
    source: 'a log of one node that ends where NCCL begins to work',
    quiet: true,
    when: (scene) =>
      singleNode(scene) && !scene.saw('weights-begun') && !scene.saw('serving') && !scene.saw('nccl-ended'),
  },
];
