/** SGLang over several nodes: one process a node, the same command everywhere but for rank and addresses. */
import type { EngineInstall } from '../../facts/node.ts';
import type { DeploymentSpec } from '../../spec/deployment.ts';
import { hostPort } from '../address-text.ts';
import { checkArguments } from '../arguments.ts';
import { compileCaches } from '../compile-caches.ts';
import { defectProblems } from '../defects.ts';
import type { Engine, EngineProblem, PortRequest, RankContext } from '../engine.ts';
import { checkEnvironment } from '../environment.ts';
import { type FlagTable, flagsOf, flagTable } from '../flag-table.ts';
import { GATE_PORT } from '../gate.ts';
import { consoleScript, fabricSettings, processPlan, type Setting } from '../process-plan.ts';
import { atLeast, release } from '../versions.ts';
import { SGLANG_DEFECTS } from './defects.ts';
import { SGLANG_0_5_17 } from './flags-0-5-17.ts';
import { SGLANG_0_5_23 } from './flags-0-5-23.ts';
import { sglangPhases } from './phases.ts';
import { SGLANG_OWNED_ENV, SGLANG_OWNED_FLAGS, SGLANG_REPLACED_FLAGS } from './rules.ts';

/** From here on `sglang serve` is there and `python -m sglang.launch_server` warns. */
const SERVE_SINCE = '0.5.17';
/** DP attention listens on the rendezvous port + 1 … + 6 of the head (server_args.py, PortArgs). */
const DP_ATTENTION_SPAN = 7;

export const sglang: Engine = {
  kind: 'sglang',
  installName: 'sglang',
  needsModel: true,
  usesGpus: true,
  followerDonePhase: 'listening',
  /** setproctitle in managers/{scheduler,detokenizer_manager,data_parallel_controller}.py. */
  workerTitles: ['sglang::scheduler', 'sglang::detokenizer', 'sglang::data_parallel_controller'],
  phases: sglangPhases,
  deadlines: {
    rendezvousSeconds: 600,
    weightsSeconds: 3600,
    graphsSeconds: 1800,
    listeningSeconds: 900,
    servingSeconds: 300,
  },
  owned: { flags: SGLANG_OWNED_FLAGS, env: SGLANG_OWNED_ENV },

  ports: ({ engine }) => [
    { name: 'http', span: 1, use: 'endpoint', on: 'every-rank' },
    {
      name: 'dist-init',
      span: hasDpAttention(engine) ? DP_ATTENTION_SPAN : 1,
      use: 'rendezvous',
      on: 'head',
    },
    ...(engine.gated === true ? [GATE] : []),
  ],

  check(spec, install) {
    return [
      ...defectProblems(SGLANG_DEFECTS, spec, install),
      ...gateProblems(spec, install),
      ...replicaProblems(spec),
      ...checkArguments(spec.engine.args ?? [], {
        owned: SGLANG_OWNED_FLAGS,
        replaced: SGLANG_REPLACED_FLAGS,
        table: install === null ? null : tableOf(install),
        flexibleNames: false,
        version: `SGLang ${install?.version ?? '(unknown version)'}`,
      }),
      ...checkEnvironment(spec.engine.env ?? {}, SGLANG_OWNED_ENV),
    ];
  },
  defects: SGLANG_DEFECTS,
  knowsFlagsOf: (install) => tableOf(install) !== null,

  processes: (context) => [
    processPlan({
      id: 'main',
      ...entry(context),
      flags: flags(context),
      env: [
        {
          name: 'SGLANG_HOST_IP',
          value: context.address,
          because: "this node's own address, not the head's: its message queue binds and advertises it",
        },
        ...fabricSettings(context.fabricEnv, context.fabricEnvReasons),
        ...compileCaches('sglang'),
      ],
      operatorArgs: context.spec.engine.args ?? [],
      operatorEnv: context.spec.engine.env ?? {},
    }),
  ],

  files: ({ rank }) => (rank === 0 ? [{ name: 'engine.yaml', content: 'api-key: "{apiKey}"\n' }] : []),

  portPlans({ spec, rank, nodes, address, ports }) {
    const http = { name: 'http', address, port: ports.http ?? 0 };
    if (rank > 0) return [http];
    const gate =
      spec.engine.gated === true ? [{ name: GATE_PORT, address, port: ports[GATE_PORT] ?? 0 }] : [];
    if (!meets(spec, nodes)) return [http, ...gate];
    const span = this.ports(spec).find(({ name }) => name === 'dist-init')?.span ?? 1;
    const first = ports['dist-init'] ?? 0;
    const store = { name: 'dist-init', address: '0.0.0.0', port: first };
    const further = Array.from({ length: span - 1 }, (_, i) => ({
      name: `dp-attention-${i + 1}`,
      address,
      port: first + i + 1,
    }));
    return [http, store, ...further, ...gate];
  },

  randomPorts: ({ address, nodes }) =>
    nodes === 1
      ? 'about 16 TCP ports of the ephemeral range, for this node alone'
      : `about 16 TCP ports of the ephemeral range on ${address} (Gloo, ZeroMQ, NCCL bootstrap): open that range between the nodes, both ways`,

  /** A healthy SGLang answers after 1 s (it generates a token), a silent scheduler gives 503 after 20 s. */
  health: ({ rank, address, ports }) =>
    rank > 0
      ? null
      : {
          url: `http://${hostPort(address, ports.http ?? 0)}`,
          timeoutSeconds: 25,
          healthPath: '/health_generate',
          modelsPath: '/v1/models',
        },
};

