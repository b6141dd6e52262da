/** Sentences about this host: init, join, leave, facts, doctor. */
const shown = (argv: readonly string[]): string => argv.join(' ');

export const hostText = {
  cannotRun: (argv: readonly string[], reason: string) => `${shown(argv)} cannot be started: ${reason}`,
  commandFailed: (argv: readonly string[], exitCode: number | null, stderr: string) =>
    `${shown(argv)} ended with ${exitCode === null ? 'a signal' : `code ${exitCode}`}${stderr === '' ? '' : `: ${stderr}`}`,
  journalHint: (service: string) => `\`journalctl -u ${service} -n 50\` shows why`,
  factsOf: (argv: readonly string[]) => `the output of ${shown(argv)}`,
  notAllowed: (path: string) => `expected to be allowed to write ${path}`,
  notAllowedHint: 'run it as root (sudo), or choose another --state-dir',
  stateDirFlag: 'state folder',
  noServiceFlag: 'install no systemd unit; print the command to run instead',
  yesFlag: 'do not ask',

  facts: {
    describe: 'what a node reports of itself; without NODE what this host would report',
    nodeArgument: 'name or id of a node (default: this host)',
    freshFlag: 'have the node look again first',
    none: (name: string) => `${name} has not reported its facts yet`,
    noneHint: (name: string) => `\`dsr1ctl node show ${name}\` shows whether it is online`,
  },
  doctor: {
    describe: 'what this host lacks for serving models, and how to fix it',
    failed: 'the doctor found problems on this host',
    failedHint: 'each finding above names its fix',
  },
  join: {
    describe: 'make this host a node of a cluster',
    serverFlag: 'the coordinator, HOST or HOST:PORT (its join port, 7441)',
    tokenFlag: 'join token; other users of this host can read it in the process list, so prefer --token-file',
    tokenFileFlag: 'file that holds the token, - for standard input; deleted once the host has joined',
    keepTokenFlag: 'leave the --token-file where it is, for a token that more hosts use',
    nameFlag: 'name of the node (default: host name)',
    timeoutFlag: 'how long to wait until the coordinator has seen its facts',
    jsonFlag: 'print node id, name, cluster and facts as JSON',
    tokenInArgv:
      'warning: a token on the command line is readable by every user of this host; prefer --token-file, - or DSR1_JOIN_TOKEN',
    tokenUnreadable: (path: string, code: string) =>
      `expected a join token in ${path}, but it cannot be read (${code})`,
    tokenDeleted: (path: string) => `deleted ${path}: the token has done its work here`,
    tokenLeft: (path: string, code: string) => `warning: ${path} could not be deleted (${code}); delete it`,
    tokenHint: '`dsr1ctl token create` (with a context of the coordinator) prints a new one',
    tokenMissing: 'expected a join token, found none',
    tokenMissingHint:
      'give --token-file FILE (- for standard input), DSR1_JOIN_TOKEN, or the systemd credential dsr1-join-token; `dsr1ctl token create` makes one',
    otherCluster: (node: string, cluster: string) =>
      `this host is node ${node} of cluster ${cluster}, but the token is of another cluster`,
    otherClusterHint: '`dsr1ctl leave` first, then join again',
    already: (node: string, cluster: string) => `already joined: node ${node} of cluster ${cluster}`,
    joined: (node: string, cluster: string) => `joined: node ${node} of cluster ${cluster}`,
    waiting: 'waiting until the coordinator has seen its facts …',
    seen: 'the coordinator has seen its facts',
    foreground: (argv: readonly string[]) => `the agent is not a service here; run it:\n  ${shown(argv)}`,
    notSeen: (seconds: number, detail: string) =>
      `the agent started, but the coordinator has not confirmed its facts after ${seconds} s (${detail})`,
    notSeenHint: '`journalctl -u dsr1-agent -n 50` shows why; the host stays joined and goes on trying',
    noStatus: 'the agent has written no status yet',
  },
  leave: {
    describe: 'undo join: stop the agent and forget who this node is',
    question: (node: string, cluster: string) =>
      `Leave cluster ${cluster} as node ${node}? To come back it needs a new token.`,
    notJoined: 'this host is in no cluster; nothing to do',
    left: (node: string, cluster: string) =>
      `left cluster ${cluster}; the coordinator still lists ${node} until \`dsr1ctl node remove ${node}\``,
  },
  init: {
    describe: 'set up a coordinator on this host',
    listenFlag: 'address that it listens on (default: all)',
    httpPortFlag: 'port of its HTTP API (default: 7440)',
    advertiseFlag: 'host name or address by which nodes reach it (repeatable)',
    clusterFlag: 'name of the cluster',
    contextFlag: 'name of the context to write',
    timeoutFlag: 'how long to wait until it answers',
    foreground: (argv: readonly string[]) =>
      `systemd is not used here; run the coordinator yourself (another terminal):\n  ${shown(argv)}`,
    waiting: 'waiting until it answers …',
    started: (version: string, cluster: string, context: string, path: string) =>
      `coordinator ${version} of cluster ${cluster} answers; context ${context} is in ${path}`,
    joinLine: 'on every GPU host:',
    moreTokens: 'the line is good for one host and one hour; more: `dsr1ctl token create --max-uses N`',
    silent: (seconds: number, reason: string) =>
      `the coordinator did not answer within ${seconds} s: ${reason}`,
    silentHint: '`journalctl -u dsr1-coordinator -n 50` shows why',
    noFileYet: (path: string) => `it has not written ${path}`,
  },
} as const;
