/** Sentences of `dsr1ctl fabric`. */
export const fabricText = {
  describe: 'the network between nodes: what is used, and why',
  explain:
    'choose interfaces and HCAs from what hosts print about themselves, with every reason; diagnose their logs',
  dumpsArgument:
    'folder of dumps (with dump.json, or one folder a host), bundle of `fabric collect`, one file, or - for a pasted terminal session',
  transportFlag: 'rdma refuses instead of falling back, tcp chooses sockets',
  ncclFlag: 'NCCL version that the ranks will load (default: what the logs say)',
  collect: "write what this host's tools and sysfs say to a .tar.gz that `fabric explain` replays elsewhere",
  outFlag: 'file to write (default: dsr1-fabric-HOST.tar.gz)',
  maskFlag: 'hide public addresses, serial numbers and GPU UUIDs',
  collected: (path: string, files: number) =>
    `${path}: ${files} files; read it with \`dsr1ctl fabric explain ${path}\``,
  missing: (tool: string, reason: string) => `  without ${tool}: ${reason}`,
  nothingAt: (path: string) => `expected a folder, bundle or file of dumps at ${path}, found none`,
  noJson: (what: string) => `${what}: expected JSON, found something else`,
  noArchive: (path: string) => `expected a .tar.gz of texts at ${path}, found something else`,
  manifestHint: 'remove it to have the files read by what is in them',
  tooManyFiles: (root: string, most: number, found: number) =>
    `expected at most ${most} files under ${root}, found ${found}`,

  check:
    'test the network between live nodes, over the very interfaces and HCAs that a launch would take, and name what is broken',
  namesArgument: 'nodes, or one deployment',
  checking: (what: string) => `checking: ${what}`,
  checkFailed: (errors: number) => `the check found ${errors} ${errors === 1 ? 'problem' : 'problems'}`,
  show: 'draw nodes and rails, and say why a device is out',
  svgFlag: 'also write the picture to this file',
} as const;
