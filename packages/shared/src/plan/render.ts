/** A plan as a person reads it before saying yes: ranks, network, commands, reasons, warnings. Plain text lines. */
import { columns } from './columns.ts';
import { fitLines } from './fit.ts';
import type { LaunchPlan, PlanReason, PlanResult, PortPlan, RankPlan, Rejection } from './model.ts';

/** `explain` adds the sum of memory line by line. */
export function renderPlan(result: PlanResult, explain = false): string[] {
  if (!result.feasible) return ['There is no plan:', ...renderRejections(result.rejections)];
  const { plan, leftOut } = result;
  return [
    ...headline(plan),
    '',
    ...columns(rankTable(plan)),
    ...section('Memory', plan.fit === undefined ? [] : fitLines(plan.fit, explain)),
    ...section('Rails', columns(railTable(plan))),
    ...section('Commands', commands(plan)),
    ...section('Why', columns(plan.reasons.map(reasonRow))),
    ...section('Open between the nodes', firewall(plan)),
    ...section('Nodes left out', renderRejections(leftOut)),
    ...section(
      'Look at this first',
      plan.warnings.map((text) => `! ${text}`),
    ),
  ];
}

/** Who was refused, why, by name (many are those of docs/diagnosis.md), and what to do, with the tables that prove it. */
export function renderRejections(rejections: readonly Rejection[]): string[] {
  return rejections.flatMap(({ node, category, because, fix, table = [] }) => [
    `${node === null ? '' : `${node}: `}${because}  [${category}]`,
    ...columns(table).map((line) => `    ${line}`),
    `    → ${fix}`,
  ]);
}

function headline({
  deployment,
  engine,
  ranks,
  epoch,
  world,
  transport,
  endpoint,
  servedName,
}: LaunchPlan): string[] {
  const { nodes, gpusPerNode, tensor, pipeline } = world;
  const version = ranks[0]?.engineVersion ?? null;
  return [
    `${deployment}, attempt ${epoch}: ${engine}${version === null ? '' : ` ${version}`} on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ` +
      `${gpusPerNode === 0 ? 'no GPUs' : `${gpusPerNode} GPUs each`}, tensor ${tensor} × pipeline ${pipeline}, ` +
      `network ${transport ?? 'sockets'}`,
    endpoint === null
      ? 'It has no HTTP endpoint.'
      : `It will serve ${servedName} at ${endpoint.url}/v1, behind a generated key.`,
  ];
}

function rankTable({ ranks }: LaunchPlan): string[][] {
  const row = (rank: RankPlan) => [
    String(rank.rank),
    rank.nodeName,
    rank.controlInterface ?? '-',
    rank.address,
    rank.gpuIndices.length === 0 ? '-' : compact(rank.gpuIndices),
    rank.hcas.length === 0 ? '-' : rank.hcas.join(','),
    portRanges(rank.ports)
      .map(({ name, ports }) => `${name} ${ports}`)
      .join(', ') || '-',
    rank.runtime,
  ];
  return [['RANK', 'NODE', 'INTERFACE', 'ADDRESS', 'GPUS', 'HCAS', 'PORTS', 'RUNTIME'], ...ranks.map(row)];
}

const railTable = ({ rails, ranks }: LaunchPlan): string[][] =>
  rails.length === 0
    ? []
    : [
        ['RAIL', ...ranks.map(({ nodeName }) => nodeName), 'WHY'],
        ...rails.map(({ index, members, because }) => [
          String(index),
          ...ranks.map(({ nodeName }) => members[nodeName] ?? '-'),
          because,
        ]),
      ];

/** Every flag and variable on its own line, with its reason. */
const commands = ({ ranks }: LaunchPlan): string[] =>
  ranks.flatMap(({ rank, nodeName, processes }) =>
    processes.flatMap(({ id, argv, env, reasons }) => [
      `rank ${rank} on ${nodeName}${id === 'main' ? '' : `, ${id}`}:`,
      ...columns([
        ...Object.entries(env).map(([name, value]) => [`    ${name}=${value}`, reasons[name] ?? '']),
        ...wordsByFlag(argv).map((words) => [
          `    ${words.join(' ')}`,
          reasons[words[0]?.replace(/=.*/s, '') ?? ''] ?? '',
        ]),
      ]),
    ]),
  );

/** `--name value` pairs; what stands before the first flag stays together. */
export function wordsByFlag(argv: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const word of argv) {
    const group = groups.at(-1);
    if (group === undefined || /^--$|^-{1,2}[A-Za-z]/.test(word)) groups.push([word]);
    else group.push(word);
  }
  return groups;
}

const firewall = ({ ranks }: LaunchPlan): string[] =>
  ranks.flatMap(({ nodeName, ports, randomPorts }) => [
    ...portRanges(ports).map(
      (range) => `${nodeName}: TCP ${range.ports} on ${range.address} (${range.name})`,
    ),
    ...(randomPorts === null ? [] : [`${nodeName}: ${randomPorts}`]),
  ]);

const reasonRow = ({ subject, decision, because }: PlanReason) => [subject, decision, because];

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

/** Ports of one name and address in a row are said as one range, `20010-20015`. */
function portRanges(ports: readonly PortPlan[]): { name: string; address: string; ports: string }[] {
  const groups = Map.groupBy(ports, ({ name, address }) => `${name} ${address}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, ports: compact(group.map(({ port }) => port)) }];
  });
}

/** `0-7`, `0,2,4`. */
function compact(indices: readonly number[]): string {
  const first = indices[0] ?? 0;
  const contiguous = indices.length > 2 && indices.every((index, i) => index === first + i);
  return contiguous ? `${first}-${indices.at(-1)}` : indices.join(',');
}
