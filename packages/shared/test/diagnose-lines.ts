/** Wordings of every category, written after the programs that print them; each is a log of its own. */
export type Sample = readonly [log: string, facts?: object];

export const samples: Readonly<Record<string, readonly Sample[]>> = {
  'bad-flag': [
    ["error: unexpected argument '--foo' found"],
    ["ValueError: Reasoning parser 'deepseek_r2' not found. Available parsers: deepseek_r1"],
    [
      "vllm serve: error: argument --enable-chunked-prefill/--no-enable-chunked-prefill: ignored explicit argument 'False'",
    ],
    ["TypeError: AsyncEngineArgs.__init__() got an unexpected keyword argument 'use_v2_block_manager'"],
    ['cuda_graph_sizes\n  Input should be a valid list [type=list_type, input_value=1]'],
    ['ValueError: --enable-reasoning has been removed. Use --reasoning-parser alone.'],
    [
      'ValueError: Quantization method specified in the model config (fp8) does not match the quantization method specified in the `quantization` argument (awq).',
    ],
    ['vllm: error: unrecognized arguments: --enable-expert-paralel'],
    [
      "usage: vllm serve [model_tag] [options]\nvllm serve: error: argument --kv-cache-dtype: invalid choice: 'fp8_e3m4' (choose from auto, bfloat16, fp8, fp8_e4m3, fp8_e5m2)",
    ],
    ["launch_server.py: error: argument --tp-size/--tensor-parallel-size: invalid int value: 'eight'"],
    [
      'launch_server.py: error: ambiguous option: --disable-cuda could match --disable-cuda-graph, --disable-cuda-graph-padding',
    ],
    ['launch_server.py: error: the following arguments are required: --model-path'],
    ["TypeError: ServerArgs.__init__() got an unexpected keyword argument 'enable_ep_moe'"],
    [
      'pydantic_core._pydantic_core.ValidationError: 1 validation error for ParallelConfig\ndata_parallel_rpc\n  Unexpected keyword argument [type=unexpected_keyword_argument, input_value=1, input_type=int]',
    ],
    [
      "(APIServer pid=31) KeyError: 'invalid tool call parser: deepseek_v31x (chose from { deepseek_v3,hermes,llama3_json })'",
    ],
    ['Error: No such option: --tensor-parallel'],
    ["docker: unknown flag: --gpu\n\nRun 'docker run --help' for more information"],
    [
      "ValueError: User-specified max_model_len (262144) is greater than the derived max_model_len (max_position_embeddings=163840 or model_max_length=None in model's config.json).",
    ],
  ],
  'parallel-size-invalid': [
    [
      'parallel-size-invalid: the model in /m cannot be divided so: 3 attention heads are not divisible by tensor parallel size 2',
    ],
    ['AssertionError: please set tensor_parallel_size (16) to less than max local gpu count (8)'],
    ['ValueError: Total number of hidden layers (61) must be divisible by pipeline parallel size (4).'],
    ['Exception: data parallel size 3 should divide tp size 8'],
    ['ValueError: tensor parallel size 16 must not exceed number of kv heads 8'],
    ['ValueError: Total number of attention heads (40) must be divisible by tensor parallel size (16).'],
    [
      'NotImplementedError: Pipeline parallelism is not supported for this model. Supported models implement the `SupportsPP` interface.',
    ],
    ["(autoscaler +13s) Error: No available node types can fulfill resource request {'GPU': 16.0}."],
    ['ValueError: data parallel size 3 should divide tensor parallel size 8'],
    ['ValueError: Weight output_partition_size = 576 is not divisible by weight quantization block_n = 128.'],
    [
      '[2026-05-02 11:02:11 TP3] Scheduler hit an exception: Traceback (most recent call last):\n  File "/sgl-workspace/sglang/python/sglang/srt/models/qwen2.py", line 110, in __init__\n    assert self.total_num_heads % tp_size == 0\nAssertionError',
    ],
    ['AssertionError: tp_size must be divisible by number of nodes'],
    [
      '(Worker_TP5 pid=71) ERROR 05-02 10:00:01 [multiproc_executor.py:700] ValueError: The input size 1152 is not aligned with the quantized weight shape: weight input_size_per_partition = 192 is not divisible by block_k = 128',
    ],
    [
      "pydantic_core._pydantic_core.ValidationError: 1 validation error for VllmConfig\n  Value error, World size (16) is larger than the number of available GPUs (8) in this node. If this is intentional and you are using:\n- ray, set '--distributed-executor-backend ray'.",
    ],
    [
      'ValueError: The number of required GPUs exceeds the total number of available GPUs in the placement group.',
    ],
    ['RuntimeError: 61 is not divisible by 4'],
    ['AssertionError: 256 experts must be divisible by ep_size 24'],
  ],
  'model-unsupported': [
    [
      "ValueError: Model architectures ['Qwen9ForCausalLM'] failed to be inspected. Please check the logs for more details.",
    ],
    ["ValueError: There is no module or parameter named 'mtp' in Qwen3ForCausalLM"],
    [
      "ValueError: Model architectures ['DeepseekV4ForCausalLM'] are not supported for now. Supported architectures: dict_keys(['AquilaModel'])",
    ],
    [
      'ValueError: The checkpoint you are trying to load has model type `glm5_moe` but Transformers does not recognize this architecture. This could be because of an issue with the checkpoint, or because your version of Transformers is out of date.',
    ],
    ["ValueError: Unsupported architectures: KimiK3ForCausalLM. Supported list: ['BaichuanForCausalLM']"],
    [
      '  File "/usr/lib/python3/dist-packages/transformers/models/auto/configuration_auto.py", line 1034, in from_pretrained\n    config_class = CONFIG_MAPPING[config_dict["model_type"]]\nKeyError: \'minimax_m3\'',
    ],
    [
      'ValueError: MyModel has no vLLM implementation and the Transformers implementation is not compatible with vLLM.',
    ],
    ["ValueError: Unknown quantization method: mxfp9. Must be one of ['awq', 'fp8']."],
  ],
  'hardware-unsupported': [
    ['RuntimeError: [deep_gemm] Unsupported architecture: sm_89'],
    [
      'ValueError: No valid attention backend found for cuda with AttentionSelectorConfig(head_size=576). Reasons: {FLASHMLA: [compute capability not supported]}',
    ],
    ['NotImplementedError: No FP8 MoE backend supports the deployment configuration.'],
    [
      'RuntimeError: GET was unable to find an engine to execute this computation\nRuntimeError: cutlass_scaled_mm requires sm_90',
    ],
    ['NotImplementedError: FlashAttention 3 is not supported on SM120'],
    ['ValueError: Unsupported GPU: compute capability 7.0 is below minimum 7.5'],
    ['[sgl_kernel] CRITICAL: Could not load any common_ops library!'],
    [
      "ValueError: type fp8e4nv not supported in this architecture. The supported fp8 dtypes are ('fp8e4b15', 'fp8e5')",
    ],
    [
      'RuntimeError: CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors might be asynchronously reported at some other API call',
    ],
    [
      'ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla T4 GPU has compute capability 7.5.',
    ],
    [
      'ValueError: The quantization method fp8 is not supported for the current GPU. Minimum capability: 89. Current capability: 80.',
    ],
    [
      'NVIDIA RTX PRO 6000 with CUDA capability sm_120 is not compatible with the current PyTorch installation.',
    ],
    ['RuntimeError: FlashAttention only supports Ampere GPUs or newer.'],
    [
      'triton.runtime.errors.OutOfResources: out of resource: shared memory, Required: 147456, Hardware limit: 101376. Reducing block sizes or `num_stages` may help.',
    ],
    ['AssertionError: FlashMLA is only supported on Hopper GPUs'],
  ],
  'trust-remote-code': [
    [
      'ValueError: The repository for /m/x contains custom code which must be executed to correctly load the model. You can inspect the repository content',
    ],
    [
      'ValueError: Loading /models/x requires you to execute the configuration file in that repo on your local machine. Make sure you have read the code there to avoid malicious use, then set the option `trust_remote_code=True` to remove this error.',
    ],
    [
      'RuntimeError: Failed to load the model config. If the model is a custom model not yet available in the HuggingFace transformers library, consider setting `trust_remote_code=True` in LLM or using the `--trust-remote-code` flag in the CLI.',
    ],
    [
      "(RayWorkerWrapper pid=512, ip=10.0.0.9) ModuleNotFoundError: No module named 'transformers_modules.deepseek'",
    ],
  ],
  'engine-bug': [
    ['RuntimeError: NCCL error: internal error - please report this issue to the NCCL developers'],
    [
      '(EngineCore) ERROR 01-01 00:00:00 [core.py:1]   File "/x/vllm/v1/core/sched/scheduler.py", line 10, in schedule\n(EngineCore) ERROR 01-01 00:00:00 [core.py:1] AssertionError',
    ],
    [
      '  File "/sgl-workspace/sglang/python/sglang/srt/models/deepseek_v2.py", line 1, in f\nKeyError: \'foo\'',
    ],
    [
      'RuntimeError: The expanded size of the tensor (128) must match the existing size (64) at non-singleton dimension 1.\n',
    ],
    ['RuntimeError: Triton Error [CUDA]: an illegal memory access was encountered'],
    ['!!!!!!! Segfault encountered !!!!!!!'],
    [
      '    self.draft_worker = EAGLEWorker(\nValueError: The memory capacity is unbalanced. Some GPUs may be occupied by other processes.',
    ],
    [
      '(Worker pid=1890) INFO 08-27 02:41:50 [parallel_state.py:1638] world_size=16 rank=4 local_rank=4 distributed_init_method=tcp://10.0.0.1:29501 backend=nccl',
      { engine: 'vllm', engine_version: '0.29.1', nodes: 2, facts: { symptom: 'silence' } },
    ],
    [
      'RuntimeError: The expanded size of the tensor (128) must match the existing size (64) at non-singleton dimension 1.',
    ],
    [
      '(EngineCore_DP0 pid=12) ERROR 04-01 01:02:03 [core.py:842] torch.AcceleratorError: CUDA error: an illegal memory access was encountered',
    ],
    [
      '  File "/opt/venv/lib/python3.12/site-packages/vllm/v1/worker/gpu_model_runner.py", line 900, in execute_model\nUnboundLocalError: cannot access local variable \'hidden\' where it is not associated with a value',
    ],
    [
      "  File \"/sgl-workspace/sglang/python/sglang/srt/layers/moe/ep_moe/layer.py\", line 88, in forward\nAttributeError: 'NoneType' object has no attribute 'shape'",
    ],
    ['RuntimeError: collective_rpc should not be called on follower node'],
    [
      '(Worker pid=4) INFO 08-27 02:41:50 [pynccl.py:111] vLLM is using nccl==2.28.9',
      { nodes: 2, facts: { works_with: '--enforce-eager' } },
    ],
  ],
  'version-mismatch': [
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
  'toolchain-missing': [
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
    ["ModuleNotFoundError: No module named 'deep_ep'"],
    ['ImportError: libnuma.so.1: cannot open shared object file: No such file or directory'],
  ],
  'no-gpu-runtime': [
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
  'shm-too-small': [
    [
      'RuntimeError: NCCL error: unhandled system error\nn1:1:1 [0] misc/shmutils.cc:72 NCCL WARN Error: failed to extend /dev/shm/nccl-x to 9637892 bytes, error: No space left on device (28)',
    ],
    ['nccl: include/shm.h:28 NCCL WARN Call to shm_open failed : No space left on device'],
    ['n1:1:1 [0] NCCL WARN Error: failed to extend /dev/shm/nccl-Vc1 to 9637892 bytes'],
    [
      'node1:33:91 [2] misc/shmutils.cc:87 NCCL WARN Error: failed to extend /dev/shm/nccl-8aLx2z to 33030532 bytes, error: No space left on device (28)',
    ],
    [
      "RuntimeError: DataLoader worker (pid 71) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.",
    ],
    ['Fatal Python error: Bus error'],
    ["OSError: [Errno 28] No space left on device: '/psm_3fd21a77'"],
    ['RuntimeError: unable to write to file </torch_215_881_0>: No space left on device (28)'],
  ],
  'disk-full': [
    ['docker: failed to extract layer: write /var/lib/containerd/x: no space left on device'],
    [
      '(raylet) file_system_monitor.cc:116: /tmp/ray/session_x is over 95% full, available space: 1.2 GB; capacity: 98.3 GB. Object creation will fail if spilling is required.',
    ],
    [
      '(raylet) file_system_monitor.cc:116: /tmp/ray/session_x is over 95% full, available space: 1.2 GB; capacity: 98.3 GB.',
    ],
    [
      "OSError: [Errno 28] No space left on device: '/root/.cache/huggingface/hub/models--x/blobs/ab.incomplete'",
    ],
    ['failed to register layer: write /usr/local/lib/libcublasLt.so: no space left on device'],
    ['OSError: [Errno 122] Disk quota exceeded'],
    [
      'UserWarning: Not enough free disk space to download the file. The expected file size is: 4302.35 MB.\nRuntimeError: Data processing error: IO Error: No space left on device (os error 28)',
    ],
    ['/tmp/tmpxft_1.cpp: fatal error: error writing to /tmp/ccx.s: No space left on device'],
  ],
  memlock: [
    ['Call to ibv_reg_mr failed: Cannot allocate memory, max locked memory (kbytes, -l) 64'],
    ['ERROR: fi_mr_reg failed: Cannot allocate memory'],
    ['node3:12:88 [1] NCCL WARN Call to ibv_create_cq failed with error Cannot allocate memory'],
    [
      "[1712345.1] UCX ERROR ibv_reg_mr(address=0x7f, length=4096, access=0xf) failed: Cannot allocate memory. Please set max locked memory (ulimit -l) to 'unlimited' (current: 64 kbytes)",
    ],
    [
      'libibverbs: Warning: RLIMIT_MEMLOCK is 65536 bytes.\n    This will severely limit memory registrations.\nE0101 01:02:03.000000 12 rdma_context.cpp:210] Failed to register memory 0x7f00: Cannot allocate memory [12]',
      { facts: { ulimit_l: '64' } },
    ],
  ],
  'fd-limit': [
    ['RuntimeError: unable to open file: Too many open files (24)'],
    [
      'WARNING 01-01 00:00:00 [utils.py:1] Found ulimit of 1024 and failed to automatically increase with error current limit exceeds maximum limit. This can cause fd limit errors like `OSError: [Errno 24] Too many open files`. Consider increasing with ulimit -n\n[Errno 24] Too many open files',
    ],
    ['Failed to add /run/systemd/ask-password to inotify watch: No space left on device'],
    ['OSError: [Errno 24] Too many open files'],
    ['zmq.error.ZMQError: Too many open files'],
    ["ERROR:    [Errno 24] Too many open files: '/dev/null'"],
    [
      'socket.accept() out of system resource\nsocket: <asyncio.TransportSocket fd=9>\nOSError: [Errno 24] Too many open files',
    ],
  ],
  'process-limit': [
    [
      "terminate called after throwing an instance of 'std::system_error'\n  what():  Resource temporarily unavailable",
    ],
    ["RuntimeError: can't start new thread\nWorkerProc failed to start."],
    [
      "thread 'tokio-runtime-worker' panicked: OS can't spawn worker thread: Resource temporarily unavailable (os error 11)",
    ],
    ['OpenBLAS blas_thread_init: pthread_create failed for thread 5 of 64: Resource temporarily unavailable'],
    ["RuntimeError: can't start new thread"],
    ['libgomp: Thread creation failed: Resource temporarily unavailable'],
    ['bash: fork: retry: Resource temporarily unavailable'],
    ['OpenBLAS blas_thread_init: RLIMIT_NPROC 4096 current, 4096 max'],
    ['BlockingIOError: [Errno 11] Resource temporarily unavailable'],
    ['[12345.678901] cgroup: fork rejected by pids controller in /system.slice/docker-ab.scope'],
  ],
  'host-oom-killed': [
    ['rank 1 on gpu-2 ended with SIGKILL in phase weights (killed by the kernel: out of memory)'],
    [
      'slurmstepd: error: Detected 1 oom_kill event in StepId=1.0. Some of the step tasks have been OOM Killed.',
    ],
    ['(Engine pid=1) ERROR: Engine core proc died with exit code 137'],
    ['/entrypoint.sh: line 12:   345 Killed                  python3 -m sglang.launch_server --tp 8'],
    ["subprocess.CalledProcessError: Command '['vllm']' died with <Signals.SIGKILL: 9>."],
    ['[TP3] exitcode: -9 (pid: 81)'],
    [
      'torch.distributed.elastic.multiprocessing.api: failed (exitcode: -9) local_rank: 0 (pid: 71) of binary: /usr/bin/python3',
    ],
    [
      'concurrent.futures.process.BrokenProcessPool: A process in the process pool was terminated abruptly while the future was running or pending.',
    ],
    [
      "RuntimeError: [enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8589934592 bytes.",
    ],
    [
      'WARNING worker.py:2074 -- A worker died or was killed. Worker exit type: SYSTEM_ERROR Worker exit detail: Worker unexpectedly exits',
    ],
    ['/entrypoint.sh: line 12:   345 Killed                  python3 -m sglang.launch_server --tp 8'],
    [
      'RuntimeError: Rank 3 scheduler died during initialization (exit code: -9). If exit code is -9 (SIGKILL), a common cause is the OS OOM killer. Run `dmesg -T | grep -i oom` to check.',
    ],
    [
      '[Mon Mar  2 19:54:20 2026] Out of memory: Killed process 4711 (sglang::schedul) total-vm:812345678kB, anon-rss:512345678kB',
    ],
    ['[99.123456] Memory cgroup out of memory: Killed process 12 (python3)'],
    ['ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.'],
    [
      '(EngineCore pid=2) ERROR 03-02 19:48:25 [multiproc_executor.py:315] Worker proc VllmWorker-4 died unexpectedly (exit code: -9), shutting down executor.',
    ],
    ['c++: fatal error: Killed signal terminated program cc1plus'],
    ['    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137'],
  ],
  'os-kernel-bug': [
    [
      'ibv_reg_mr_iova2 failed with error Cannot allocate memory',
      { facts: { memlock: 'unlimited', kernel: '6.8.0-60' } },
    ],
    [
      'node1:5:5 [0] misc/ibvwrap.cc:262 NCCL WARN Call to ibv_reg_mr failed with error Cannot allocate memory',
      { facts: { ulimit_l: 'unlimited' } },
    ],
    ['[ 812.123456] BUG: unable to handle page fault for address: ffff9c1'],
  ],
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
  'model-files-missing': [
    ["FileNotFoundError: [Errno 2] No such file or directory: '/data/models/DeepSeek-R1/config.json'"],
    ['ValueError: /models/DeepSeek-R1 is not a directory'],
    [
      'OSError: Error no file named pytorch_model.bin, model.safetensors, tf_model.h5 found in directory /models/r1.',
    ],
    ['AssertionError: The weights are incomplete: shard model-00003-of-00005.safetensors is missing'],
    ['FileNotFoundError: /models/r1 (invalid repository id)'],
    ["ValueError: Following weights were not initialized from checkpoint: {'lm_head.weight'}"],
    [
      "OSError: Incorrect path_or_model_id: '/models/DeepSeek-R1'. Please provide either the path to a local folder or the repo_id of a model on the Hub.",
    ],
    [
      "huggingface_hub.errors.HFValidationError: Repo id must be in the form 'repo_name' or 'namespace/repo_name': '/mnt/models/r1'. Use `repo_type` argument if needed.",
    ],
    ['RuntimeError: Cannot find any model weights with `/models/DeepSeek-R1`'],
    ['FileNotFoundError: No such file or directory: "/models/r1/model-00042-of-000163.safetensors"'],
    ["FileNotFoundError: [Errno 2] No such file or directory: '/models/r1/model.safetensors.index.json'"],
    [
      "OSError: /models/r1 does not appear to have a file named config.json. Checkout 'https://huggingface.co//models/r1/tree/main' for available files.",
    ],
    ["ValueError: Invalid repository ID or local directory specified: '/models/r1'."],
    [
      "OSError: Can't load tokenizer for '/models/r1'. If you were trying to load it from 'https://huggingface.co/models', make sure you don't have a local directory with the same name.",
    ],
  ],
  'weights-corrupt': [
    ['Exception: expected value at line 1 column 1'],
    [
      'RuntimeError: Internal: src/sentencepiece_processor.cc(1101) [model_proto->ParseFromArray(serialized.data(), serialized.size())]',
    ],
    ["OSError: Unable to load weights from pytorch checkpoint file for '/models/x/pytorch_model-00001.bin'"],
    [
      'safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file not fully covered',
    ],
    ['safetensors_rust.SafetensorError: Error while deserializing header: MetadataIncompleteBuffer'],
    ['RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory'],
    ["_pickle.UnpicklingError: invalid load key, 'v'."],
    [
      'OSError: Consistency check failed: file should be of size 4301000000 but has size 1201000000 (model-00003-of-000163.safetensors).',
    ],
    ["OSError: It looks like the config file at '/models/r1/config.json' is not a valid JSON file."],
  ],
  'hub-unreachable': [
    [
      "modelscope - ERROR: Download failed: HTTPSConnectionPool(host='modelscope.cn', port=443): Read timed out.",
    ],
    ['OSError: [Errno 101] Network is unreachable'],
    [
      "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached files.",
    ],
    [
      'huggingface_hub.errors.LocalEntryNotFoundError: An error happened while trying to locate the file on the Hub and we cannot find the requested files in the local cache. Please check your connection and try again or make sure your Internet connection is on.',
    ],
    [
      'huggingface_hub.errors.OfflineModeIsEnabled: Cannot reach https://huggingface.co/api/models/x: offline mode is enabled. To disable it, please unset the `HF_HUB_OFFLINE` environment variable.',
    ],
    [
      "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded with url: /x/resolve/main/config.json (Caused by ConnectTimeoutError(<c>, 'Connection to huggingface.co timed out. (connect timeout=10)'))",
    ],
    [
      "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='www.modelscope.cn', port=443): Max retries exceeded with url: /api/v1/models",
    ],
    ['httpx.ConnectError: [Errno -3] Temporary failure in name resolution'],
  ],
  'hub-auth': [
    [
      'Access to model meta-llama/Llama-3.1-70B is restricted and you are not in the authorized list. Visit https://huggingface.co/meta-llama to ask for access.',
    ],
    [
      'huggingface_hub.utils._errors.HfHubHTTPError: 403 Forbidden: Authorization error.\nCannot access content at: https://huggingface.co/api/models/x',
    ],
    [
      'huggingface_hub.errors.GatedRepoError: 403 Client Error. (Request ID: Root=1)\nCannot access gated repo for url https://huggingface.co/x/resolve/main/config.json.',
    ],
    [
      'OSError: You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/meta-llama/Llama-3.1-8B.',
    ],
    [
      'huggingface_hub.errors.RepositoryNotFoundError: 401 Client Error. Repository Not Found for url: https://huggingface.co/api/models/deepseek/r1.',
    ],
    [
      "docker: Error response from daemon: pull access denied for vllm/vlm-openai, repository does not exist or may require 'docker login'.",
    ],
    [
      "OSError: deepseek-r1 is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
    ],
  ],
  'ray-node-ip-mismatch': [
    [
      "RuntimeError: The current node has no GPU available. current_node_resource={'node:10.0.0.1': 1.0, 'CPU': 8.0}. vLLM engine cannot start without GPU.",
    ],
    [
      "RuntimeError: Every node should have a unique IP address. Got 2 nodes with node ids ['a', 'b'] and 3 unique IP addresses {'10.0.0.1', '10.0.0.2', '192.168.1.5'}. Please check your network configuration.",
    ],
    [
      "(EngineCore pid=630) INFO 05-02 10:00:00 [ray_utils.py:556] Waiting for creating a placement group of specs for 70 seconds. specs=[{'GPU': 1.0, 'node:192.168.50.192': 0.001}, {'GPU': 1.0}]. Check `ray status` to see if you have enough resources.",
    ],
    [
      'ValueError: Ray does not allocate any GPUs on the driver node. Consider adjusting the Ray placement group or running the driver on a GPU node.',
    ],
    [
      'RuntimeError: This node has an IP address of 10.1.0.5, and Ray expects this IP address to be either the GCS address or one of the Raylet addresses.',
    ],
  ],
  'ray-gcs-unreachable': [
    [
      '2025-07-23 10:05:49,679 ERROR services.py:1 -- Failed to start the dashboard\n[2025-07-23 10:05:49,679 E 51 51] gcs_client.cc:183: Failed to get cluster ID from GCS server: RpcError: RPC Error message: failed to connect to all addresses; last error: UNAVAILABLE: ipv4:10.0.0.1:6379: No route to host',
    ],
    ['Waiting for Ray head at 10.0.0.1:6379...\nConnectionError: ray client connection timeout'],
    ['+ ray start --address=:6379 --block'],
    [
      '[2026-03-01 10:00:00,000 E 12 12] gcs_rpc_client.h:633: Failed to connect to GCS within 60 seconds. GCS may have been killed.',
    ],
    [
      'ConnectionError: Could not find any running Ray instance. Please specify the one to connect to by setting `--address` flag or `RAY_ADDRESS` environment variable.',
    ],
    ['RuntimeError: Failed to connect to GCS. Please check `gcs_server.out` for more details.'],
    [
      'ray._raylet.RpcError: RPC Error message: failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:6379: Failed to connect to remote host: Connection refused',
    ],
  ],
  'wrong-host-ip': [
    [
      'RuntimeError: Gloo connectFullMesh failed with [pair.cc:144] no error',
      { nodes: 2, facts: { works_with: 'SGLANG_HOST_IP on each node' } },
    ],
    ['[2025-03-01 10:00:00 TP0] Init torch distributed begin.', { engine: 'sglang', nodes: 2 }],
    [
      '[2025-03-01 10:00:00 TP8] Init torch distributed begin.\n[W301 socket.cpp:204] [c10d] The hostname of the client socket cannot be retrieved. err=-3',
      { engine: 'sglang', nodes: 2, facts: { symptom: 'hang' } },
    ],
    [
      'torch.distributed.DistNetworkError: The client socket has timed out after 600000ms while trying to connect to (192.168.1.5, 5000).',
      { nodes: 2 },
    ],
    ['RuntimeError: Can not get local ip'],
    [
      '[W socket.cpp:464] [c10d] The server socket has failed to bind to [::]:29500 (errno: 97 - Address family not supported by protocol).',
    ],
    [
      '(Worker pid=1) INFO 08-27 02:41:50 [parallel_state.py:1] world_size=2 rank=1 local_rank=0 distributed_init_method=tcp://10.0.0.1:29501 backend=nccl',
      { nodes: 2 },
    ],
    [
      "OSError: [Errno 99] error while attempting to bind on address ('10.0.9.9', 8000): cannot assign requested address",
    ],
    ["zmq.error.ZMQError: Cannot assign requested address (addr='tcp://10.0.0.1:20001')"],
    ["zmq.error.ZMQError: No such device (addr='tcp://gpu-node-1:5557')"],
    [
      '[E1226 15:44:24.795949033 socket.cpp:1011] [c10d] The client socket has timed out after 600000ms while trying to connect to (10.9.0.1, 8000).',
      { nodes: 2 },
    ],
    [
      '[2026-04-01 09:58:02 TP0] Init torch distributed begin.\n[2026-04-01 09:58:09 TP0] Custom allreduce is disabled because this process group spans across nodes.',
      { nodes: 2, facts: { symptom: 'nothing more is printed' } },
    ],
    ['RuntimeError: Gloo connectFullMesh failed with [pair.cc:144] no error, remote=[0.0.0.189]:41234'],
  ],
  'wrong-interface': [
    [
      'RuntimeError: [enforce fail at /pytorch/third_party/gloo/gloo/transport/tcp/device.cc:83] ifa != nullptr. Unable to find address for: ens8',
    ],
    [
      'RuntimeError: Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error',
    ],
  ],
  'loopback-used': [
    [
      '[W socket.cpp:663] [c10d] The client socket has failed to connect to [localhost]:29500 (errno: 111 - Connection refused).',
      { nodes: 2 },
    ],
    [
      'Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] timed out connecting: SO_ERROR: Connection refused, remote=[127.0.1.1]:45012',
      { nodes: 2 },
    ],
    [
      '[W1 10:00:00.1 socket.cpp:663] [c10d] The client socket has failed to connect to [localhost]:29500 (errno: 111 - Connection refused).',
      { nodes: 2 },
    ],
    [
      '[W425 10:00:00.1 ProcessGroupGloo.cpp:727] Warning: Unable to resolve hostname to a (local) address. Using the loopback address as fallback. Manually set the network interface to bind to with GLOO_SOCKET_IFNAME. (function operator())\nRuntimeError: Gloo connectFullMesh failed with [pair.cc:152] timed out connecting: SO_ERROR: Connection refused, remote=[127.0.0.1]:3911',
      { nodes: 2 },
    ],
    [
      'n2:3:3 [0] NCCL INFO Bootstrap : Using lo:127.0.0.1<0>\nn2:3:3 [0] NCCL WARN socketStartConnect: Connect to 127.0.0.1<4321> failed : Connection refused',
      { nodes: 2 },
    ],
  ],
  'port-in-use': [
    [
      'torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. The server socket has failed to bind to [::]:10301 (errno: 98 - Address already in use).',
    ],
    ['RuntimeError: [enforce fail] bind: Address already in use'],
    ['ERROR 11-11 launcher: port 8000 is used by process psutil.Process(pid=1)'],
    [
      'torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. port: 29500, useIpv6: false, code: -98, name: EADDRINUSE, message: address already in use',
    ],
    [
      "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 30000): address already in use",
    ],
    ['ValueError: dist_init_port at 20000 is not available in 30 seconds. port 20000 is already in use'],
    [
      'docker: Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:8000 failed: port is already allocated.',
    ],
    ['OSError: [Errno 98] Address already in use'],
    [
      "requests.exceptions.ConnectionError: HTTPConnectionPool(host='10.0.0.1', port=8000): Failed to establish a new connection: [Errno 99] Cannot assign requested address",
    ],
  ],
  timeout: [
    [
      "torch.distributed.DistBackendError: [8] is setting up NCCL communicator and retrieving ncclUniqueId from [0] via c10d key-value store by key '0', but store->get('0') got error: wait timeout after 600000ms, keys: /default_pg/0//cuda//0",
    ],
    [
      "[rank1]:[E101 00:00:00.1 ProcessGroupNCCL.cpp:632] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1) ran for 600000 milliseconds before timing out.\nterminate called after throwing an instance of 'c10::DistBackendError'",
    ],
    ['ray.exceptions.RayChannelTimeoutError: System error: Timed out waiting for object available to read.'],
    ['[2026-03-09 00:57:15 TP4] Scheduler watchdog timeout (self.watchdog_timeout=300, self.soft=False)'],
    [
      '[rank3]:[E318 10:00:41.9 ProcessGroupNCCL.cpp:632] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=12, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=600000) ran for 600012 milliseconds before timing out.',
    ],
    [
      '(EngineCore pid=7) ERROR 03-01 00:00:00 [core.py:1512] TimeoutError: RPC call to execute_model timed out.',
    ],
    [
      'torch.distributed.DistStoreError: Timed out after 601 seconds waiting for clients. 1/2 clients joined.',
    ],
    ['RuntimeError: Did not receive response from front-end process within 5 minutes'],
    ['TimeoutError: Timed out waiting for engine core processes to start. Failed core proc(s): {}'],
    [
      'Warning  Unhealthy  12m  kubelet  Startup probe failed: Get "http://10.0.0.1:8000/health": dial tcp 10.0.0.1:8000: connect: connection refused',
    ],
    [
      '(Worker pid=2) INFO 03-01 00:00:00 [shm_broadcast.py:871] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging.',
      { nodes: 2 },
    ],
  ],
  'peer-died': [
    [
      '[W socket] [c10d] recvValue failed on SocketImpl(fd=84): Failed to recv, got 0 bytes. Connection was likely closed. Did the remote server shutdown or crash?',
    ],
    [
      "torch.distributed.DistBackendError: [8] is setting up NCCL communicator and retrieving ncclUniqueId from [0] via c10d key-value store by key '0', but store->get('0') got error: Connection reset by peer",
    ],
    [
      'torch.distributed.DistBackendError: NCCL error in: ../ProcessGroupNCCL.cpp:2251, remote process exited or there was a network error, NCCL version 2.21.5\nncclRemoteError: A call failed possibly due to a network error or a remote process exiting prematurely.',
    ],
    [
      '[rank8]:[E ProcessGroupGloo.cpp:144] Rank 8 successfully reached monitoredBarrier, but received errors while waiting for send/recv from rank 0. Please check rank 0 logs for faulty rank.',
    ],
    ['RuntimeError: Rank 0 scheduler is dead. Please check if there are relevant logs.'],
    [
      '(Worker_TP1 pid=9) ERROR 03-01 00:00:00 [multiproc_executor.py:1063] RuntimeError: [/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by peer [10.0.0.2]:31423. This is typically caused by a remote worker crashing.',
    ],
    [
      "ValueError: TP rank 3 could finish the model loading, but there are other ranks that didn't finish loading. It is likely due to unexpected failures (e.g., OOM) or a slow node.",
    ],
    [
      'n1:3:30 [4] NCCL WARN NET/Socket : socketProgress: Connection closed by remote peer node2<50544>\ntorch.distributed.DistBackendError: NCCL error: remote process exited or there was a network error',
    ],
    [
      '[W318 10:00:41.9 TCPStore.cpp:125] [c10d] recvValue failed on SocketImpl(fd=135, addr=[a]:48750, remote=[b]:20000): Connection reset by peer',
    ],
    ['ray.exceptions.ActorDiedError: The actor died unexpectedly before finishing this task.'],
  ],
  'zombie-server': [
    [
      'INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK\nINFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK',
      { facts: { symptom: 'rank 1 was killed; server answers health, completions block' } },
    ],
    [
      'INFO:     127.0.0.1:1 - "GET /metrics HTTP/1.1" 200 OK',
      { nodes: 2, facts: { observed: 'worker node is down' } },
    ],
    ['[sglang] <defunct>', {}],
    [
      '(APIServer pid=1) ERROR 01-01 00:00:00 [async_llm.py:1] EngineDeadError: EngineCore encountered an issue.\nINFO:     1.1.1.1:1 - "GET /health HTTP/1.1" 200 OK',
    ],
    [
      'INFO:     10.0.0.4:60062 - "GET /health HTTP/1.1" 200 OK',
      { facts: { symptom: 'requests never return' } },
    ],
    [
      'INFO:     10.0.0.4:60062 - "GET /get_model_info HTTP/1.1" 200 OK\nINFO:     10.0.0.4:60070 - "GET /health HTTP/1.1" 200 OK',
      { facts: { symptom: 'chat completions time out' } },
    ],
    [
      '(APIServer pid=1) INFO 04-15 10:00:00 [loggers.py:80] Engine 000: Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 0.0 tokens/s, Running: 0 reqs, Waiting: 3 reqs, GPU KV cache usage: 0.0%\n(APIServer pid=1) INFO:     10.0.0.4:60062 - "GET /version HTTP/1.1" 200 OK',
    ],
    ['vllm.engine.async_llm_engine.AsyncEngineDeadError: Background loop has errored already.'],
    ['root  712  0.0  0.0  0  0 ?  Zl  10:00  0:00 [sglang::schedul] <defunct>'],
  ],
};

/** For every rule a line that looks like its own and is not. */
export const nearMisses: Readonly<Record<string, string>> = {
  'unrecognized-arguments': 'Ignoring unrecognized keys in `rope_scaling`',
  'argument-value': 'error: the argument of the model was invalid for this request',
  'unknown-option': 'Unknown vLLM environment variable detected: VLLM_FOO',
  'config-unknown-key': "TypeError: forward() got an unexpected keyword argument 'mask'",
  'config-bad-value': 'Input should not be empty',
  'unknown-parser': 'Using reasoning parser deepseek_r1',
  'flag-removed': '--enable-x is deprecated and will go in the next release',
  'flags-exclude-each-other': 'prefix caching cannot be switched at run time',
  'context-longer-than-model': 'Using max model len 4096',
  'api-server-on-follower': 'collective_rpc took 3 s',
  'quantization-argument': 'The model config says quantization method fp8',
  'heads-divisible': 'number of attention heads (64) divided by tensor parallel size (8)',
  'quantisation-block': 'input_size 512 is divisible by block 128',
  'not-divisible': 'the batch size is divisible by 8',
  'assert-divisible': 'assert x % 2 == 0',
  'too-few-gpus': 'World size (8) uses the number of available GPUs (8)',
  'pipeline-partition': 'Pipeline parallelism is supported for this model',
  'size-rule': 'tensor parallel size 8',
  'architecture-unknown': 'Resolved architecture: DeepseekV3ForCausalLM',
  'model-type-key': 'KeyError: 42',
  'quantization-unknown': 'Detected fp8 checkpoint',
  'parameter-unknown': "KeyError: 'layer'",
  'fp8-before-ada': 'Using fp8e4nv on CUDA arch 90',
  'no-kernel-image': 'kernel image loaded for execution on the device',
  'capability-too-low': 'Using compute capability 9.0',
  'shared-memory-of-sm': 'shared memory, Required: 100',
  'remote-code': 'server_args: trust_remote_code=True',
  'compile-artifact-without-caches': 'failed to compile the model',
  'balance-check-of-draft': 'The memory capacity is balanced',
  'multi-node-custom-all-reduce': 'world_size=2 rank=0 local_rank=0 backend=gloo',
  'works-with-switch': 'NCCL is not used',
  'illegal-access': 'no illegal memory was found',
  'python-defect': 'the AttributeError was handled',
  'shape-mismatch': 'The size of the tensor is 128',
  'compiler-defect': 'torch._inductor.config was set',
  'bare-exception': 'caught AssertionError, going on',
  'sm-arch-of-image': 'loaded common_ops library',
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
  'docker-no-gpu': 'could not select device for offload',
  'nvidia-container-cli': 'nvidia-container-cli is installed',
  'no-driver-here': 'Found NVIDIA driver 580',
  'thread-forbidden': 'pthread_create failed: Resource temporarily unavailable',
  'call-forbidden': 'numactl is not used',
  'permission-denied': 'permission granted',
  'certificate-not-yet-valid': 'certificate is valid',
  'certificate-expired': 'certificate has expired or is not yet valid',
  'nccl-shm': 'NCCL INFO Channel 00 via SHM/direct/direct',
  'bus-error': 'PCIe Bus: ok',
  'disk-full': 'space left on device: 12 GB',
  'disk-nearly-full': 'the disk is 50% full',
  'inotify-limit': 'inotify watch added',
  'registration-enomem': 'ibv_reg_mr registered 4096 bytes',
  'memlock-limit': 'max locked memory (kbytes, -l) unlimited',
  'registration-enomem-unlimited': 'ibv_reg_mr: done',
  'kernel-fault': 'no kernel bug was found',
  'too-many-open-files': 'open files (-n) 1024',
  'cannot-start-thread': 'zmq.error.Again: Resource temporarily unavailable',
  'kernel-oom-killer': 'the OOM killer did not run',
  'killed-by-9': 'If exit code is -9 (SIGKILL), a common cause is the OS OOM killer.',
  'ray-system-error': 'Worker exit type: INTENDED_USER_EXIT',
  'killed-alone': 'Killed by user',
  'host-allocation': 'allocated host memory',
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
  'path-missing': 'found /models/r1',
  'no-such-file': "No such file or directory: '/tmp/x.lock'",
  'no-weights-there': 'found 163 safetensors',
  'path-taken-for-repository': "Repo id must use alphanumeric chars: 'a b'",
  'weights-not-initialised': 'All weights were initialized from checkpoint',
  'safetensors-header': 'loading safetensors',
  'torch-archive': 'reading zip archive',
  'file-damaged': 'the checksum is right',
  'hub-name': 'huggingface.co resolved',
  'hub-connect': 'connected to https://huggingface.co',
  'hub-trouble': '200 OK https://huggingface.co/x',
  'network-down': 'dial tcp 10.0.0.1:80: connected',
  'hub-refuses': 'you are authenticated',
  'ray-node-resource': "resources: {'node:10.0.0.1': 1.0}",
  'ray-unique-addresses': 'Every node has a unique address',
  'ray-placement-waits': "fulfilled resource request {'GPU': 1.0}",
  'ray-empty-address': 'ray start --address=10.0.0.1:6379',
  'ray-gcs': 'connected to GCS',
  'gcs-killed': 'GCS started',
  'bind-foreign-address':
    'HTTPConnectionPool(): Failed to establish a new connection: [Errno 99] Cannot assign requested address',
  'bind-no-such-interface': 'ZMQError: Address already in use',
  'head-not-reached': 'client socket has connected',
  'queue-of-ranks-silent': 'Init torch distributed ends',
  'works-with-host-ip': 'the ranks have met',
  'ranks-never-met': 'world_size=1 rank=0',
  'numeric-address': 'remote=[10.0.0.9]:4411',
  'gloo-no-interface': 'found address for eth0',
  'gloo-mesh': 'connectFullMesh done',
  loopback: 'remote=[10.0.0.9]:4411',
  'head-on-loopback': 'failed to connect to [10.0.0.1]:29500',
  'address-in-use': 'port 8000 is open',
  'ray-channel-timeout': 'object is available to read',
  'scheduler-watchdog': 'watchdog_timeout=300',
  'collective-timeout': 'Timeout(ms)=600000',
  'engine-timeout': 'the timeout is 600 s',
  'no-broadcast-block': 'broadcast block found',
  'peer-closed': 'Connection closed by the client',
  'worker-gone': 'Worker proc started',
  'engine-dead-server-lives': 'Health check passed',
  'green-while-stuck': '"POST /v1/chat/completions HTTP/1.1" 200 OK',
  'requests-without-tokens':
    'Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 12.0 tokens/s, Running: 1 reqs',
  'green-after-death': '"GET /health HTTP/1.1" 503 Service Unavailable',
  defunct: 'sglang::scheduler is running',
};
