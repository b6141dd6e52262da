/** Versions, installation, containers: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  'version-mismatch': [
    ["TypeError: transformers.frob.Tokenizer.load() got multiple values for keyword argument 'frob'"],
    ['AttributeError: TokenizersBackend has no attribute frobs_extended'],
    ['ray.exceptions.RaySystemError: System error: Failed to unpickle serialized exception'],
    [
      "Traceback (most recent call last):\n  File \"/x/vllm_frob/ops/moe.py\", line 3, in forward\n    self.chunks\nAttributeError: 'FrobMoE' object has no attribute 'chunks'",
    ],
    [
      'INFO 01-01 00:00:00 [shm_broadcast.py:6] No available shared memory broadcast block found in 60 seconds.',
      { nodes: 2, facts: { works_with: 'aws-ofi-nccl 1.20.0' } },
    ],
    [
      "ray.exceptions.RaySystemError: System error: No module named 'vllm'\ntraceback: Traceback (most recent call last):\nModuleNotFoundError: No module named 'vllm'",
    ],
    ["ValueError: 'aimv9' is already used by a Transformers config, pick another name."],
    ['n1:7:9 [0] misc/socket.cc:50 NCCL WARN Message truncated : received 1024 bytes instead of 256'],
    ['RuntimeError: cuDNN error: CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH'],
    ["AttributeError: 'Qwen9Config' object has no attribute 'rope_theta'"],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/transformers/tokenization_utils_base.py", line 41, in from_pretrained\n    take(this)\nKeyError: \'extra_special_tokens\'',
    ],
    [
      'ncclInvalidArgument: Invalid value for an argument.\nLast error:\nInvalid config blocking attribute value -2147483648',
    ],
    ['python3: symbol lookup error: /usr/lib/libfoo.so.3: undefined symbol: frob_v2'],
    ['ValueError: Ray version >= 2.48.0 is required, but found 2.40.0'],
    [
      'RuntimeError: NCCL error: internal error - please report this issue to the NCCL developers\nncclInternalError: Internal check failed.\nLast error:\nMismatched NCCL version detected',
    ],
    [
      "ERROR: pip's dependency resolver does not currently take into account all the packages that are installed.\nvllm 0.11.0 requires torch==2.8.0, but you have torch 2.9.0 which is incompatible.",
    ],
    [
      "RuntimeError: Failed to import transformers.models.llama because of the following error: cannot import name 'X' from 'huggingface_hub'",
    ],
    [
      'ImportError: tokenizers>=0.21,<0.22 is required for a normal functioning of this module, but found tokenizers==0.20.3.',
    ],
    ["AttributeError: module 'torch.library' has no attribute 'infer_schema'"],
    ['ImportError: undefined symbol: _ZN5torch3jit17parseSchemaOrName'],
    ['/opt/x/flash_attn_2_cuda.cpython-312-x86_64-linux-gnu.so: undefined symbol: _ZN3c104cuda9SetDeviceEab'],
    [
      'Exception: sgl-kernel is installed with version 0.3.1, which is less than the minimum required version 0.3.9. Please reinstall',
    ],
    ["AttributeError: Can't get attribute 'SchedulerOutput' on <module 'vllm.v1.core'>"],
    [
      'node2:91:91 [0] misc/init.cc:1522 NCCL WARN Mismatched NCCL version detected : rank 8 version 22105 rank 0 version 22803',
    ],
    ["ImportError: /usr/lib/libc.so.6: version `GLIBC_2.38' not found (required by /opt/vllm/_C.abi3.so)"],
    [
      "ImportError: cannot import name 'AutoModelForVision2Seq' from 'transformers' (/usr/lib/python3/dist-packages/transformers/__init__.py)",
    ],
    ['RuntimeError: operator torchvision::nms does not exist'],
    [
      'RuntimeError: flashinfer-cubin version (0.5.2) does not match flashinfer version (0.5.3). Please install the same version of both packages.',
    ],
    ["AttributeError: '_OpNamespace' '_C' object has no attribute 'rms_norm_dynamic'"],
    ['ImportError: libcudart.so.12: cannot open shared object file: No such file or directory'],
    [
      'RuntimeError: The detected CUDA version (12.1) mismatches the version that was used to compile PyTorch (13.0).',
    ],
    [
      'ImportError: /venv/lib/python3.12/site-packages/torch/lib/libtorch_cuda.so: undefined symbol: ncclCommWindowRegister',
    ],
    [
      'RuntimeError: Version mismatch: The cluster was started with:\n    Ray: 2.48.0\n    Python: 3.12.3\nThis process on node 10.0.0.4 was started with:\n    Ray: 2.48.0\n    Python: 3.10.12',
    ],
  ],
  'driver-too-old': [
    ['RuntimeError: Triton Error [CUDA]: device kernel image is invalid'],
    [
      'torch.cuda: UserWarning: CUDA initialization: The NVIDIA driver on your system is too old (found version 12020).',
    ],
    ['cuda runtime error (35): CUDA driver version is insufficient for CUDA runtime version'],
    [
      'RuntimeError: The NVIDIA driver on your system is too old (found version 12020). Please update your GPU driver',
    ],
    ['Error 804: forward compatibility was attempted on non supported HW'],
    ['RuntimeError: CUDA error: the provided PTX was compiled with an unsupported toolchain.'],
    [
      'RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 803: system has unsupported display driver / cuda driver combination',
    ],
    ['CUDA driver version is insufficient for CUDA runtime version'],
    [
      'docker: Error response from daemon: failed to create task for container: nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver to a newer version, or use an earlier cuda container: unknown.',
    ],
    [
      'ImportError: /usr/lib/python3/dist-packages/deep_gemm_cpp.so: undefined symbol: cuTensorMapEncodeTiled2',
    ],
    [
      'ERROR: This container was built for NVIDIA Driver Release 580.65 or later, but version 535.183 was detected and compatibility mode is UNAVAILABLE.',
    ],
  ],
  'no-gpu-runtime': [
    [
      'Warning  FailedCreatePodSandBox  kubelet  rpc error: code = Unknown desc = RuntimeHandler "nvidia" not supported',
    ],
    ['RuntimeError: No CUDA GPUs are available', { launch: 'docker run without --gpus' }],
    ['RuntimeError: CUDA error: initialization error'],
    ['RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 34: CUDA driver is a stub library'],
    [
      'RuntimeError: CUDA unknown error - Unexpected error from cudaGetDeviceCount(). Error 999: unknown error',
    ],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/torch/cuda/__init__.py", line 41, in _lazy_init\n    take(this)\nRuntimeError: the driver says no',
    ],
    [
      'docker: Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]].',
    ],
    ['nvidia-container-cli: device error: 0: unknown device: unknown'],
    ['docker: Error response from daemon: unknown or invalid runtime name: nvidia.'],
    [
      'Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: exec: "nvidia-container-cli": executable file not found in $PATH: unknown',
    ],
    [
      'nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory: unknown',
    ],
    [
      'RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from http://www.nvidia.com/Download/index.aspx',
    ],
    [
      'RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG` to turn on verbose logging',
    ],
    ['Failed to initialize NVML: Unknown Error'],
    [
      'docker: Error response from daemon: failed to inject CDI devices: unresolvable CDI devices nvidia.com/gpu=all',
    ],
  ],
  'container-privilege': [
    ['/opt/venv/bin/vllm: /opt/venv/bin/python3: Permission denied'],
    ["KeyError: 'getpwuid(): uid not found: 10210'"],
    ['/opt/nvshmem/src/modules/transport/ibgda/ibgda.cpp:1889: NULL value cannot allocate mlx5dv_devx_uar'],
    ["OSError: [Errno 30] Read-only file system: '/root/.cache'"],
    ['RuntimeError: CUDA error: OS call failed or operation not supported on this OS'],
    ['RuntimeError: CUDA driver error: operation not permitted'],
    [
      'RuntimeError: pidfd_getfd(pidfd=81, fd=132) failed with errno 1: Operation not permitted. Permission denied. try adding --cap-add=SYS_PTRACE to your docker run command.',
    ],
    [
      'RuntimeError: CUDASymmetricMemoryAllocator: pidfd_getfd failed: Operation not permitted (seccomp or ptrace_scope)',
    ],
    ['py-spy: Error: Operation not permitted (os error 1): ptrace'],
    ['get_mempolicy: Operation not permitted'],
    ['error: cannot attach: /proc/sys/kernel/yama/ptrace_scope is 1'],
    ['RuntimeError: pidfd_getfd: Operation not permitted'],
    [
      'Error: Permission denied: Try running again with elevated permissions by going \'sudo env "PATH=$PATH" !!\'',
    ],
    ['set_mempolicy: Operation not permitted\nRuntimeError: binding failed'],
    ['OpenBLAS blas_thread_init: pthread_create failed for thread 1 of 64: Operation not permitted'],
    ['ptrace(PTRACE_ATTACH): Operation not permitted (kernel.yama.ptrace_scope = 1)'],
  ],
  'clock-skew': [
    [
      'error pulling image configuration: Get https://registry.example/v2/: x509: certificate has expired or is not yet valid',
    ],
    ['W: GPG error: https://nvidia.github.io: Release file is not valid yet'],
    ['jwt.exceptions.ImmatureSignatureError: The token is not yet valid (iat)'],
    [
      'x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z',
    ],
    ['ssl.SSLCertVerificationError: certificate verify failed: certificate has expired (_ssl.c:1006)'],
    [
      'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:1006)',
    ],
    [
      'E: Release file for http://archive.ubuntu.com/ubuntu/dists/jammy-updates/InRelease is not valid yet (invalid for another 11d 2h 3min 4s).',
    ],
    [
      'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2025-01-01T00:00:05Z is before 2026-03-01T00:00:00Z',
    ],
    [
      'botocore.exceptions.ClientError: An error occurred (RequestTimeTooSkewed) when calling the GetObject operation: The difference between the request time and the current time is too large.',
    ],
    [
      "requests.exceptions.SSLError: HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded with url: /api/models (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:992)')))",
    ],
  ],
};

export const nearMisses: NearMisses = {
  'raised-by-extension': "AttributeError: 'FrobMoE' object has no attribute 'chunks'",
  'works-with-other-library': 'NCCL is not used',
  'package-of-the-driver-only': 'ray.exceptions.RaySystemError: System error: out of file handles',
  'no-gpu-without-driver': '8 CUDA GPUs are available',
  'certificate-by-the-clock': 'the certificate is valid',
  'no-passwd-entry': 'the uid was found',
  'devx-forbidden': 'mlx5dv_devx_uar allocated',
  'cuda-200': 'the device kernel image is valid',
  'cuda-304': 'the OS call was made',
  'cuda-800': 'operation not permitted when stream is capturing',
  'cuda-3': 'CUDA error: out of memory',
  'cuda-34': 'the stub of the test',
  'cuda-999': 'an unknown error of the client',
  'raised-by-torch-cuda': 'RuntimeError: the driver says no',
  'config-attribute': "AttributeError: 'Worker' object has no attribute 'rank'",
  'foreign-symbol': 'all symbols are defined',
  'raised-by-transformers': "KeyError: 'extra_special_tokens'",
  'ray-versions': 'Ray version: 2.48.0',
  'package-below-minimum': 'sgl-kernel is installed with version 0.3.9',
  'package-requirement': 'transformers==4.57.0 is installed',
  'abi-symbol': 'lib.so: undefined symbol: cuGreenCtxDestroy',
  'library-version': 'version GLIBC_2.38 found',
  'nccl-versions': 'NCCL version 2.28.9+cuda13.0',
  'cuda-library-of-other-major': 'libfoo.so: cannot open shared object file',
  'import-name': 'import name of the module',
  'pickle-between-versions': 'pickle protocol 5',
  'unexpected-keyword': 'TypeError: unsupported operand',
  'driver-too-old-torch': 'driver on your system is (found version 13000)',
  'driver-insufficient': 'CUDA driver version 13.0, CUDA runtime version 12.8',
  'forward-compatibility': 'Error 8040: something else',
  'driver-combination': 'Error 8030: something else',
  'ptx-too-new': 'PTX was compiled',
  'driver-symbol': 'undefined symbol: cublasLtCreate',
  'docker-no-gpu': 'could not select device for offload',
  'nvidia-container-cli': 'nvidia-container-cli is installed',
  'no-driver-here': 'Found NVIDIA driver 580',
  'thread-forbidden': 'pthread_create failed: Resource temporarily unavailable',
  'call-forbidden': 'numactl is not used',
  'permission-denied': 'permission granted',
  'certificate-not-yet-valid': 'certificate is valid',
  'certificate-expired': 'certificate has expired or is not yet valid',
};
