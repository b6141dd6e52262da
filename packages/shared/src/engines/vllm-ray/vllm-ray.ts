/**
 * vLLM on a Ray cluster of its own: `ray start` on every node, and one `vllm serve` on the head once all of them are in.
 * For setups that need Ray; `vllm` does the same with fewer parts.
 */
import { compileCaches } from '../compile-caches.ts';
import { defectProblems } from '../defects.ts';
import type { Engine, EngineProblem, RankContext } from '../engine.ts';
import { phaseReader } from '../phase-patterns.ts';
import { fabricSettings, processPlan, type Setting } from '../process-plan.ts';
import { VLLM_RAY_DEFECTS } from '../vllm/defects.ts';
import { VLLM_PHASES } from '../vllm/phases.ts';
import { VLLM_RAY_OWNED_ENV, VLLM_RAY_OWNED_FLAGS } from '../vllm/rules.ts';
import {
  checkVllm,
  hostIp,
  KEY_FILE,
  modelFlags,
  serveEntry,
  servingFlags,
  VLLM_DEADLINES,
  vllmFlags,
  vllmHealth,
  vllmScript,
} from '../vllm/serve.ts';
import { LAUNCHER_FILE } from './launcher.ts';
import { gcsAddress, nodePorts, RAY_PORTS, rayStartFlags, workerPorts } from './ray-node.ts';

const owned = { flags: VLLM_RAY_OWNED_FLAGS, env: VLLM_RAY_OWNED_ENV };

export const vllmRay: Engine = {
  kind: 'vllm-ray',
  installName: 'vllm',
  needsModel: true,
  usesGpus: true,
  /** A Ray node of rank > 0 prints no more than that it runs: what its workers say comes out at the head. */
  followerDonePhase: 'rendezvous',
  /** Ray watches its own workers. */
  workerTitles: ['VLLM::EngineCore'],
  phases: phaseReader([
    {
      pattern: /^launcher: (\d+ of \d+) Ray nodes are in/,
      phase: 'rendezvous',
      detail: '$1 Ray nodes are in',
    },
    { pattern: /\bRay runtime started/, phase: 'rendezvous', detail: 'the Ray node runs' },
    ...VLLM_PHASES,
  ]),
  deadlines: VLLM_DEADLINES,
  owned,

  ports: () => [{ name: 'http', span: 1, use: 'endpoint', on: 'head' }, ...RAY_PORTS],

  check: (spec, install) => [
    ...(install !== null && install.ray === null ? [noRay(install.python)] : []),
    ...defectProblems(VLLM_RAY_DEFECTS, spec, install),
    ...checkVllm(spec, install, owned),
  ],
  defects: VLLM_RAY_DEFECTS,
  knowsFlagsOf: (install) => vllmFlags(install) !== null,

  processes(context) {
    const { rank, spec } = context;
    const start = [...launcher(context), vllmScript(context, 'ray'), 'start'];
    const node = { id: 'main', entry: start, operatorEnv: spec.engine.env ?? {} };
    if (rank > 0)
      return [
        processPlan({
          ...node,
          entryBecause: "ray start, once the head's control store listens",
          flags: rayStartFlags(context),
          env: [...rankEnv(context), ...HOOK],
          operatorArgs: [],
        }),
      ];
    return [
      processPlan({
        ...node,
        entryBecause: 'ray start, and beside it what follows --',
        flags: [...rayStartFlags(context), ...serve(context)].map(portOfBoth),
        env: [...rankEnv(context), ...HOOK, ...driverEnv(context)],
        operatorArgs: spec.engine.args ?? [],
      }),
    ];
  },

  files: (context) => [
    LAUNCHER_FILE,
    TOKEN_FILE,
    ...(context.rank === 0 ? [KEY_FILE, staysPerNode(context)] : []),
  ],

  portPlans(context) {
    const { rank, address, ports } = context;
    // Ray listens on every interface.
    const everywhere = (name: string, port: number) => ({ name, address: '0.0.0.0', port });
    return [
      ...(rank === 0
        ? [{ name: 'http', address, port: ports.http ?? 0 }, everywhere('gcs', ports.gcs ?? 0)]
        : []),
      ...nodePorts(context).map((port) => everywhere('ray', port)),
      ...workerPorts(context).map((port) => everywhere('ray-workers', port)),
    ];
  },

  randomPorts: ({ address }) =>
    `about 15 TCP ports of the ephemeral range on ${address} (torch's TCPStore, Gloo, ZeroMQ, NCCL bootstrap): open that range between the nodes, both ways, and to nobody else`,

  health: vllmHealth,
};

