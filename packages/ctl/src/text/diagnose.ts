/** Kinds of dumps that are not called as their command is. */
const COMMANDS: Readonly<Record<string, string>> = {
  'ip-a': 'ip addr',
  'ip-route': 'ip route',
  'ip-rule': 'ip rule',
  'rdma-link': 'rdma link',
  'topo-m': 'nvidia-smi topo -m',
  'nvidia-smi-query': 'nvidia-smi',
  'nvidia-smi-xml': 'nvidia-smi -q -x',
  'pci-numa': 'lspci',
  json: 'a tool in JSON',
};

/** Sentences of `dsr1ctl diagnose`. */
export const diagnoseText = {
  describe: 'say why a launch failed, from its logs: causes, the lines that prove them, and the fix',
  argument:
    'folder of logs (with facts.json where more is known), bundle of `fabric collect`, one file, - for a pasted log, or the name of a deployment',
  linesFlag: 'last lines to read of each rank of a deployment',
  badFacts: (path: string) => `${path}: expected JSON, found something else`,
  badFactsHint: 'remove it to have the logs read alone',
  tooManyFiles: (root: string, most: number, found: number) =>
    `expected at most ${most} files under ${root}, found ${found}`,
  fine: 'nothing wrong was found in these logs',
  percent: (confidence: number) => `${Math.round(confidence * 100)} %`,
  fix: 'fix',
  first: 'seen first in',
  further: 'also possible',
  network: 'of the network, as `fabric explain` has it',
  fineBeside: 'nothing in these logs ended the launch',
  noLog: (what: string, tools: readonly string[]) =>
    `expected logs in ${what === '-' ? 'standard input' : what}, found ${tools.length === 0 ? 'no line' : `the output of ${tools.map((tool) => COMMANDS[tool] ?? tool).join(' and ')} and no log`}`,
  noLogHint: (what: string) => `dsr1ctl fabric explain ${what} reads it`,
  emptyHint:
    'give the output of the engine with NCCL_DEBUG=INFO; outputs of network tools are for dsr1ctl fabric explain',
} as const;
