/** Sentences of `dsr1ctl fabric`. */
export const fabricText = {
  describe: 'the network between nodes: what is used, and why',
  explain:
    'choose interfaces and HCAs from what hosts print about themselves, with every reason; diagnose their logs',
  dumpsArgument:
    'folder of dumps (with dump.json, one folder or one file a host), bundle of `fabric collect`, one file, or - for a pasted terminal session',
  transportFlag: 'rdma refuses instead of falling back, tcp chooses sockets',
  ncclFlag: 'NCCL version that the ranks will load, as 2.27.5 (default: what the logs say)',
  ncclExpected: 'expected a version such as 2.27.5 or 2.21',
  explainHelp: `
What to run on every host, and paste (whatever of it there is):
  ip -4 a; ibdev2netdev; show_gids; ibstat; rdma link; nvidia-smi topo -m
  and the log of a run with NCCL_DEBUG=INFO
Leave the prompts in (root@gpu1:~#), or put "=== gpu1 ===" before the lines of each host.

Verdict:
  ok       the hosts can use what is chosen together, as far as these texts show
  warn     it works with a caveat; each is printed
  refuse   it cannot work as it is; each reason is printed, with what to do
  unknown  the texts do not show enough to choose a network

Exit codes:
  0  ok, warn or unknown
  2  nothing in the texts is the output of a network tool or a log, or a flag is wrong
  4  a file may not be read         5  nothing is at this path
  7  refuse (--json prints the object as well)
  8  a pipe to which nobody writes`,
  nothingFound: (path: string, read: string) =>
    `expected outputs of network tools or an NCCL log in ${path === '-' ? 'standard input' : path}, found none; read ${read}`,
  nothingFoundHint:
    'run on each host, and paste: ip -4 a; ibdev2netdev; show_gids; ibstat; rdma link; nvidia-smi topo -m; and the log of a run with NCCL_DEBUG=INFO',
  noFiles: 'no file',
  sourceFile: (path: string, bytes: number, what: string) => `${path} (${bytes} bytes, ${what})`,
  moreFiles: (count: number) => `${count} more`,
  refused: (because: string) => `these hosts cannot work as they are: ${because}`,
  refusedHint: 'do what stands under "fix" above, and paste again',
  collect:
    'write what this host, or nodes of the cluster, say of their fabric to a .tar.gz that `fabric explain` and `diagnose` replay elsewhere',
  nodesFlag: 'nodes to collect from (a,b or repeated); without any, this host',
  deploymentFlag: 'the nodes of a deployment, with its plan and the tails of its logs',
  allFlag: 'all nodes',
  outFlag: 'file to write (default: dsr1-fabric-HOST.tar.gz, -NAME of a deployment, or -nodes)',
  linesFlag: 'last lines to take of each log',
  maskFlag: 'hide public addresses, serial numbers and GPU UUIDs',
  oneScope: 'expected one of --nodes, --deployment and --all, found several',
  noNodes: 'there are no nodes to collect from',
  collecting: (done: number, all: number, waiting: readonly string[]) =>
    `collecting: ${done} of ${all} nodes${waiting.length === 0 ? '' : `, waiting for ${waiting.join(', ')}`}`,
  collectedNode: (name: string, files: number) => `${name}: ${files} files`,
  collected: (path: string, nodes: number) =>
    `${path}: ${nodes} ${nodes === 1 ? 'node' : 'nodes'}; read it with \`dsr1ctl fabric explain ${path}\``,
  missing: (node: string, tool: string, reason: string) => `  ${node} without ${tool}: ${reason}`,
  absent: (all: number, absent: readonly { readonly node: string; readonly reason: string }[]) =>
    `${absent.length} of ${all} nodes gave nothing: ${absent.map(({ node, reason }) => `${node} (${reason})`).join('; ')}`,
  absentHint: (path: string) => `${path} holds the others`,
  noRoom: (path: string) => `expected room for ${path}, but the disk is full; nothing was written`,
  noRoomHint: 'free some space, or choose another place with --out',
  notWritten: (path: string, code: string) =>
    `expected to be allowed to write ${path}, but it failed (${code})`,
  noJson: (what: string) => `${what}: expected JSON, found something else`,
  noArchive: (path: string) => `expected a .tar.gz of texts at ${path}, found something else`,
  noArchiveHint: 'give the texts themselves, or a .tar.gz that is whole: `gzip -t` checks it',
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
