/** What a deployment may not pass to vLLM, and what became of the flags that tutorials show. */
const TOPOLOGY = 'remove it: the plan gives every rank its own';
const ONE_REPLICA =
  'remove it: a deployment is one replica of tensor × pipeline; deploy it once for each replica';

export const VLLM_OWNED_FLAGS: Readonly<Record<string, string>> = {
  '--model': 'use model.path',
  '--served-model-name': 'use model.servedName',
  '--host': 'remove it: vLLM listens on the control address of the head',
  '--port': 'use endpoint.port',
  '--uds': 'remove it: clients of other hosts need a TCP port',
  '--nnodes': TOPOLOGY,
  '--node-rank': TOPOLOGY,
  '--master-addr': TOPOLOGY,
  '--master-port': TOPOLOGY,
  '--headless': TOPOLOGY,
  '--distributed-executor-backend': 'remove it: engine.kind vllm is the multiprocessing executor',
  '--tensor-parallel-size': 'use parallelism.tensor',
  '--pipeline-parallel-size': 'use parallelism.pipeline',
  '--data-parallel-size': ONE_REPLICA,
  '--data-parallel-size-local': ONE_REPLICA,
  '--data-parallel-rank': ONE_REPLICA,
  '--data-parallel-start-rank': ONE_REPLICA,
  '--data-parallel-address': ONE_REPLICA,
  '--data-parallel-rpc-port': ONE_REPLICA,
  '--config':
    'give its settings as engine.args: vLLM takes one --config, and the plan needs it for the API key',
  '--api-key': 'remove it: dsr1 makes a key for every attempt (dsr1ctl status shows how to get it)',
};

export const VLLM_RAY_OWNED_FLAGS: Readonly<Record<string, string>> = {
  ...VLLM_OWNED_FLAGS,
  '--distributed-executor-backend': 'remove it: engine.kind vllm-ray is the Ray executor',
};

export const VLLM_OWNED_ENV: Readonly<Record<string, string>> = {
  VLLM_HOST_IP: 'remove it: every rank gets its own address',
  VLLM_PORT: 'remove it: with several nodes a fixed base port makes ranks collide (vLLM picks free ones)',
  VLLM_API_KEY: 'remove it: dsr1 makes a key for every attempt',
  RAY_ADDRESS: 'remove it: ranks start without Ray, or in a Ray cluster of their own (engine.kind vllm-ray)',
};

export const VLLM_RAY_OWNED_ENV: Readonly<Record<string, string>> = {
  ...VLLM_OWNED_ENV,
  RAY_ADDRESS: 'remove it: every attempt gets a Ray cluster of its own',
  RAY_START_HOOK: 'remove it: the plan needs it for socket paths that are short enough',
  RAY_AUTH_MODE: 'remove it: ranks of a cluster show each other a token of the attempt',
  RAY_AUTH_TOKEN_PATH: 'remove it: the token is a file of the run folder',
  RAY_TMPDIR: 'remove it: sessions lie in the run folder, which goes with the attempt',
  VLLM_CONFIG_ROOT: 'remove it: the list of variables that stay per node lies there',
};

/** Flags of older versions → what to write today (vLLM pull requests 17452, 18404, 25543). */
export const VLLM_REPLACED_FLAGS: Readonly<Record<string, string>> = {
  '--enable-reasoning': 'remove it: --reasoning-parser NAME alone turns reasoning on since 0.9',
  '--max-seq-len-to-capture': 'remove it: gone in 0.11; graph sizes are set with -cc.cudagraph_capture_sizes',
  '--swap-space': 'remove it: the V1 engine does not swap',
  '--use-v2-block-manager': 'remove it: there is one block manager',
  '--num-scheduler-steps': 'remove it: multi-step scheduling is gone',
  '--worker-use-ray': 'remove it: vLLM spans nodes without Ray',
};
