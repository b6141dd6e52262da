/** CUDA's error codes that no other family tells, by the numbers and names of the runtime and the driver API. */
import type { Category } from '../categories.ts';
import type { Rule, Strength } from '../model.ts';

interface CudaError {
  readonly code: number;
  readonly names: string;
  readonly words: string;
  readonly category: Category;
  readonly strength: Strength;
  readonly cause: string;
  readonly fix?: string;
}

const errors: readonly CudaError[] = [
  {
    code: 1,
    names: 'cudaErrorInvalidValue|CUDA_ERROR_INVALID_VALUE',
    words: "invalid argument(?=')",
    category: 'p2p-broken',
    strength: 'guess',
    cause:
      'NCCL passes the driver an address that this GPU cannot take: mostly peer access between GPUs that do not see each other',
  },
  {
    code: 3,
    names: 'cudaErrorInitializationError|CUDA_ERROR_NOT_INITIALIZED',
    words: 'initialization error',
    category: 'no-gpu-runtime',
    strength: 'hint',
    cause: 'the driver could not be initialised in this process',
    fix: 'run `nvidia-smi` where the rank runs; when it is fine there, start workers with spawn instead of fork (VLLM_WORKER_MULTIPROC_METHOD=spawn)',
  },
  {
    code: 34,
    names: 'cudaErrorStubLibrary|CUDA_ERROR_STUB_LIBRARY',
    words: 'CUDA driver is a stub library',
    category: 'no-gpu-runtime',
    strength: 'proof',
    cause: 'the stub of libcuda was loaded, not the driver',
    fix: 'take …/lib64/stubs out of LD_LIBRARY_PATH and start the container with --gpus all',
  },
  {
    code: 200,
    names: 'cudaErrorInvalidKernelImage|CUDA_ERROR_INVALID_IMAGE',
    words: 'device kernel image is invalid',
    category: 'driver-too-old',
    strength: 'hint',
    cause: 'the driver cannot load a compiled kernel: it was made by a newer CUDA than the driver knows',
  },
  {
    code: 304,
    names: 'cudaErrorOperatingSystem|CUDA_ERROR_OPERATING_SYSTEM',
    words: 'OS call failed or operation not supported on this OS',
    category: 'container-privilege',
    strength: 'hint',
    cause: 'the operating system refused a call of the driver',
    fix: 'allow the call: --cap-add=SYS_PTRACE --security-opt seccomp=unconfined, --ipc=host; load nvidia-uvm on the host',
  },
  {
    code: 719,
    names: 'cudaErrorLaunchFailure|CUDA_ERROR_LAUNCH_FAILED',
    words: 'unspecified launch (?:failure|error)',
    category: 'gpu-hardware-fault',
    strength: 'guess',
    cause: 'a kernel ended abnormally: a defect of it, or of the GPU when `dmesg` shows an Xid beside it',
  },
  {
    code: 800,
    names: 'cudaErrorNotPermitted|CUDA_ERROR_NOT_PERMITTED',
    words: 'operation not permitted(?! when)',
    category: 'container-privilege',
    strength: 'hint',
    cause: 'the driver was not permitted an operation',
  },
  {
    code: 801,
    names: 'cudaErrorNotSupported|CUDA_ERROR_NOT_SUPPORTED',
    words: 'operation not supported',
    category: 'hardware-unsupported',
    strength: 'hint',
    cause: 'this GPU, virtual GPU or driver does not support an operation that NCCL or a kernel asks for',
    fix: 'on virtual GPUs: NCCL_CUMEM_ENABLE=0 NCCL_P2P_DISABLE=1 and --disable-custom-all-reduce; else another backend or a newer driver',
  },
  {
    code: 999,
    names: 'cudaErrorUnknown|CUDA_ERROR_UNKNOWN',
    words: 'unknown error',
    category: 'no-gpu-runtime',
    strength: 'hint',
    cause:
      'the driver answers with an unknown error: the container lost its devices, or nvidia-uvm is in a bad state',
    fix: 'on the host: `nvidia-smi`, `modprobe -r nvidia_uvm && modprobe nvidia_uvm`, restart the container; reboot when it stays',
  },
];

export const cudaRules: readonly Rule[] = errors.map(({ code, names, words, ...rest }) => ({
  id: `cuda-${code}`,
  line: new RegExp(
    `\\b(?:${names})\\b|(?:CUDA|Cuda|cuda)(?: runtime| driver)? (?:error|failure)\\W{1,3}(?:${code}\\b|${words})|[Ee]rror ${code}: ${words}|Triton Error \\[CUDA\\]: ${words}`,
  ),
  source: `CUDA runtime and driver API, error code ${code}`,
  ...rest,
}));
