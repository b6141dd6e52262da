/**
 * The built-in engine that proves a gang's network before a model is loaded: its ranks meet over the planned interfaces
 * and ports, exchange data both ways over the control addresses and every rail, and the head answers OpenAI requests
 * with the ranks that took part. It is no model and never says it is.
 */
import { hostPort } from '../address-text.ts';
import type { Engine, RankContext } from '../engine.ts';
import { checkEnvironment } from '../environment.ts';
import { phaseReader } from '../phase-patterns.ts';
import { fabricSettings, processPlan, type Setting } from '../process-plan.ts';

export const rehearsal: Engine = {
  kind: 'rehearsal',
  installName: null,
  needsModel: false,
  usesGpus: false,
  followerDonePhase: 'graphs',
  workerTitles: [],
  phases: phaseReader([
    { pattern: /^rehearsal: rendezvous: (.*)/, phase: 'rendezvous', detail: '$1' },
    { pattern: /^rehearsal: rendezvous complete/, phase: 'weights', detail: 'exchanges data' },
    { pattern: /^rehearsal: exchange: (.*)/, phase: 'weights', detail: '$1' },
    {
      pattern: /^rehearsal: exchange complete/,
      phase: 'graphs',
      detail: 'every pair of ranks exchanged data',
      progress: 1,
    },
    { pattern: /^rehearsal: rank \d+ holds/, phase: 'graphs', progress: 1 },
    { pattern: /^rehearsal: listening on (\S+)/, phase: 'listening', detail: 'opens $1' },
    { pattern: /^rehearsal: serving/, phase: 'serving' },
  ]),
  deadlines: {
    rendezvousSeconds: 60,
    weightsSeconds: 60,
    graphsSeconds: 30,
    listeningSeconds: 30,
    servingSeconds: 30,
  },
  owned: { flags: {}, env: {} },

  ports: () => [
    { name: 'http', span: 1, use: 'endpoint', on: 'head' },
    { name: 'rendezvous', span: 1, use: 'rendezvous', on: 'head' },
    { name: 'data', span: 1, use: 'rendezvous', on: 'every-rank' },
  ],

  check: (spec) => [
    ...(spec.engine.args ?? []).map((argument) => ({
      category: 'bad-flag',
      because: `the rehearsal takes no arguments, found ${argument}`,
      fix: 'remove engine.args',
    })),
    ...(spec.engine.image === undefined
      ? []
      : [
          {
            category: 'image',
            because: 'the rehearsal is the agent itself, which no image holds',
            fix: 'remove engine.image',
          },
        ]),
    ...checkEnvironment(spec.engine.env ?? {}, {}),
  ],
  defects: [],
  knowsFlagsOf: () => true,

  processes: (context) => [
    processPlan({
      id: 'main',
      entry: [...context.agentCommand, 'rehearse-rank'],
      entryBecause: "the node's own agent program: nothing needs to be installed",
      flags: flags(context),
      env: fabricSettings(context.fabricEnv, context.fabricEnvReasons),
      operatorArgs: [],
      operatorEnv: context.spec.engine.env ?? {},
    }),
  ],

  files: ({ rank }) => (rank === 0 ? [{ name: 'engine.json', content: '{"apiKey":"{apiKey}"}\n' }] : []),

  portPlans: ({ rank, address, ports, rails }) => [
    ...(rank === 0
      ? [
          { name: 'http', address, port: ports.http ?? 0 },
          { name: 'rendezvous', address, port: ports.rendezvous ?? 0 },
        ]
      : []),
    { name: 'data', address, port: ports.data ?? 0 },
    ...rails.map((rail) => ({ name: `data-${rail.device}`, address: rail.address, port: ports.data ?? 0 })),
  ],
  randomPorts: () => null,

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
  rank,
  nodes,
  address,
  controlInterface,
  head,
  headPorts,
  ports,
  rails,
  servedName,
}: RankContext): Setting[] {
  return [
    {
      name: '--rank',
      value: String(rank),
      because: rank === 0 ? 'the head' : 'rank of this node, kept over restarts',
    },
    { name: '--nodes', value: String(nodes), because: 'nodes of the gang' },
    { name: '--address', value: address, because: "this node's own control address" },
    ...(controlInterface === null
      ? []
      : [
          {
            name: '--interface',
            value: controlInterface,
            because: 'the control interface that engines would use',
          },
        ]),
    {
      name: '--rendezvous',
      value: hostPort(head.address, headPorts.rendezvous ?? 0),
      because: 'where ranks meet, a port of this attempt',
    },
    {
      name: '--data-port',
      value: String(ports.data ?? 0),
      because: 'data goes both ways between every pair of ranks',
    },
    ...(rails.length === 0
      ? []
      : [
          {
            name: '--rails',
            value: JSON.stringify(rails),
            because: 'every rail of the plan carries data; ranks tell each other theirs at the rendezvous',
          },
        ]),
    ...(rank === 0
      ? [
          {
            name: '--http',
            value: hostPort(address, ports.http ?? 0),
            because: 'the endpoint, on the control address alone',
          },
          { name: '--served-name', value: servedName, because: 'name that clients ask for' },
          {
            name: '--config',
            value: '{runDir}/engine.json',
            because: 'the generated API key, which must not be in argv',
          },
        ]
      : []),
  ];
}
