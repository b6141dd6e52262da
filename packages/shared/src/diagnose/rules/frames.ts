/** What no other rule knows, told by the module that raised the exception: the innermost frame names the family. */
import type { Rule } from '../model.ts';

/** Any exception; its words were known to no stronger rule. */
const anyError = /^(?:[A-Za-z_]\w*\.)*[A-Za-z_]?\w*(?:Error|Exception|Timeout)(?:: |$)/;
/** Errors that a check of settings raises, as opposed to a call that went wrong. */
const refusal = /^(?:\w+\.)*(?:Value|Assertion|NotImplemented|ArgumentType)Error(?:: |$)/;

export const frameRules: readonly Rule[] = [
  {
    id: 'raised-by-argument-check',
    category: 'bad-flag',
    line: refusal,
    frame:
      /\/(?:vllm\/(?:config|engine\/arg_utils|entrypoints\/openai\/cli_args)|sglang\/srt\/(?:server_args|arg_groups))\b|argparse\.py"/,
    strength: 'hint',
    last: true,
    source: 'vllm/config, vllm/engine/arg_utils.py, sglang/srt/server_args.py refuse settings',
    cause: 'the engine refuses the settings: they are not legal for this model, or exclude each other',
    fix: 'read the words of the line; drop or change the setting that it names',
  },
  {
    id: 'combination-refused',
    category: 'bad-flag',
    line: /^(?:ValueError|NotImplementedError): .*(?:not (?:yet )?(?:supported|implemented|compatible|allowed)|unsupported|only supports?|does(?:n't| not) (?:yet )?support|incompatible|cannot be used|requires?\b|must be|should be)/i,
    frame: /\/(?:vllm|sglang)\/(?!.*\/(?:models|configs|transformers_utils\/config\w*)[/.])/,
    strength: 'hint',
    last: true,
    source: 'code of the engine that refuses a combination on purpose, with an exception made for it',
    cause: 'the engine refuses this combination of settings and checkpoint',
    fix: 'read the words of the line; change the setting that they name (kernel backend, quantisation, data type, feature)',
  },
  {
    id: 'raised-by-transformers',
    category: 'version-mismatch',
    line: /^(?:\w+\.)*(?:AttributeError|TypeError|KeyError|ImportError)(?:: |$)/,
    frame: /\/(?:transformers|tokenizers|huggingface_hub|mistral_common|compressed_tensors)\//,
    strength: 'hint',
    last: true,
    source:
      'transformers and its like fail inside when checkpoint or engine were written for another release',
    cause:
      'transformers (or a library beside it) fails on this checkpoint: it is older or newer than both expect',
    fix: 'install the transformers that this version of the engine pins; a newer checkpoint needs a newer engine',
  },
  {
    id: 'raised-by-config-reader',
    category: 'model-unsupported',
    line: refusal,
    frame:
      /\/(?:transformers\/(?:models|configuration_utils|modeling_rope)|vllm\/(?:transformers_utils\/config|model_executor\/models)|sglang\/srt\/(?:configs|models))\b/,
    strength: 'guess',
    last: true,
    source: 'readers of config.json and model code',
    cause:
      'the configuration of the checkpoint is one that this version of the engine or transformers does not take',
  },
  {
    id: 'raised-by-weight-loader',
    category: 'weights-corrupt',
    line: anyError,
    frame: /\/(?:safetensors|torch\/serialization)\b/,
    strength: 'hint',
    last: true,
    source: 'safetensors, torch/serialization.py',
    cause: 'a weight file cannot be read as what its name says',
  },
  {
    id: 'raised-by-file-reader',
    category: 'model-files-missing',
    line: /^FileNotFoundError|^NotADirectoryError/,
    frame:
      /\/(?:model_loader|transformers|tokenizers|tiktoken|sentencepiece|transformers_utils|hf_transformers\w*)\b/,
    strength: 'strong',
    last: true,
    source: 'loaders of models and tokenizers',
    cause: 'a file of the model or tokenizer is not there on this node',
  },
  {
    id: 'raised-by-builder',
    category: 'toolchain-missing',
    line: anyError,
    frame:
      /\/(?:torch\/utils\/cpp_extension|torch\/_inductor\/cpp_builder|triton\/runtime\/build|flashinfer\/jit|deep_gemm\/\w*jit|tvm_ffi\/cpp|tilelang\/(?:jit|contrib))\b/,
    strength: 'hint',
    last: true,
    source: 'compile steps at run time: PyTorch, Triton, FlashInfer, DeepGEMM, TVM',
    cause: 'a kernel could not be compiled at run time',
  },
  {
    id: 'raised-by-kernel-cache',
    category: 'cache-corrupt',
    line: /^(?:\w+\.)*(?:FileNotFoundError|OSError|FileExistsError|JSONDecodeError|EOFError|UnpicklingError|KeyError|UnicodeDecodeError)(?:: |$)(?!.*(?:Permission|No space|Read-only|Too many|quota))/,
    frame:
      /\/(?:triton\/runtime\/cache|torch\/_inductor\/(?:codecache|remote_cache|triton_bundler)|vllm\/compilation\/(?:caching|compiler_interface)|flashinfer\/autotuner)\b/,
    strength: 'strong',
    last: true,
    source: 'caches of Triton, inductor, vLLM and FlashInfer',
    cause:
      'an entry of a compile cache vanished or cannot be read: ranks share it, or it was written in part',
  },
  {
    id: 'raised-by-ray-start',
    category: 'ray-gcs-unreachable',
    line: anyError,
    frame: /\/ray\/(?:_private\/(?:node|services|gcs_utils)|scripts\/scripts|util\/client)\b/,
    strength: 'hint',
    last: true,
    source: 'ray/_private: joining a cluster',
    cause: 'Ray does not come up on this node, or cannot join its head',
  },
  {
    id: 'raised-by-torch-cuda',
    category: 'no-gpu-runtime',
    line: /^(?:RuntimeError|AssertionError)(?:: |$)/,
    frame: /\/torch\/cuda\/__init__\.py", line \d+, in (?:_lazy_init|_check_driver)/,
    strength: 'guess',
    last: true,
    source: 'torch/cuda/__init__.py: CUDA cannot be initialised',
    cause: 'CUDA cannot be initialised in this process',
  },
  {
    id: 'raised-by-rendezvous',
    category: 'wrong-host-ip',
    line: /^(?:\w+\.)*(?:RuntimeError|ValueError|Dist\w*Error|OSError|gaierror)(?:: |$)(?!.*(?:already in use|Permission))/,
    frame:
      /\/torch\/distributed\/(?:rendezvous|elastic\/rendezvous)\b|socket\.py", line \d+, in (?:getaddrinfo|create_connection)/,
    strength: 'guess',
    last: true,
    source: 'torch/distributed/rendezvous.py: the head is not found where it was said to be',
    cause: 'this rank does not reach the address of the head that it was given',
  },
  {
    id: 'raised-by-capability-check',
    category: 'hardware-unsupported',
    line: refusal,
    frame:
      /\/(?:layers\/quantization|layers\/fused_moe|layers\/moe|v1\/attention|srt\/layers\/attention|platforms)\//,
    strength: 'guess',
    last: true,
    source: 'kernels and their checks against GPU, data type and shape',
    cause: 'a kernel refuses this combination of GPU, data type and shape',
  },
  {
    id: 'python-defect',
    category: 'engine-bug',
    line: /^(?:\w+\.)*(?:UnboundLocalError: |NameError: name |RecursionError|AttributeError: '(?:NoneType|dict|list|tuple|str|int|float|bool|function|method|Logger)' object|TypeError: .{0,80}(?:not all arguments converted|'NoneType'|unsupported operand|object is not (?:callable|subscriptable|iterable)|not enough arguments for format|can only concatenate)|ValueError: (?:not enough|too many) values to unpack)/,
    strength: 'hint',
    last: true,
    source: 'Python: an error that no setting should cause',
  },
  {
    id: 'raised-by-extension',
    category: 'version-mismatch',
    line: /^(?:\w+\.)*(?:AttributeError|TypeError|ImportError)(?:: |$)/,
    frame: /\/(?:vllm_(?!flash_attn)\w+|sglang_\w+|lmcache|dynamo|huggingfaceserver|verl|openrlhf|trl)\//,
    strength: 'hint',
    last: true,
    source: 'platform plugins, connectors and frameworks that call the insides of an engine',
    cause:
      'a plugin or framework around the engine asks it for what this version does not have, or no longer',
    fix: 'install the release of the engine that this plugin or framework names, on every node',
  },
  {
    id: 'attribute-of-engine',
    category: 'engine-bug',
    line: /^AttributeError: '\w+' object has no attribute/,
    strength: 'hint',
    last: true,
    source: 'Python: an object lacks what its own program asks of it',
  },
  {
    id: 'bare-exception',
    category: 'engine-bug',
    line: /^(?:AssertionError|IndexError|KeyError|TypeError|ZeroDivisionError|NotImplementedError)\b/,
    strength: 'hint',
    last: true,
    source: 'Python: an error in code of the engine without other explanation',
    when: (scene) => scene.saw('engine-frame') || scene.fact(/^engine: (?:vllm|sglang)/),
  },
  {
    id: 'raised-in-engine',
    category: 'engine-bug',
    line: /^(?:[A-Za-z_]\w*\.)*(?!Cancelled|BrokenPipe|EOF|Connection)[A-Za-z_]?\w*(?:Error|Exception|Timeout)(?:: (?!cancelled)|$)/,
    frame: /\/(?:vllm|sglang)\//,
    strength: 'guess',
    last: true,
    source: 'code of the engine',
    cause: 'the engine raised an error that no rule knows',
  },
  {
    id: 'raised-below-engine',
    category: 'engine-bug',
    line: /^(?:RuntimeError|Exception)(?:: |$)/,
    strength: 'guess',
    last: true,
    source: 'operators and kernels that the engine calls',
    when: (scene) => scene.saw('engine-frame') || scene.fact(/^engine: (?:vllm|sglang)/),
    cause: 'a call of the engine into PyTorch or a kernel failed with words that no rule knows',
  },
];
