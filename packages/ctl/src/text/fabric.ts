/** Sentences of `dsr1ctl fabric`. */
export const fabricText = {
  describe: 'the network between nodes: what is used, and why',
  explain:
    'choose interfaces and HCAs from what hosts print about themselves, with every reason; diagnose their logs',
  dumpsArgument:
    'folder of dumps (with dump.json, or one folder a host), one file, or - for a pasted terminal session',
  transportFlag: 'rdma refuses instead of falling back, tcp chooses sockets',
  ncclFlag: 'NCCL version that the ranks will load (default: what the logs say)',
} as const;
