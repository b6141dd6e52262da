/** vLLM over several nodes with its own multiprocessing: `vllm serve` everywhere, `--headless` on ranks > 0. */
import { hostPort } from '../address-text.ts';
import { checkArguments } from '../arguments.ts';
import type { Engine, EngineProblem, RankContext } from '../engine.ts';
import { checkEnvironment } from '../environment.ts';
import { type FlagTable, flagTable } from '../flag-table.ts';
import { consoleScript, fabricSettings, processPlan, type Setting } from '../process-plan.ts';
import { atLeast, release } from '../versions.ts';
import { VLLM_0_32_0 } from './flags-0-32-0.ts';
import { vllmPhases } from './phases.ts';
import { VLLM_OWNED_ENV, VLLM_OWNED_FLAGS, VLLM_REPLACED_FLAGS } from './rules.ts';

/** From here on `--nnodes` spans nodes without Ray (vLLM pull request 23691). */
const MULTI_NODE_SINCE = '0.12.0';

export const vllm: Engine = {
  kind: 'vllm',
  installName: 'vllm',
  needsModel: true,
  usesGpus: true,
  followerDonePhase: 'graphs',
  phases: vllmPhases,
  deadlines: {
    rendezvousSeconds: 600,
    weightsSeconds: 3600,
    graphsSeconds: 1800,
    listeningSeconds: 300,
    servingSeconds: 300,
  },
  owned: { flags: VLLM_OWNED_FLAGS, env: VLLM_OWNED_ENV },

  ports: () => [
    { name: 'http', span: 1, use: 'endpoint', on: 'head' },
    { name: 'master', span: 1, use: 'rendezvous', on: 'head' },
  ],

  check(spec, install) {
    const version = install?.version ?? null;
    return [
      ...tooOld(version),
      ...checkArguments(spec.engine.args ?? [], {
        owned: VLLM_OWNED_FLAGS,
        replaced: VLLM_REPLACED_FLAGS,
        table: version === null ? null : tableOf(version),
        flexibleNames: true,
        version: `vLLM ${version ?? '(unknown version)'}`,
      }),
      ...checkEnvironment(spec.engine.env ?? {}, VLLM_OWNED_ENV),
    ];
  },
  knowsFlagsOf: (version) => tableOf(version) !== null,

  processes: (context) => [
    processPlan({
      id: 'main',
      entry: [
        consoleScript(context.install?.python ?? context.spec.engine.python ?? null, 'vllm'),
        'serve',
        context.modelPath ?? '',
      ],
      entryBecause: 'vllm serve; the api_server module ignores --headless and its followers die',
      flags: flags(context),
      env: [
        {
          name: 'VLLM_HOST_IP',
          value: context.address,
          because: "this node's own address: otherwise vLLM takes that of the default route",
        },
        ...fabricSettings(context.fabricEnv, context.fabricEnvReasons),
      ],
      operatorArgs: context.spec.engine.args ?? [],
      operatorEnv: context.spec.engine.env ?? {},
    }),
  ],

  files: ({ rank }) => (rank === 0 ? [{ name: 'engine.yaml', content: 'api-key: "{apiKey}"\n' }] : []),

  portPlans({ rank, nodes, address, ports }) {
    if (rank > 0) return [];
    const http = { name: 'http', address, port: ports.http ?? 0 };
    // torch's TCPStore listens on every interface.
    const store = { name: 'master', address: '0.0.0.0', port: ports.master ?? 0 };
    return nodes === 1 ? [http] : [http, store];
  },

  randomPorts: ({ address, rank, nodes }) =>
    nodes === 1
      ? 'about 15 TCP ports of the ephemeral range, for this node alone'
      : `about ${rank === 0 ? 15 : 14} TCP ports of the ephemeral range on ${address} (Gloo, ZeroMQ, NCCL bootstrap): open that range between the nodes, both ways`,

  health: ({ rank, address, ports }) =>
    rank > 0
      ? null
      : {
          url: `http://${hostPort(address, ports.http ?? 0)}`,
          timeoutSeconds: 5,
          healthPath: '/health',
          modelsPath: '/v1/models',
        },
};

function flags({
  spec,
  rank,
  nodes,
  tensor,
  pipeline,
  servedName,
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
    { name: '--master-addr', value: head.address, because: "the head's control address" },
    {
      name: '--master-port',
      value: String(headPorts.master ?? 0),
      because: 'a port of this attempt, outside the ephemeral range',
    },
  ];
  const serving: Setting[] = [
    { name: '--host', value: address, because: 'listens on the control address alone' },
    { name: '--port', value: String(ports.http ?? 0), because: 'kept over attempts' },
    {
      name: '--config',
      value: '{runDir}/engine.yaml',
      because: 'the generated API key, which must not be in argv',
    },
  ];
  return [
    {
      name: '--served-model-name',
      value: servedName,
      because: spec.model?.servedName === undefined ? 'name of the deployment' : 'model.servedName',
    },
    {
      name: '--tensor-parallel-size',
      value: String(tensor),
      because: spec.parallelism?.tensor === undefined ? 'all devices of the gang' : 'parallelism.tensor',
    },
    ...(pipeline > 1
      ? [{ name: '--pipeline-parallel-size', value: String(pipeline), because: 'parallelism.pipeline' }]
      : []),
    ...(nodes > 1 ? several : []),
    ...(rank === 0 ? serving : [{ name: '--headless', because: 'only the head serves HTTP' }]),
  ];
}

const tooOld = (version: string | null): readonly EngineProblem[] =>
  version === null || atLeast(version, MULTI_NODE_SINCE)
    ? []
    : [
        {
          category: 'engine-version',
          because: `vLLM ${version} cannot span nodes by itself (--nnodes came with ${MULTI_NODE_SINCE})`,
          fix: `install vLLM ${MULTI_NODE_SINCE} or later`,
        },
      ];

const tableOf = (version: string): FlagTable | null =>
  /^0\.32\.\d+(\.post\d+)?$/.test(release(version)) ? flagTable('0.32.0', VLLM_0_32_0) : null;
