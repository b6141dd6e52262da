/** Lines that say nothing wrong by themselves, echoes of a failure told elsewhere, and alarms that are normal. */
import type { Note } from '../model.ts';

/** Help to tell causes apart, or prove one beside its line. */
export const notes: readonly Note[] = [
  { id: 'ray-version', line: /^\s*(?:Ray|Python): \d[\w.]+/ },
  { id: 'ray-address', line: /Connecting to existing Ray cluster at address|Local node IP:/ },
  {
    id: 'gcs-not-reached',
    line: /[Ff]ailed to connect to (?:the )?GCS at address|[Ff]ailed to get cluster ID from GCS|[Uu]nable to connect to (?:the )?GCS at/,
  },
  { id: 'ray-free-gpus', line: /^\s*[\d.]+\/[\d.]+ GPU\b/ },
  { id: 'config-mapping', line: /CONFIG_MAPPING|configuration_auto\.py/ },
  { id: 'draft-worker', line: /draft_worker = |EAGLEWorker|eagle_worker\.py|\bdraft model\b/ },
  {
    id: 'transformers-fallback',
    line: /has no (?:vLLM|SG[Ll]ang) implementation, falling back|resolved as Transformers\w*For|Using Transformers (?:backend|implementation)/,
  },
  { id: 'engine-frame', line: /File "[^"]*\/(?:vllm|sglang|sgl_kernel|flashinfer)\// },
  {
    id: 'cache-frame',
    line: /File "[^"]*(?:triton\/runtime\/cache|_inductor\/(?:codecache|remote_cache|autotune|runtime)|vllm\/compilation)/,
  },
  { id: 'visible-devices-frame', line: /device_id_to_physical|physical_device_id|VISIBLE_DEVICES/ },
  { id: 'library-mismatch', line: /[Dd]river\/library version mismatch|API mismatch/ },
  { id: 'nccl-shm-line', line: /posix_fallocate|shm_open|include\/shm|shared memory segment|\/dev\/shm\// },
  { id: 'memlock-limit', line: /max locked memory .*-l\) *\d+|RLIMIT_MEMLOCK|^Max locked memory/ },
  { id: 'nproc-limit', line: /max user processes|pids\.(?:max|current)|^Max processes/ },
  {
    id: 'no-driver',
    line: /Found no NVIDIA driver|NVML Shared Library Not Found|nvidia-smi: (?:command )?not found/,
  },
  { id: 'cma', line: /^Cma(?:Total|Free):/ },
  { id: 'sigquit', line: /[Ss]ig[Qq]uit|SIGQUIT/ },
  {
    id: 'weights-begun',
    line: /Load weight begin|Starting to load model|[Ll]oading (?:safetensors )?(?:checkpoint )?shards/,
  },
  { id: 'weights-progress', line: /[Ll]oading .{0,20}checkpoint shards: +\d+% Completed/ },
  { id: 'loopback-line', line: /[Uu]sing the loopback|remote=\[127\./ },
  { id: 'loopback-matters', line: /connectFullMesh|_SOCKET_IFNAME/ },
  {
    id: 'peer-gone',
    line: /Socket (?:recv|send) failed|remote process exited|Connection (?:closed|reset) by|Broken pipe/,
  },
  { id: 'kv-publisher', line: /Starting ZMQ publisher thread/ },
  { id: 'not-yet-valid', line: /not yet valid|current time \S+ is before/ },
  { id: 'nccl-met', line: /NCCL INFO .*Init COMPLETE/ },
  { id: 'nccl-ended', line: /NCCL INFO .*(?:Destroy|Abort) COMPLETE/ },
  { id: 'serving', line: /Application startup complete|fired up and ready/ },
  {
    id: 'engine-dead',
    line: /EngineDeadError|EngineCore encountered (?:an issue|a fatal error)|Engine loop has died/,
  },
];

/** The end of something that another line explains: never a cause, shown only when nothing better is there. */
export const echo =
  /Engine ?[Cc]ore (?:initialization failed|failed to start|encountered)|EngineDeadError|Worker(?:Proc)? (?:failed to start|initialization failed)|WorkerProc hit an exception|EngineCore hit an exception|Scheduler hit an exception|[Ss]igquit|SIGQUIT|scheduler died during init|the child failed|[Ff]ailed core proc|error waiting for container|Exception in ASGI application|CUDA_LAUNCH_BLOCKING|TORCH_USE_CUDA_DSA|asynchronously reported|See (?:root cause|stack trace) (?:\(?above|below)|AsyncLLM output_handler failed|already dead, terminating|Traceback \(most recent|another exception occurred|direct cause of the following|PLEASE submit a bug report|RayTaskError|unhandled (?:system|cuda) error|NCCL error in: |1 validation error for/;

/** Alarming lines that healthy launches print. */
export const harmless =
  /No plugin found|libr?ccl-(?:net|tuner|env|profiler|gin)\S*\.so: cannot open|Could not find: ?libr?ccl|NET\/Plugin ?: (?:Could not find|No )|failed to automatically increase|[Cc]ustom allreduce is disabled because (?!this process group spans)|Reducing Torch parallelism|`torch_dtype` is deprecated|resource_tracker: There appear|destroy_process_group\(\) was not called|Ignore import error when loading|Failed to import from vllm\._C(?!.*(?:undefined symbol|GLIBC|CXXABI|libcuda\.so))|pynvml package is deprecated|Unable to register cu\w+ factory|Token authentication is disabled|hostname of the client socket cannot be retrieved|IPv6 network addresses of .{0,60}cannot be retrieved|Unknown vLLM environment variable|(?:get|set)_mempolicy: Operation not permitted.{0,40}\(ignored|object store is using|disabled: .{0,80}init failed|exit code:? -15\b|Error retrieving (?:safetensors|file list)|^server_args=|^(?:non-default )?args: |Initializing (?:a V\d |an )?LLM engine|^Dumping input data|If this is not the case|is deprecated and will be removed/;
