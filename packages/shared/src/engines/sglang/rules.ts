/** What a deployment may not pass to SGLang, and what became of the flags that tutorials show. */
const TOPOLOGY = 'remove it: the plan gives every rank its own';

export const SGLANG_OWNED_FLAGS: Readonly<Record<string, string>> = {
  '--model-path': 'use model.path',
  '--served-model-name': 'use model.servedName',
  '--host': 'remove it: SGLang listens on the control address of its node',
  '--port': 'use endpoint.port',
  '--nnodes': TOPOLOGY,
  '--node-rank': TOPOLOGY,
  '--dist-init-addr': TOPOLOGY,
  '--nccl-port': TOPOLOGY,
  '--base-gpu-id': TOPOLOGY,
  '--tp-size': 'use parallelism.tensor',
  '--pp-size': 'use parallelism.pipeline',
  '--config':
    'give its settings as engine.args: SGLang takes one --config, and the plan needs it for the API key',
  '--api-key': 'remove it: dsr1 makes a key for every attempt (dsr1ctl status shows how to get it)',
  '--gated-launch-port': 'use engine.gated: the plan chooses the port, and the coordinator opens the gate',
  '--use-ray': 'remove it: dsr1 starts the ranks itself',
};

export const SGLANG_OWNED_ENV: Readonly<Record<string, string>> = {
  SGLANG_HOST_IP: 'remove it: every rank gets its own address',
  SGLANG_LOCAL_IP_NIC: 'use network.controlInterface',
  SGLANG_PORT: 'remove it: ports are granted by the plan',
  SGLANG_DISTRIBUTED_INIT_METHOD_OVERRIDE: 'remove it: the plan names the rendezvous',
};

/** Flags of older versions (the server_args that tutorials print) → today's. */
export const SGLANG_REPLACED_FLAGS: Readonly<Record<string, string>> = {
  '--enable-ep-moe': 'use --ep-size N',
  '--enable-deepep-moe': 'use --moe-a2a-backend deepep',
  '--disable-mla': 'use --attention-backend to choose another backend',
  '--disable-jump-forward': 'remove it: jump-forward decoding is gone',
  '--enable-double-sparsity': 'remove it: double sparsity is gone',
};
