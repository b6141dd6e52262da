/** Command line and configuration: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  'bad-flag': [
    ['AssertionError: VLLM_FROB_KIND=1 requires VLLM_FROB=1'],
    ['Error: Missing argument --head_address'],
    [
      "RuntimeError: Failed: Assertion error /src/deep_ep.cpp:1 'x.size(0) <= num_max_dispatch_tokens_per_rank'",
    ],
    [
      'Traceback (most recent call last):\n  File "/x/vllm/attention/layer.py", line 7, in __init__\n    g()\nValueError: frob8 cache is not supported with frob4 checkpoints',
    ],
    ["ERROR 01-01 00:00:00 engine.py:3] KeyError: 'layers.0.mlp.down_proj.weight.absmax'"],
    [
      '(APIServer pid=3) pydantic_core._pydantic_core.ValidationError: 1 validation error for CacheConfig\n(APIServer pid=3)   Value error, block_size has to be a power of two [type=value_error, input_value=ArgsKwargs(()), input_type=ArgsKwargs]',
    ],
    [
      '(APIServer pid=3) Traceback (most recent call last):\n(APIServer pid=3)   File "/opt/venv/lib/python3.12/site-packages/vllm/config/scheduler.py", line 41, in verify\n(APIServer pid=3)     take(this)\n(APIServer pid=3) ValueError: long prefills are more than prefills',
    ],
    ['NotImplementedError: speculation does not work under --enable-two-batch-overlap'],
    ['ValueError: Unsupported kv_role: both. Supported roles are kv_producer, kv_consumer'],
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
      'ValueError: Please make sure (moe_intermediate_size=2048 / moe_tp_size=32) % weight_block_size_n=128 == 0',
    ],
    [
      'ValueError: world_size (16) is not equal to tensor_model_parallel_size (8) x pipeline_model_parallel_size (1)',
    ],
    [
      'WARNING 05-02 10:00:01 [ray_utils.py:352] Tensor parallel size (32) exceeds available GPUs (16). Consider reducing tensor_parallel_size',
    ],
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
};

export const nearMisses: NearMisses = {
  'exception-names-a-variable': 'WARNING: VLLM_FROB_KIND=1 requires VLLM_FROB=1',
  'dispatch-tokens-too-few': 'num_max_dispatch_tokens_per_rank is 128',
  'combination-refused': 'ValueError: frob8 cache is not supported with frob4 checkpoints',
  'bitsandbytes-not-said': "KeyError: 'layers.0.mlp.down_proj.weight'",
  'size-remainder': 'make sure that the batch % 8 fits',
  'config-refused': '  Value error, the frob is red',
  'raised-by-argument-check': 'ValueError: the frob is red',
  'exception-names-a-flag': 'WARNING: --foo-bar is set',
  'value-of-setting': 'ValueError: Unknown frob',
  'unrecognized-arguments': 'Ignoring unrecognized keys in `rope_scaling`',
  'argument-value': 'error: the argument of the model was invalid for this request',
  'unknown-option': 'Unknown vLLM environment variable detected: VLLM_FOO',
  'config-unknown-key': "TypeError: forward() got an unexpected keyword argument 'mask'",
  'config-bad-value': 'Input should not be empty',
  'unknown-parser': 'Using reasoning parser deepseek_r1',
  'flag-removed': '--enable-x is deprecated and will go in the next release',
  'flags-exclude-each-other': 'prefix caching cannot be switched at run time',
  'context-longer-than-model': 'Using max model len 4096',
  'quantization-argument': 'The model config says quantization method fp8',
  'heads-divisible': 'number of attention heads (64) divided by tensor parallel size (8)',
  'quantisation-block': 'input_size 512 is divisible by block 128',
  'not-divisible': 'the batch size is divisible by 8',
  'assert-divisible': 'assert x % 2 == 0',
  'too-few-gpus': 'World size (8) uses the number of available GPUs (8)',
  'pipeline-partition': 'Pipeline parallelism is supported for this model',
  'size-rule': 'tensor parallel size 8',
  'remote-code': 'server_args: trust_remote_code=True',
  'ray-placement-waits': "fulfilled resource request {'GPU': 1.0}",
};
