/**
 * Spec + facts → LaunchPlan, or who was refused and why. Pure: the same input gives the same plan.
 */
import type { Engine, RankContext } from '@dsr1/shared/engines/engine';
import { GATE_PORT } from '@dsr1/shared/engines/gate';
import { engineOf } from '@dsr1/shared/engines/registry';
import { checkEnds } from '@dsr1/shared/fabric/check/ends';
import type { FabricSelection, NodeFabric } from '@dsr1/shared/fabric/model';
import type { LaunchPlan, PlanResult, Rejection } from '@dsr1/shared/plan/model';
import { chooseNodes, type NodeChoice } from './choose-nodes.ts';
import { gpusFor } from './eligibility.ts';
import { gangFabric, gangViews } from './fabric.ts';
import { hostProblems } from './host-problems.ts';
import { imageProblems } from './image.ts';
import type { PlanInput } from './input.ts';
import { disagreement, installOf } from './installs.ts';
import { grantPorts, type PortGrants } from './ports.ts';
import { rankPlan } from './rank-plan.ts';
import { stillReading } from './readings.ts';
import { planReasons, planWarnings } from './reasons.ts';
import { type World, worldOf } from './world.ts';

export function plan(input: PlanInput): PlanResult {
  const { spec } = input;
  const engine = engineOf(spec.engine.kind);
  const choice = chooseNodes(input, engine);
  if ('rejections' in choice) return refused([...withoutNode(engine, input), ...choice.rejections]);
  const { gang, leftOut } = choice;
  const installs = gang.map((node) => installOf(spec, engine, node));
  const gpus = gang.map((node) => gpusFor(node, spec, engine));
  const early = [
    ...stillReading(gang),
    ...problemsOf(engine, input, installs[0] ?? null),
    ...disagreement(engine, gang, installs),
    ...imageProblems(spec),
    ...unequal(choice, gpus),
  ];
  if (early.length > 0) return refused(early);
  const world = worldOf(spec, engine, gang.length, gpus[0]?.length ?? 0);
  const fabric = gangFabric(spec, engine, gang, gpus[0]?.length ?? 0, installs[0] ?? null);
  const ports = grantPorts(engine.ports(spec), gang, input);
  if ('rejections' in world || 'rejections' in fabric || 'rejections' in ports)
    return refused([world, fabric, ports].flatMap((part) => ('rejections' in part ? part.rejections : [])));
  const launch = assemble({ input, engine, choice, installs, gpus, world, fabric, ports });
  const hosts = launch.ranks.flatMap((rank, i) => (gang[i] === undefined ? [] : hostProblems(rank, gang[i])));
  return hosts.length > 0 ? refused(hosts) : { feasible: true, plan: launch, leftOut: [...leftOut] };
}

export interface PlanParts {
  readonly input: PlanInput;
  readonly engine: Engine;
  readonly choice: NodeChoice;
  readonly installs: readonly ReturnType<typeof installOf>[];
  readonly gpus: readonly (readonly number[])[];
  readonly world: { readonly world: World; readonly reason: LaunchPlan['reasons'][number] };
  readonly fabric: FabricSelection;
  readonly ports: PortGrants;
}

