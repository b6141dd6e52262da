/** What an operator may put into the environment of ranks. */
import type { EngineProblem } from './engine.ts';

/**
 * Problems of `engine.env`: names that dsr1 sets itself, names that load foreign code or contradict the plan, and
 * NCCL numbers outside the range that NCCL documents (docs/userguide/source/env.rst).
 */
export function checkEnvironment(
  env: Readonly<Record<string, string>>,
  owned: Readonly<Record<string, string>>,
): readonly EngineProblem[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return [badName(name)];
    const instead = Object.hasOwn(owned, name)
      ? owned[name]
      : Object.hasOwn(OWNED, name)
        ? OWNED[name]
        : undefined;
    if (instead !== undefined)
      return [
        {
          category: 'env-owned',
          because: `engine.env sets ${name}, which the plan sets itself`,
          fix: instead,
        },
      ];
    const danger = Object.hasOwn(DANGEROUS, name) ? DANGEROUS[name] : undefined;
    if (danger !== undefined)
      return [
        {
          category: 'env-dangerous',
          because: `engine.env sets ${name}, which ${danger}`,
          fix: `remove ${name}`,
        },
      ];
    if (name === 'CUDA_VISIBLE_DEVICES' && value !== '')
      return [
        {
          category: 'env-owned',
          because: `engine.env sets CUDA_VISIBLE_DEVICES=${value}, and the plan chooses the GPUs of every rank`,
          fix: 'use gpusPerNode; an empty value is allowed for CPU ranks',
        },
      ];
    if (SECRET.test(name))
      return [
        {
          category: 'env-secret',
          because: `engine.env sets ${name}, and plans are shown to everyone who may read them`,
          fix: 'keep secrets in files on the nodes; a model under model.path needs none',
        },
      ];
    return rangeProblem(name, value);
  });
}

const OWNED: Readonly<Record<string, string>> = {
  NCCL_SOCKET_IFNAME: 'use network.controlInterface, or network.perNode.NODE.controlInterface',
  GLOO_SOCKET_IFNAME: 'use network.controlInterface, or network.perNode.NODE.controlInterface',
  TP_SOCKET_IFNAME: 'remove it: neither engine uses TensorPipe',
  NCCL_IB_HCA: 'use network.hcas, or network.perNode.NODE.hcas (device names, not netdevs)',
  NCCL_IB_GID_INDEX: 'use network.gidIndex, or network.perNode.NODE.gidIndex',
  NCCL_IB_DISABLE: 'use network.transport: tcp or rdma',
  NCCL_NET: 'use network.transport: tcp or rdma',
  HOST_IP: 'remove it: every rank gets its own address',
};

const DANGEROUS: Readonly<Record<string, string>> = {
  LD_PRELOAD: 'loads foreign code into every process of the engine',
  LD_AUDIT: 'loads foreign code into every process of the engine',
  LD_LIBRARY_PATH: 'replaces the libraries of the planned environment (engine.python names another one)',
  PYTHONPATH:
    'puts foreign modules before those of the planned environment (engine.python names another one)',
  PYTHONHOME: 'replaces the planned Python environment (engine.python names another one)',
  PYTHONSTARTUP: 'runs a foreign script',
  PYTHONINSPECT: 'keeps a dead engine alive',
  BASH_ENV: 'runs a foreign script',
  PATH: "replaces the runtime's own search path",
  RANK: 'contradicts the planned ranks',
  LOCAL_RANK: 'contradicts the planned ranks',
  NODE_RANK: 'contradicts the planned ranks',
  GROUP_RANK: 'contradicts the planned ranks',
  WORLD_SIZE: 'contradicts the planned ranks',
  LOCAL_WORLD_SIZE: 'contradicts the planned ranks',
  MASTER_ADDR: 'contradicts the planned head',
  MASTER_PORT: 'contradicts the planned head',
  NCCL_COMM_ID: 'contradicts the planned head',
  NCCL_CONF_FILE: 'lets a file on the host override the plan',
};

/** What a rank must not find in its environment unless the plan sets it, wherever a host has it from. */
export const PLAN_ALONE_SETS: readonly string[] = Object.keys({ ...OWNED, ...DANGEROUS });

const SECRET = /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_KEY|ACCESS_KEY|PRIVATE_KEY)$/i;

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  NCCL_IB_RETRY_CNT: [0, 7],
  NCCL_IB_TIMEOUT: [1, 22],
  NCCL_IB_QPS_PER_CONNECTION: [1, 128],
};

function rangeProblem(name: string, value: string): readonly EngineProblem[] {
  const range = Object.hasOwn(RANGES, name) ? RANGES[name] : undefined;
  const number = Number(value);
  if (range === undefined || (value !== '' && number >= range[0] && number <= range[1])) return [];
  return [
    {
      category: 'env-range',
      because: `${name} is ${JSON.stringify(value)}, NCCL takes ${range[0]} to ${range[1]}`,
      fix: `remove ${name}, or give a value in that range`,
    },
  ];
}

const badName = (name: string): EngineProblem => ({
  category: 'env-name',
  because: `${JSON.stringify(name)} is not a name of an environment variable`,
  fix: 'use letters, digits and underscores',
});