/** `--attn-dp-size N`, until 0.5.17 a switch beside `--dp-size N` (arg_groups/parallel_hook.py); argparse takes the first letters, too. */
const hasDpAttention = ({ args = [] }: DeploymentSpec['engine']): boolean =>
  args.some((word) => /^--(?:enable-dp-attention$|attn-d|attention-d)/.test(word));

/** DP attention of one node alone would derive its ports from the HTTP port + 233. */
const meets = ({ engine }: DeploymentSpec, nodes: number): boolean => nodes > 1 || hasDpAttention(engine);

function replicaProblems({ engine }: DeploymentSpec): readonly EngineProblem[] {
  const flag = engine.args?.find((word) => /^--(?:dp|dp-size|data-parallel-size)(?:=|$)/.test(word));
  if (flag === undefined || hasDpAttention(engine)) return [];
  return [
    {
      category: 'flag-owned',
      because: `engine.args sets ${flag}, which is for several replicas in one deployment`,
      fix: 'deploy it once for each replica; for DP attention write --attn-dp-size N (until 0.5.17: --dp-size N --enable-dp-attention)',
    },
  ];
}

const GATE: PortRequest = { name: GATE_PORT, span: 1, use: 'rendezvous', on: 'head' };
const GATE_FLAG = '--gated-launch-port';

function gateProblems({ engine }: DeploymentSpec, install: EngineInstall | null): readonly EngineProblem[] {
  const table = install === null ? null : tableOf(install);
  if (engine.gated !== true || table === null || table.names.has(GATE_FLAG)) return [];
  return [
    {
      category: 'bad-flag',
      because: `SGLang ${install?.version} has no ${GATE_FLAG}, which engine.gated needs`,
      fix: 'leave engine.gated out, or install a version with a gate: 0.5.23 has one',
    },
  ];
}

function flags({
  spec,
  rank,
  nodes,
  tensor,
  pipeline,
  servedName,
  modelPath,
  head,
  address,
  ports,
  headPorts,
}: RankContext): Setting[] {
  const several: Setting[] = [
    { name: '--nnodes', value: String(nodes), because: 'nodes of the gang' },
    {
      name: '--node-rank',
      value: String(rank),
      because: rank === 0 ? 'the head' : 'rank of this node, kept over restarts',
    },
    {
      name: '--dist-init-addr',
      value: hostPort(head.address, headPorts['dist-init'] ?? 0),
      because: "the head's control address and a port of this attempt, outside the ephemeral range",
    },
  ];
  return [
    { name: '--model-path', value: modelPath ?? '', because: 'model.path' },
    {
      name: '--served-model-name',
      value: servedName,
      because: spec.model?.servedName === undefined ? 'name of the deployment' : 'model.servedName',
    },
    {
      name: '--tp-size',
      value: String(tensor),
      because: spec.parallelism?.tensor === undefined ? 'all devices of the gang' : 'parallelism.tensor',
    },
    ...(pipeline > 1
      ? [{ name: '--pp-size', value: String(pipeline), because: 'parallelism.pipeline' }]
      : []),
    ...(meets(spec, nodes) ? several : []),
    ...(spec.engine.gated === true
      ? [
          {
            name: GATE_FLAG,
            value: String(headPorts[GATE_PORT] ?? 0),
            because: 'engine.gated: no GPU memory is claimed before the gate is opened there, on the head',
          },
        ]
      : []),
    {
      name: '--host',
      value: address,
      because:
        rank === 0
          ? 'listens on the control address alone'
          : 'health answer of this rank, on the control address alone',
    },
    { name: '--port', value: String(ports.http ?? 0), because: 'kept over attempts' },
    ...(rank === 0
      ? [
          {
            name: '--config',
            value: '{runDir}/engine.yaml',
            because: 'the generated API key, which must not be in argv',
          },
        ]
      : []),
  ];
}

function entry({ install, spec }: RankContext) {
  const python = install?.python ?? spec.engine.python ?? null;
  if (install !== null && !atLeast(install.version, SERVE_SINCE))
    return {
      entry: [install.python, '-m', 'sglang.launch_server'],
      entryBecause: `entry point of SGLang ${install.version}`,
    };
  return {
    entry: [consoleScript(python, 'sglang'), 'serve'],
    entryBecause: `entry point of SGLang ${install?.version ?? ''} (python -m sglang.launch_server warns since ${SERVE_SINCE})`,
  };
}

const tableOf = (install: EngineInstall): FlagTable | null => flagsOf(install, shippedFlags);

function shippedFlags(version: string): FlagTable | null {
  const [base = ''] = release(version).split('.post');
  const words = Object.hasOwn(FLAGS, base) ? FLAGS[base] : undefined;
  return words === undefined ? null : flagTable(base, words);
}

const FLAGS: Readonly<Record<string, string>> = { '0.5.17': SGLANG_0_5_17, '0.5.23': SGLANG_0_5_23 };