const launcher = (context: RankContext): readonly string[] => [
  context.install?.python ?? context.spec.engine.python ?? 'python3',
  '{runDir}/launcher.py',
  gcsAddress(context),
  context.rank === 0 ? String(context.nodes) : '0',
];

const serve = (context: RankContext): readonly Setting[] => [
  { name: '--', because: 'once every Ray node is in:' },
  ...serveEntry(context).map((name) => ({ name, because: 'vllm serve' })),
  ...modelFlags(context),
  {
    name: '--distributed-executor-backend',
    value: 'ray',
    because: 'workers are actors on the Ray nodes',
  },
  ...servingFlags(context),
];

/** The one flag that both commands have; reasons go by name. */
const portOfBoth = (setting: Setting): Setting =>
  setting.name === '--port'
    ? {
        ...setting,
        because: "Ray's control store, fresh for this attempt; then the endpoint, kept over attempts",
      }
    : setting;

/** Actors inherit these from the `ray start` of their node. */
const rankEnv = (context: RankContext): readonly Setting[] => [
  hostIp(context),
  {
    name: 'RAY_AUTH_MODE',
    value: 'token',
    because:
      'who reaches a port of Ray must show the secret of this attempt (Ray 2.52; older ones ask nobody)',
  },
  {
    name: 'RAY_AUTH_TOKEN_PATH',
    value: `{runDir}/${TOKEN_FILE.name}`,
    because: 'that secret, in a file that only this rank reads',
  },
  ...fabricSettings(context.fabricEnv, context.fabricEnvReasons),
  ...compileCaches('vllm'),
];

const HOOK: readonly Setting[] = [
  {
    name: 'RAY_START_HOOK',
    value: 'launcher.settle',
    because:
      'what ray start has no flag for: short socket paths, no server for remote clients, no autoscaler',
  },
  { name: 'PYTHONPATH', value: '{runDir}', because: 'where RAY_START_HOOK is found' },
];

const driverEnv = (context: RankContext): readonly Setting[] => [
  { name: 'RAY_ADDRESS', value: gcsAddress(context), because: 'the Ray cluster of this attempt' },
  {
    name: 'VLLM_CONFIG_ROOT',
    value: '{runDir}',
    because: `where ${STAYS_FILE} is looked for`,
  },
  { name: 'RAY_COLOR_PREFIX', value: '0', because: "plain text before the workers' lines" },
  { name: 'RAY_DEDUP_LOGS', value: '0', because: "workers' lines come at once, not in bunches" },
];

const TOKEN_FILE = { name: 'ray-token', content: '{gangKey}\n' };
const STAYS_FILE = 'ray_non_carry_over_env_vars.json';

/**
 * vLLM copies the driver's environment to every worker (all of it since RayExecutorV2, NCCL_*, VLLM_* and more before;
 * vllm/ray/ray_env.py), where it would replace what the plan chose for that node.
 */
const staysPerNode = ({ fabricEnv }: RankContext) => ({
  name: STAYS_FILE,
  content: `${JSON.stringify([...OF_A_RANK, ...Object.keys(fabricEnv)])}\n`,
});

/** DSR1_… is how the agent knows the processes of a run. */
const OF_A_RANK = [
  'DSR1_RUN_ID',
  'DSR1_PROCESS_ID',
  'PYTHONPATH',
  'RAY_AUTH_TOKEN_PATH',
  'VLLM_CONFIG_ROOT',
  'VLLM_HOST_IP',
  ...compileCaches('vllm').map(({ name }) => name),
];

const noRay = (python: string): EngineProblem => ({
  category: 'ray-missing',
  because: `${python} has vLLM but no Ray`,
  fix: 'install ray there, name another environment with engine.python, or use engine.kind vllm, which needs no Ray',
});
