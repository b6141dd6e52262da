/** Sentences about deployments. */
import type { DeploymentSummary, RankNetwork } from '@dsr1/shared/http-api/resources';
import { duration } from '../output/ago.ts';

const rank = (n: number): string => `rank ${n}`;

export const deploymentText = {
  explainFlag: 'print the sum of memory line by line',
  nameArgument: 'name of a deployment',
  fileArgument:
    'deployment file (YAML, - for standard input) or published model (deepseek-r1), and after -- the command of engine "command"',
  specUsage: '[options] [FILE|MODEL] [-- COMMAND...]',
  nodesFlag: 'How many nodes, or exactly these nodes in rank order.',
  header: ['NAME', 'ENGINE', 'STATE', 'NODES', 'ENDPOINT', 'AGE', 'MESSAGE'],
  empty: 'no deployment: `dsr1ctl deploy FILE` starts one',
  ls: 'list the deployments',
  stop: 'stop all ranks; the deployment stays and can be started again',
  start: 'start a stopped deployment again, with the same ranks',
  rm: 'forget a stopped deployment',
  rmForceFlag: 'stop it first',
  stopping: (name: string) => `${name} is being stopped: \`dsr1ctl wait ${name} --for stopped\``,
  starting: (name: string) => `${name} is being started: \`dsr1ctl status ${name} -w\``,
  removed: (name: string) => `${name} removed`,

  rank,
  ranks: (numbers: readonly number[]) => `rank ${numbers.join(', ')}`,
  network: ({ verdict, network, devices, interface: netdev, gdr, because }: RankNetwork) => {
    if (verdict === 'unproven') return `not proven: ${because.join('; ')}`;
    if (verdict !== 'proven') return `not as planned: ${because.join('; ')}`;
    const where = devices.length > 0 ? devices.map((device) => device.replace(/:1$/, '')).join(',') : netdev;
    const direct = gdr === null ? '' : gdr ? ' (GDR)' : ' (without GDR)';
    return `${[network, where].filter(Boolean).join(' ')} as planned${direct}`;
  },
  epoch: (epoch: number) => `epoch ${epoch}`,
  stateLine: ({ state, message }: Pick<DeploymentSummary, 'state' | 'message'>) =>
    message === '' || message === state ? state : `${state}: ${message}`,
  eta: ({ secondsLeft, lastSeconds }: { secondsLeft: number; lastSeconds: number }) =>
    `about ${duration(secondsLeft * 1000)} left (the last start took ${duration(lastSeconds * 1000)})`,
  rankChange: (n: number, node: string, place: string, detail: string | null) =>
    `${rank(n)} (${node}): ${place}${detail === null ? '' : `, ${detail}`}`,
  laggard: (each: { rank: number; missing: string; waiting: number; waitingMs: number }) =>
    `${rank(each.rank)} has not reached ${each.missing}; ${rank(each.waiting)} waits since ${duration(each.waitingMs)}`,
  rankEnded: (n: number, node: string, exitCode: number | null, signal: string | null) => {
    const how =
      signal !== null
        ? `was ended by ${signal}`
        : exitCode === null
          ? 'failed'
          : `exited with code ${exitCode}`;
    return `${rank(n)} on ${node} ${how}; its last lines:`;
  },
  failed: (name: string, state: string, message: string) =>
    `${name} is ${state}${message === '' ? '' : `: ${message}`}`,
  failedHint: (name: string) =>
    `\`dsr1ctl logs ${name}\` has the whole logs, \`dsr1ctl events --deployment ${name}\` the story`,
  lookAgain: (name: string) => `\`dsr1ctl status ${name}\` shows where it is`,

  infeasible: (name: string) => `${name} cannot run on these nodes; every refusal with its reason:`,
  infeasibleHint: '`dsr1ctl node list` shows what is there',
  nothingToDeploy: 'expected a deployment file or at least --name and --engine, found neither',
  nothingToDeployHint:
    '`dsr1ctl deploy FILE` (docs/cli.md has an example), or flags: `dsr1ctl deploy --help`',
  notAMap: (file: string) => `${file} is no deployment: expected keys and values (name, engine, model …)`,
  unreadable: (path: string, code: string) =>
    `expected a deployment file at ${path}, but it cannot be read (${code})`,
  nearModel: (name: string) => `did you mean the model ${name}?`,
  notYaml: (file: string, problem: string) => `${file} is not YAML: ${problem}`,
  expectedVariable: 'expected KEY=VALUE',

  ofModel: {
    chosen: (name: string, engine: string, path: string, nodes: readonly string[]) =>
      `${name}: ${engine} serves ${path} on ${nodes.join(', ')}`,
    byFlags: 'first of those that fit and are as the flags say',
    noEngine: 'expected sglang or vllm installed on a node that is online and not cordoned, found neither',
    noEngineHint: '`dsr1ctl facts NODE` shows what a node has; or say it: --engine with --image or --python',
    noPath: (model: string) => `expected the folder of ${model} on the nodes, found none that they remember`,
    noPathHint: (repo: string) => `\`dsr1ctl model pull ${repo}\` fetches it; or --model PATH`,
    manyPaths: (model: string, paths: readonly string[]) =>
      `expected one folder of ${model} on the nodes, found ${paths.join(', ')}`,
    manyPathsHint: 'choose one with --model PATH',
    noSet: (name: string, because: string) => `${name} fits nowhere here: ${because}`,
    noSetHint: '`dsr1ctl node list` shows what is there; `dsr1ctl fit MODEL --gpu NAME` what it takes',
    nearest: (change: string) => `nearest that fits: ${change}`,
    notByFlags: (name: string) => `no set of GPUs that ${name} fits on is as the flags say`,
    withoutFlags: (tensor: number, pipeline: number, nodes: readonly string[]) =>
      `without them: --tp ${tensor} --pp ${pipeline} --nodes ${nodes.join(',')}; or write a deployment file`,
  },

  plan: {
    describe: 'show what a deploy would do and why, and start nothing',
    scriptFlag: 'also write one runnable shell script per rank into this folder',
    reading: (node: string) =>
      `${node} reads the versions and flags of its engine (once for every installation or image; up to two minutes) …`,
    scriptWritten: (path: string) => `wrote ${path}`,
  },
  deploy: {
    describe: 'plan, ask, start, and watch until the endpoint serves',
    yesFlag: 'do not ask',
    detachFlag: 'return as soon as the coordinator has accepted it',
    question: (nodes: number) => `Start it on ${nodes === 1 ? 'this node' : `these ${nodes} nodes`}?`,
    declined: 'nothing was started',
    detached: (name: string) => `${name} is accepted: \`dsr1ctl status ${name} -w\` to watch it`,
    interrupted: (name: string) =>
      `detached; ${name} goes on. Look again: \`dsr1ctl status ${name} -w\`; end it: \`dsr1ctl stop ${name}\``,
    running: (name: string) => `all ranks of ${name} run; it has no HTTP endpoint`,
    serving: (name: string, url: string, model: string) => `${name} serves model ${model} at ${url}`,
    tryIt: 'try it:',
  },
  access: {
    describe: 'endpoint, model name and a request to try',
    keyFlag: 'print the API key of the endpoint',
    headerFlag: 'print the Authorization header line, for `curl -H @<(…)`',
    noKey: 'none needed',
    hiddenKey: (name: string) => `not shown; \`dsr1ctl access ${name} --key\``,
    labels: { url: 'url', model: 'model', key: 'key' },
  },
  status: {
    describe: 'show one deployment: state, ranks, what it waits for',
    watchFlag: 'keep looking until Ctrl-C',
    rankHeader: ['RANK', 'NODE', 'NODE STATE', 'PHASE', 'TOOK', 'PID', 'DETAIL'],
    labels: {
      state: 'state',
      left: 'left',
      engine: 'engine',
      model: 'model',
      endpoint: 'endpoint',
      transport: 'transport',
      network: 'network',
      attempts: 'relaunches',
      since: 'serving since',
    },
  },
  logs: {
    describe: 'logs of the ranks, all of them unless --rank is given',
    rankFlag: 'only this rank',
    followFlag: 'go on as lines come',
    linesFlag: 'last lines to begin with, per rank',
    noRanks: (name: string) => `${name} has no rank yet, so no log`,
    prefixed: (n: number, line: string) => `[${n}] ${line}`,
  },
  events: {
    describe: 'what happened in the cluster',
    followFlag: 'go on as events come',
    linesFlag: 'last events to begin with',
    afterFlag: 'only events after this sequence number',
    deploymentFlag: 'only events of this deployment',
    nodeFlag: 'only events of this node',
  },
  wait: {
    describe: 'wait until a deployment serves or is stopped, for scripts',
    forFlag: 'state to wait for',
    timeoutFlag: 'give up after this long (90s, 15m, 2h; default: 30m)',
    timedOut: (name: string, goal: string, seconds: number, state: string, message: string) =>
      `${name} is not ${goal} after ${seconds} s; it is ${state}${message === '' ? '' : `: ${message}`}`,
  },
} as const;