function assemble(parts: PlanParts): LaunchPlan {
  const { input, engine, choice, installs, gpus, world, fabric, ports } = parts;
  const { spec } = input;
  const servedName = spec.model?.servedName ?? spec.name;
  const addresses = fabric.nodes.map(({ address }) => address ?? '');
  const headPorts = ports.byRank[0] ?? {};
  const head = addresses[0] ?? '';
  const showsTransport = choice.gang.length > 1 && world.world.gpusPerNode > 0;
  const ranks = choice.gang.flatMap((node, rank) => {
    const own = fabric.nodes[rank];
    if (own === undefined) return [];
    const context: RankContext = {
      ...world.world,
      spec,
      rank,
      servedName,
      modelPath: spec.model?.path ?? null,
      head: { address: head },
      address: addresses[rank] ?? '',
      controlInterface: own.controlInterface,
      fabricEnv: { ...own.env, ...(showsTransport ? { NCCL_DEBUG: 'INFO' } : {}) },
      fabricEnvReasons: { ...own.envReasons, NCCL_DEBUG: 'the log then says which network was really taken' },
      install: installs[rank] ?? null,
      ports: ports.byRank[rank] ?? {},
      headPorts,
      addresses,
      agentCommand: node.facts.agentCommand,
      rails: railsOf(own),
    };
    const rdma = fabric.transport !== 'tcp' && own.hcas.length > 0;
    return [
      rankPlan({
        engine,
        node,
        fabric: own,
        install: installs[rank] ?? null,
        gpus: gpus[rank] ?? [],
        context,
        rdma,
      }),
    ];
  });
  const url = ranks[0]?.health?.url ?? null;
  return {
    deployment: spec.name,
    epoch: input.epoch,
    specHash: input.specHash,
    engine: engine.kind,
    servedName,
    world: world.world,
    transport: fabric.transport,
    head: {
      node: choice.gang[0]?.name ?? '',
      address: head,
      rendezvousPort: rendezvousPort(engine, input, headPorts),
    },
    endpoint: url === null || ports.endpointPort === null ? null : { url, port: ports.endpointPort },
    ranks,
    rails: fabric.rails.map((rail) => ({ ...rail, members: { ...rail.members } })),
    ends: ranks.length > 1 ? checkEnds(fabric, gangViews(choice.gang)) : [],
    deadlines: { ...engine.deadlines, ...spec.deadlines },
    reasons: planReasons(parts),
    warnings: planWarnings(parts),
  };
}

const railsOf = ({ hcas, address: control }: NodeFabric): RankContext['rails'] =>
  hcas
    .flatMap(({ device, address, rail }, i) =>
      address === null || address === control ? [] : [{ rail: rail ?? i, device, address }],
    )
    .toSorted((a, b) => a.rail - b.rail);

const rendezvousPort = (
  engine: Engine,
  { spec }: PlanInput,
  headPorts: Readonly<Record<string, number>>,
): number | null => {
  const request = engine.ports(spec).find(({ use, on }) => use === 'rendezvous' && on === 'head');
  return request === undefined ? null : (headPorts[request.name] ?? null);
};

function problemsOf(
  engine: Engine,
  { spec }: PlanInput,
  install: ReturnType<typeof installOf>,
): readonly Rejection[] {
  const problems = engine.check(spec, install).map((problem) => ({ node: null, ...problem }));
  if (spec.engine.gated !== true || engine.ports(spec).some(({ name }) => name === GATE_PORT))
    return problems;
  const because = `engine.gated is set, and ${engine.kind} has no gated start`;
  return [...problems, { node: null, category: 'bad-flag', because, fix: 'leave it out: SGLang has one' }];
}

/** What is wrong whatever the nodes; said beside the nodes' own reasons. */
const withoutNode = (engine: Engine, input: PlanInput): readonly Rejection[] => [
  ...problemsOf(engine, input, null),
  ...imageProblems(input.spec),
];

function unequal({ gang }: NodeChoice, gpus: readonly (readonly number[])[]): readonly Rejection[] {
  if (new Set(gpus.map(({ length }) => length)).size <= 1) return [];
  return [
    {
      node: null,
      category: 'mixed-gpus',
      because: 'the nodes have different numbers of GPUs; every rank needs the same',
      fix: 'set gpusPerNode to what all of them have',
      table: [['node', 'GPUs'], ...gang.map(({ name }, i) => [name, String(gpus[i]?.length ?? 0)])],
    },
  ];
}

const refused = (rejections: readonly Rejection[]): PlanResult => ({
  feasible: false,
  rejections: [...rejections],
});
