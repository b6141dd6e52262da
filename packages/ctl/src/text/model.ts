/** Sentences of `dsr1ctl model`. */
export const modelText = {
  describe: 'model files on the nodes: fetch, list, check, remove',
  pull: "fetch a model with the hub's own client on every node; repeat it to go on after an interruption",
  ls: 'list the models that nodes remember',
  verify:
    'check a model on every node by its headers, and the nodes against each other; --full reads every byte',
  rm: 'forget a model, and remove its files if dsr1 fetched them',
  repoArgument: 'name on the hub, like deepseek-ai/DeepSeek-R1',
  pathArgument: 'model folder, the same on every node',
  toFlag: 'folder that receives the files on every node (default: /var/lib/dsr1/models/NAME)',
  revisionFlag: 'commit, tag or branch; pinned to a commit on each node (default: newest)',
  hubFlag: 'hf or modelscope',
  nodesFlag: 'names of nodes, separated by commas (default: every node that is online)',
  endpointFlag: 'mirror of the hub, like https://hf-mirror.com',
  tokenFlag: 'file with the access token for gated models',
  fullFlag: 'read everything; compare with the hub, with earlier reads and between the nodes',
  detachFlag: 'do not wait; `dsr1ctl model ls` tells how far it is',
  yesFlag: 'do not ask',
  badToken: (path: string) => `expected one line with a token in ${path}`,
  noToken: (path: string) => `cannot read the token file ${path}`,
  removeQuestion: (path: string) => `Remove ${path} from the nodes?`,
  removed: (node: string, path: string, fetched: boolean) =>
    `${node}: ${path} ${fetched ? 'removed' : 'forgotten; its files stay, dsr1 did not fetch them'}`,
  empty:
    'no model yet: `dsr1ctl model pull` fetches one, `dsr1ctl model verify PATH` looks at one that is there',
  header: ['NODE', 'PATH', 'FROM', 'FILES', 'SIZE', 'STATE'],
  thePath: 'a folder',
  states: {
    running: (kind: string, percent: string) => `${kind} ${percent}`,
    failed: (kind: string, detail: string) => `${kind} failed: ${detail}`,
    problems: (count: number) => `${count} ${count === 1 ? 'problem' : 'problems'}`,
    incomplete: 'not complete: pull again',
    verified: (ago: string) => `every byte read ${ago} ago`,
    complete: 'complete by its headers',
  },
  differs: (path: string) => `${path} is not the same on all nodes: \`dsr1ctl model verify ${path}\``,
  same: (nodes: number, full: boolean) =>
    `the same on ${nodes} nodes${full ? ', to the byte' : ' by names, sizes and headers'}`,
  wrong: (count: number) => `the model has ${count} ${count === 1 ? 'problem' : 'problems'}`,
  wrongHint: 'copy or pull the named files again, then verify once more',
  failed: (nodes: string) => `it failed on ${nodes}`,
  lost: 'no answer',
  restarted: 'its agent began anew, and what it did to the model has ended',
  again: 'give the command again: a pull goes on where it ended',
  progress: (done: string, total: string, rate: string, detail: string) =>
    `${done} of ${total} GB  ${rate}  ${detail}`,
} as const;
