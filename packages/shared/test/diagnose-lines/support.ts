/** Models and GPUs that the engine does not know, and its defects: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  'model-unsupported': [
    [
      '(APIServer pid=835)   Value error, No model architectures are specified [type=value_error, input_value=ArgsKwargs(())]',
    ],
    [
      "ValueError: `rope_scaling` must be a dictionary with two fields, `type` and `factor`, got {'rope_type': 'yarn'}",
    ],
    [
      '[rank0]: Traceback (most recent call last):\n[rank0]:   File "/opt/venv/lib/python3.12/site-packages/sglang/srt/configs/qwen9.py", line 41, in __init__\n[rank0]:     take(this)\n[rank0]: ValueError: layer kinds do not add up',
    ],
    [
      "ValueError: Model architectures ['Qwen9ForCausalLM'] failed to be inspected. Please check the logs for more details.",
    ],
    [
      "Frob9ForCausalLM has no vLLM implementation, falling back to Transformers implementation.\nValueError: There is no module or parameter named 'mtp' in TransformersForCausalLM",
    ],
    ['AttributeError: MoE Model Frob9ForCausalLM does not support FrobBits quantization yet.'],
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
    ['NotImplementedError: No compiled frob_scaled_mm for CUDA device capability: 120'],
    [
      "ValueError: Selected backend FLASHMLA is not valid for this configuration. Reason: ['compute capability not supported']",
    ],
    ['RuntimeError: FlashInfer requires GPUs with sm75 or higher'],
    [
      'RuntimeError: Found Tesla P40 which is too old to be supported by the triton GPU compiler. Triton only supports devices of CUDA Capability >= 7.0',
    ],
    ['RuntimeError: cutlass gemm: GEMM initialization failed'],
    [
      "RuntimeError: ('Quantization scheme is not supported for ', 'the current GPU. Min capability: 75. ', 'Current capability: 70.')",
    ],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/vllm/model_executor/layers/quantization/awq.py", line 41, in create_weights\n    take(this)\nValueError: this kernel takes half only',
    ],
    ["n1:3:30 [4] NCCL WARN Cuda failure 801 'operation not supported'"],
    ['RuntimeError: CUDA error: operation not supported'],
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
    ['*** SIGILL received at time=1 on cpu 3 ***'],
    ['RuntimeError: Assertion error (/opt/DeepGEMM/csrc/apis/gemm.hpp:57): arch_major == 9'],
  ],
  'engine-bug': [
    [
      '  File "/x/dynamo/vllm/args.py", line 4, in f\nTypeError: not all arguments converted during string formatting',
    ],
    ["ValueError: There is no module or parameter named 'vision.frob.weight' in Qwen3ForCausalLM"],
    ['[2026-01-01 00:00:00 TP0] Exception: Capture cuda graph failed: NCCL exception (nccl.cu:188): 3'],
    [
      'Traceback (most recent call last):\n  File "/x/sglang/srt/layers/attention/a.py", line 7, in forward\n    g()\n  File "/x/sgl_kernel/flash.py", line 9, in g\n    h()\nRuntimeError: the frob must equal the nicate',
    ],
    [
      'INFO 01-01 00:00:00 [kv_cache_utils.py:637] GPU KV cache size: 538,880 tokens',
      { nodes: 4, facts: { symptom: 'hangs', works_with: '--enforce-eager' } },
    ],
    ["AttributeError: 'ParallelConfig' object has no attribute 'frob'"],
    [
      "RuntimeError: Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, you must use the 'spawn' start method",
    ],
    [
      'INFO 01-01 00:00:00 [parallel_state.py:1] world_size=32 rank=16 local_rank=0 distributed_init_method=tcp://10.0.0.1:29501 backend=nccl\ntorch.distributed.DistStoreError: wait timeout after 1800000ms, keys: /default_pg/0//cpu//0/2',
      { nodes: 2, facts: { works_with: 'vllm 0.26.1' } },
    ],
    ["(Worker_TP1 pid=9) KeyError: 'model.layers.61.mlp.gate.weight'"],
    [
      '[rank0]: Traceback (most recent call last):\n[rank0]:   File "/opt/vllm/vllm/v1/core/sched/output.py", line 41, in take\n[rank0]: LookupError: the frob is red',
    ],
    [
      'torch.distributed.DistBackendError: NCCL error in: ../ProcessGroupNCCL.cpp:1197, internal error - please report this issue to the NCCL developers, NCCL version 2.18.3',
    ],
    [
      '(EngineCore_DP0 pid=8) ERROR 01-01 00:00:00 [multiproc.py:1] Worker proc VllmWorker-1 died, exit code: -11',
    ],
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
};

export const nearMisses: NearMisses = {
  'cuda-in-forked-process': 'CUDA was initialised before the subprocess was forked',
  'tensor-unknown': "KeyError: 'layers'",
  'raised-in-engine': 'LookupError: the frob is blue',
  'kernel-refuses': 'Using Marlin kernel for the GEMM',
  'cuda-801': 'RuntimeError: this operation is not supported by the model',
  'raised-by-config-reader': 'ValueError: layer kinds do not add up',
  'raised-by-capability-check': 'ValueError: not this shape',
  'nccl-internal': 'NCCL error in: x.cpp:1, unhandled system error, NCCL version 2.27.3',
  'api-server-on-follower': 'collective_rpc took 3 s',
  'architecture-unknown': 'Resolved architecture: DeepseekV3ForCausalLM',
  'model-type-key': 'KeyError: 42',
  'quantization-unknown': 'Detected fp8 checkpoint',
  'parameter-unknown': "KeyError: 'layer'",
  'attribute-of-engine': 'AttributeError: frob',
  'processor-too-old': 'instructions of the processor: avx2',
  'kernel-asserts-capability': 'RuntimeError: Assertion error (x.hpp:5): m == n',
  'graph-capture-failed': 'Capture cuda graph end',
  'raised-below-engine': 'caught RuntimeError, going on',
  'fp8-before-ada': 'Using fp8e4nv on CUDA arch 90',
  'no-kernel-image': 'kernel image loaded for execution on the device',
  'capability-too-low': 'Using compute capability 9.0',
  'shared-memory-of-sm': 'shared memory, Required: 100',
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
};
