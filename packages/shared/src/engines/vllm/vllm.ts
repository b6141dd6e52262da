/** vLLM over several nodes with its own multiprocessing: `vllm serve` everywhere, `--headless` on ranks > 0. */
import { compileCaches } from '../compile-caches.ts';
import { defectProblems } from '../defects.ts';
import type { Engine, RankContext } from '../engine.ts';
import { fabricSettings, processPlan, type Setting } from '../process-plan.ts';
import { VLLM_DEFECTS } from './defects.ts';
import { vllmPhases } from './phases.ts';
import { VLLM_OWNED_ENV, VLLM_OWNED_FLAGS } from './rules.ts';
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
} from './serve.ts';

const owned = { flags: VLLM_OWNED_FLAGS, env: VLLM_OWNED_ENV };

export const vllm: Engine = {
  kind: 'vllm',
  installName: 'vllm',
  needsModel: true,
  usesGpus: true,
  followerDonePhase: 'graphs',
  /** set_process_title in v1/engine/core.py and v1/executor/multiproc_executor.py. */
  workerTitles: ['VLLM::EngineCore', 'VLLM::Worker'],
  phases: vllmPhases,
  deadlines: VLLM_DEADLINES,
  owned,

  ports: () => [
    { name: 'http', span: 1, use: 'endpoint', on: 'head' },
    { name: 'master', span: 1, use: 'rendezvous', on: 'head' },
  ],

  check: (spec, install) => [
    ...defectProblems(VLLM_DEFECTS, spec, install),
    ...checkVllm(spec, install, owned),
  ],
  defects: VLLM_DEFECTS,
  knowsFlagsOf: (install) => vllmFlags(install) !== null,

  processes: (context) => [
    processPlan({
      id: 'main',
      entry: serveEntry(context),
      entryBecause: 'vllm serve; the api_server module ignores --headless and its followers die',
      flags: [
        ...modelFlags(context),
        ...(context.nodes > 1 ? meetingFlags(context) : []),
        ...(context.rank === 0
          ? servingFlags(context)
          : [{ name: '--headless', because: 'only the head serves HTTP' }]),
      ],
      env: [
        hostIp(context),
        ...fabricSettings(context.fabricEnv, context.fabricEnvReasons),
        ...compileCaches('vllm'),
      ],
      operatorArgs: context.spec.engine.args ?? [],
      operatorEnv: context.spec.engine.env ?? {},
    }),
  ],

  files: ({ rank }) => (rank === 0 ? [KEY_FILE] : []),

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

  health: vllmHealth,
};

const meetingFlags = ({ nodes, rank, head, headPorts }: RankContext): readonly Setting[] => [
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
