/** People's own launchers: an argv template, run once on every node. */

import type { DeploymentSpec } from '../../spec/deployment.ts';
import { hostPort } from '../address-text.ts';
import { compileCaches } from '../compile-caches.ts';
import type { Engine, EngineProblem, RankContext } from '../engine.ts';
import { checkEnvironment } from '../environment.ts';
import { phaseReader } from '../phase-patterns.ts';
import { fabricSettings, processPlan } from '../process-plan.ts';

export const command: Engine = {
  kind: 'command',
  installName: null,
  needsModel: false,
  usesGpus: true,
  /** Nothing is known of its log: a rank counts as started when its process runs; the head's endpoint says the rest. */
  followerDonePhase: 'starting',
  workerTitles: [],
  phases: phaseReader([]),
  deadlines: {
    rendezvousSeconds: 3600,
    weightsSeconds: 3600,
    graphsSeconds: 3600,
    listeningSeconds: 3600,
    servingSeconds: 3600,
  },
  owned: { flags: {}, env: {} },

  ports: (spec) => [
    ...(servesHttp(spec) ? [{ name: 'http', span: 1, use: 'endpoint', on: 'head' } as const] : []),
    { name: 'rendezvous', span: 1, use: 'rendezvous', on: 'head' },
  ],

  check: (spec) => [...templateProblems(spec), ...checkEnvironment(spec.engine.env ?? {}, {})],
  defects: [],
  knowsFlagsOf: () => true,

  processes(context) {
    const values = placeholders(context);
    const [program = '', ...rest] = (context.spec.engine.command ?? []).map((word) => fill(word, values));
    return [
      processPlan({
        id: 'main',
        entry: [program, ...rest],
        entryBecause: 'engine.command with its placeholders filled',
        flags: [],
        env: [...fabricSettings(context.fabricEnv, context.fabricEnvReasons), ...compileCaches(null)],
        operatorArgs: context.spec.engine.args ?? [],
        operatorEnv: context.spec.engine.env ?? {},
      }),
    ];
  },

  files: () => [],
  portPlans: ({ rank, head, address, ports }) =>
    rank > 0
      ? []
      : Object.entries(ports).map(([name, port]) => ({
          name,
          address: name === 'http' ? address : head.address,
          port,
        })),
  randomPorts: () => 'unknown: dsr1 does not know this program',

  health: ({ spec, rank, address, ports }) =>
    rank > 0 || !servesHttp(spec)
      ? null
      : {
          url: `http://${hostPort(address, ports.http ?? 0)}`,
          timeoutSeconds: 10,
          healthPath: '/v1/models',
          modelsPath: '/v1/models',
        },
};

const placeholders = (context: RankContext): Readonly<Record<string, string>> => ({
  rank: String(context.rank),
  nodes: String(context.nodes),
  world: String(context.nodes * Math.max(context.gpusPerNode, 1)),
  gpus: String(context.gpusPerNode),
  head: context.head.address,
  port: String(context.headPorts.rendezvous ?? ''),
  endpointPort: String(context.headPorts.http ?? ''),
  address: context.address,
  interface: context.controlInterface ?? '',
  model: context.modelPath ?? '',
});

const NAMES = [
  'rank',
  'nodes',
  'world',
  'gpus',
  'head',
  'port',
  'endpointPort',
  'address',
  'interface',
  'model',
  'runDir',
];
/** A placeholder is a name alone in braces, so JSON in an argument stays as it is. */
const PLACEHOLDER = /\{([A-Za-z]+)\}/g;

const fill = (word: string, values: Readonly<Record<string, string>>) =>
  word.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? '') : whole,
  );

/** A template that names `{endpointPort}` promises an OpenAI endpoint there on the head. */
const servesHttp = (spec: DeploymentSpec) =>
  (spec.engine.command ?? []).some((word) => word.includes('{endpointPort}'));

function templateProblems(spec: DeploymentSpec): readonly EngineProblem[] {
  const words = spec.engine.command ?? [];
  const unknown = [
    ...new Set(words.flatMap((word) => [...word.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ''))),
  ].filter((name) => !NAMES.includes(name));
  const needsModel = words.some((word) => word.includes('{model}')) && spec.model === undefined;
  return [
    ...unknown.map((name) => ({
      category: 'placeholder',
      because: `engine.command has {${name}}, which is no placeholder`,
      fix: `use one of ${NAMES.map((known) => `{${known}}`).join(' ')}`,
    })),
    ...(needsModel
      ? [
          {
            category: 'placeholder',
            because: 'engine.command has {model}, and model.path is not set',
            fix: 'set model.path',
          },
        ]
      : []),
    ...(words[0]?.startsWith('/') === false
      ? [
          {
            category: 'placeholder',
            because: `engine.command starts with ${words[0]}, which is not an absolute path`,
            fix: 'give the absolute path of the program',
          },
        ]
      : []),
  ];
}
