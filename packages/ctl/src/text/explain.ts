/** Words of an explanation (`dsr1ctl fabric explain`). */
export const explainText = {
  notKnown: 'not known',
  hcaColumns: ['HCA', 'interface', 'address', 'GID', 'Gb/s', 'rail', 'near GPUs'],
  exactNames:
    '(in NAME==value the second = is NCCL’s own: exactly these names. Without it mlx5_1 would take mlx5_10 too.)',
  unread: (path: string, count: number, first: string) =>
    `unread   ${path}: ${count} ${count === 1 ? 'line' : 'lines'} not understood, first: ${first}`,
  ignored: (paths: readonly string[]) =>
    `ignored  ${paths.slice(0, 8).join(', ')}${paths.length > 8 ? ` and ${paths.length - 8} more` : ''}: neither output of a network tool, nor a log, nor facts of an agent`,
  undecided:
    'too little to choose a network: no RDMA device was seen, and no log that names the network; paste ibdev2netdev, show_gids, ip -4 a, or a log with NCCL_DEBUG=INFO',
  untoldPorts:
    'too little to choose a network: of no RDMA device that is listed enough is shown to take it; paste ibstat, rdma link, or the whole ibv_devinfo',
  oneHost: 'of this one host; paste the others as well to have them compared',
  silentLog: 'shows neither version nor network',
  confidence: { high: 'cause  ', medium: 'likely ', low: 'perhaps' },
} as const;
