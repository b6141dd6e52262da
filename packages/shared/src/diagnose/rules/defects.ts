/** Errors that no legal setting should cause. */
import { multiNode, versionAtLeast, worksWith } from '../facts.ts';
import type { Rule } from '../model.ts';

export const defectRules: readonly Rule[] = [
  {
    id: 'api-server-on-follower',
    category: 'engine-bug',
    line: /collective_rpc should not be called on follower node/,
    strength: 'proof',
    source: 'vllm/v1/executor/multiproc_executor.py',
    cause: 'a follower node was started as an API server: the api_server module ignores --headless',
    fix: 'start nodes above rank 0 with `vllm serve … --headless`',
  },
  {
    id: 'compile-artifact-without-caches',
    category: 'engine-bug',
    line: /failed to compile the model\. The most likely reason/,
    strength: 'proof',
    source: 'vllm/compilation',
    when: (scene) => scene.fact(/FORCE_DISABLE_CACHES\W+1|VLLM_DISABLE_COMPILE_CACHE\W+1/),
    cause:
      'caches of the compiler are switched off, and this version of vLLM and torch cannot compile without them: the cache that the message blames does not exist',
    fix: 'unset TORCHINDUCTOR_FORCE_DISABLE_CACHES (and VLLM_DISABLE_COMPILE_CACHE), or take a newer torch (2.8), or start with --enforce-eager',
  },
  {
    id: 'balance-check-of-draft',
    category: 'engine-bug',
    line: /memory capacity is unbalanced/,
    strength: 'proof',
    source: 'sglang/srt/model_executor/model_runner.py init_torch_distributed',
    when: (scene) => scene.saw('draft-worker'),
    beside: ['draft-worker'],
    cause:
      'the memory balance check runs again for the draft model, when ranks of this launch hold memory already; no foreign process is involved',
    fix: 'upgrade SGLang, or switch the check off for speculative decoding: SGL_DISABLE_TP_MEMORY_INBALANCE_CHECK=1',
  },
  {
    id: 'multi-node-custom-all-reduce',
    category: 'engine-bug',
    line: /\bworld_size=(\d+) rank=\d+ local_rank=\d+ .*backend=nccl/,
    strength: 'strong',
    source: 'vllm/distributed/parallel_state.py; custom all-reduce over nodes since 0.28',
    quiet: true,
    when: (scene) =>
      multiNode(scene) &&
      !scene.saw('weights-begun') &&
      versionAtLeast(scene, 0, 28) &&
      !scene.fact(/disable-custom-all-reduce|VLLM_ALLREDUCE/),
    cause:
      'silence after the ranks met: this version tries custom all-reduce (symmetric memory) for tensor-parallel groups over several nodes, which can block for ever without a line',
    fix: '--disable-custom-all-reduce on every node, or another version of vLLM',
  },
  {
    id: 'works-with-switch',
    category: 'engine-bug',
    line: /NCCL version|is using nccl==|Init COMPLETE|backend=nccl|Init torch distributed|Capturing|GPU KV cache size|Memory pool end|No available shared memory broadcast block|collective operation timeout|spans across nodes/,
    strength: 'strong',
    source: 'the same launch works with a feature switched off, or in another version',
    when: (scene) =>
      worksWith(
        scene,
        /enforce-eager|disable-[\w-]*(?:graph|all-reduce|compile)|DISABLE_\w*(?:COMPILE|ALLREDUCE)|(?:vllm|sglang|version|v)[ =]?\d+\.\d+/i,
      ),
    cause: 'the launch works with a feature switched off or in another version: a defect of this version',
  },
  {
    id: 'illegal-access',
    category: 'engine-bug',
    line: /illegal memory access was encountered|misaligned address|device-side assert triggered|operation not permitted when stream is capturing|an illegal instruction was encountered|cudaErrorIllegalAddress/,
    strength: 'strong',
    source: 'CUDA runtime API, error codes 700, 716, 710, 900',
    cause: 'a kernel of the engine went wrong on the GPU',
    fix: 'run once with CUDA_LAUNCH_BLOCKING=1 to name the kernel, then change its backend (--attention-backend, --moe-runner-backend, --enforce-eager) or the version; on one GPU only, suspect that GPU',
  },
  {
    id: 'cuda-in-forked-process',
    category: 'engine-bug',
    line: /Cannot re-initialize CUDA in forked subprocess/,
    strength: 'strong',
    source: 'torch/cuda/__init__.py: the launcher touched CUDA before it forked its workers',
    cause: 'the launcher used CUDA before it forked its workers, which then cannot use it',
    fix: 'VLLM_WORKER_MULTIPROC_METHOD=spawn on every node, or another version of the engine',
  },
  {
    id: 'shape-mismatch',
    category: 'engine-bug',
    line: /^RuntimeError: (?:The (?:expanded )?size of (?:the )?tensor|mat1 and mat2|shape '|Sizes of tensors|Expected (?:all tensors|.{0,40}(?:dtype|device|scalar type))|expected scalar type)|size mismatch, got/,
    strength: 'hint',
    source: 'PyTorch operators called by the engine with unfitting tensors',
  },
  {
    id: 'compiler-defect',
    category: 'engine-bug',
    line: /^(?!.*potential root causes)(?!.*NCCL error in: ).*(?:INTERNAL ASSERT FAILED|PassManager::run failed|LLVM ERROR|please report this (?:issue|bug)|BackendCompilerFailed|torch\._(?:dynamo|inductor)\.exc\.\w+|Segfault|Segmentation fault|SIGSEGV|double free or corruption|free\(\): invalid|(?:[Ee]xit code|exited with|died, exit code)[: ]*(?:-11|-6|139|134)\b)/,
    strength: 'hint',
    source: 'PyTorch, Triton, glibc',
    fix: 'start with --enforce-eager (SGLang: --disable-cuda-graph, no --enable-torch-compile) to see whether compilation is at fault; then take another version',
  },
  {
    id: 'graph-capture-failed',
    category: 'engine-bug',
    line: /^Exception: Capture (?:cuda |CUDA )?graph failed: /,
    strength: 'hint',
    source: 'sglang/srt/model_executor/cuda_graph_runner.py',
    cause: 'a call that must not happen while a CUDA graph is captured, or one that fails then',
    fix: '--disable-cuda-graph shows whether the capture is at fault; then take another backend (--attention-backend, --moe-a2a-backend) or version',
  },
  {
    id: 'nccl-internal',
    category: 'engine-bug',
    line: /NCCL error in: .{0,160}(?:internal error|invalid usage)/,
    strength: 'hint',
    source: 'ncclInternalError and ncclInvalidUsage of NVIDIA/nccl; the line after it says more',
    when: (scene) => !scene.saw('peer-gone'),
    fix: 'launch once with NCCL_DEBUG=WARN, and read the line that begins with NCCL WARN',
  },
  {
    id: 'tensor-unknown',
    category: 'engine-bug',
    line: /KeyError: '(?:[\w.]+\.)?layers\.\d+\.|There is no module or parameter named|Parameter \S+ not found in the model|Attempted to load weight \(|[Ss]ize mismatch for \S+|param_data\.shape == loaded_weight\.shape/,
    strength: 'hint',
    source: 'weight loaders of both engines',
    cause:
      'the loader of the engine and the tensors of this checkpoint do not fit: names or shapes that its model code does not expect',
    fix: 'take the version of the engine that names this checkpoint (and its quantisation) as supported, or another conversion of the model',
  },
];
