/** Which tools say something of a host's fabric, by the kind of dump that explain reads their output as. */
export const FABRIC_TOOLS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'ip-a': ['ip', '-d', 'addr'],
  'ip-route': ['ip', 'route'],
  'ip-rule': ['ip', 'rule'],
  'rdma-link': ['rdma', 'link'],
  ibdev2netdev: ['ibdev2netdev', '-v'],
  show_gids: ['show_gids'],
  ibstat: ['ibstat'],
  ibv_devinfo: ['ibv_devinfo', '-v'],
  'nvidia-smi': ['nvidia-smi', '-q', '-x'],
  'topo-m': ['nvidia-smi', 'topo', '-m'],
  lspci: ['lspci', '-D'],
};
