/** Parallel sizes: what does not divide, and what is not there. */
import type { Rule } from '../model.ts';

export const sizeRules: readonly Rule[] = [
  {
    id: 'heads-divisible',
    category: 'parallel-size-invalid',
    line: /number of attention heads \((\d+)\) must be divisible by tensor parallel size \((\d+)\)|\b(\d+) attention heads are not divisible by tensor parallel size (\d+)/,
    strength: 'proof',
    source: 'vllm/config/model.py verify_with_parallel_config, dsr1 prepare check',
    cause: '$1 attention heads cannot be split over $2 tensor-parallel ranks',
    fix: 'use a --tensor-parallel-size that divides $1, and pipeline parallelism for an odd number of GPUs',
  },
  {
    id: 'quantisation-block',
    category: 'parallel-size-invalid',
    line: /(?:put_size\w*|partition\w*|size_[nk]|intermediate\w*)\s*=?\s*\(?(\d+)\)? ?.{0,60}(?:not divisible|must be divisible|multiple of).{0,60}?(?:block|tile|thread|group)\w*/,
    strength: 'proof',
    source: 'quantization layers of both engines (fp8.py, gptq_marlin.py)',
    cause:
      'a slice of $1 rows or columns does not fill the quantisation blocks: the tensor-parallel size is too large for this checkpoint',
    fix: 'halve the tensor-parallel size and use pipeline or expert parallelism for the other nodes, or take a BF16 checkpoint',
  },
  {
    id: 'not-divisible',
    category: 'parallel-size-invalid',
    line: /must be (?:evenly )?divisible by|(?:is|are) not (?:evenly )?divisible by|not a multiple of (?:the )?(?:tp|tensor|world|ep|pp|dp)|cannot be evenly (?:divided|split)/i,
    strength: 'strong',
    source: 'checks of both engines on heads, experts, blocks and nodes',
  },
  {
    id: 'assert-divisible',
    category: 'parallel-size-invalid',
    line: /^\s*assert\b.{0,120}%.{0,80}(?:size|nnodes|world|degree|partitions|ranks?).{0,40}== ?0/,
    strength: 'strong',
    source: 'assertions in model code of both engines',
  },
  {
    id: 'too-few-gpus',
    category: 'parallel-size-invalid',
    line: /World size \((\d+)\) is larger than the number of available GPUs \((\d+)\)|number of required (?:GPUs|\w+) exceeds the total number of available|set tensor_parallel_size \(\d+\) to less than max local gpu count|parallel size \(\d+\) (?:cannot be larger than|exceeds|is larger than) (?:the number of )?available GPUs/i,
    strength: 'strong',
    source: 'vllm/config/parallel.py, vllm/v1/executor/ray_utils.py',
    cause: 'more ranks are asked for than GPUs are there',
    fix: 'make tensor × pipeline × data parallel equal to the GPUs of all nodes; on several nodes give --nnodes, --node-rank and --master-addr (or --distributed-executor-backend ray)',
  },
  {
    id: 'pipeline-partition',
    category: 'parallel-size-invalid',
    line: /partitions\)?=.{0,40} does not match (?:pp_size|num_hidden_layers)|[Pp]ipeline parallelism is not supported for this model|(?:tp|pp|dp|ep)_size.{0,30}(?:must be|should be) (?:equal|less|greater|>=?|<=?|\d)/,
    strength: 'strong',
    source: 'vllm/distributed/utils.py, sglang/srt/server_args.py',
  },
  {
    id: 'size-rule',
    category: 'parallel-size-invalid',
    line: /\b(?:tp|dp|pp|ep|moe[ _-]dp|(?:tensor|data|pipeline|expert|attention)[ _-]parallel)[ _-]?size\b.{0,60}\b(?:should|must|cannot|can't|has to|needs? to|does not)\b/i,
    strength: 'strong',
    source: 'checks of parallel sizes in both engines',
  },
  {
    id: 'size-remainder',
    category: 'parallel-size-invalid',
    line: /make sure .{0,160}% ?.{0,60}== ?0|fix this by setting arguments `--tp`|(?:tp|tensor|world|nnodes|node)[\w `-]{0,40}must evenly divide|world_size \(\d+\) (?:is not|must be) equal to/,
    strength: 'strong',
    source: 'sglang/srt/model_executor, vllm/engine/arg_utils.py, parallel_state.py',
  },
];
