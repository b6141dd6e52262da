/** An explanation for people: per node what to use and why, then what is wrong and what to do about it. */
import type { ExplainedGroup, Explanation } from '@dsr1/shared/fabric/explain';
import type { NodeFabric } from '@dsr1/shared/fabric/model';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';

export function explanationLines(explanation: Explanation, style: Style): string[] {
  const { groups } = explanation;
  if (groups.length === 0) return ['nothing here that a network tool prints'];
  return groups.flatMap((group) => [
    ...(groups.length > 1 ? [style.bold(`group ${group.name}`), ''] : []),
    ...group.selection.nodes.flatMap((node) => nodeLines(node, group, style)),
    ...verdictLines(group, style),
  ]);
}

function nodeLines(fabric: NodeFabric, group: ExplainedGroup, style: Style): string[] {
  const contradictions = group.nodes.find((node) => node.name === fabric.node)?.contradictions ?? [];
  const devices = fabric.hcas.map((hca) => [
    `  ${hca.device}:${hca.port}`,
    hca.netdev ?? '-',
    hca.address ?? '-',
    hca.gidIndex === null ? 'GID -' : `GID ${hca.gidIndex}`,
    hca.rateGbps === null ? '-' : `${hca.rateGbps} Gb/s`,
    hca.rail === null ? '' : `rail ${hca.rail}`,
  ]);
  const marks = {
    in: style.green('in     '),
    out: style.dim('out    '),
    chosen: style.green('chosen '),
    unknown: style.yellow('unknown'),
  };
  return [
    style.bold(fabric.node),
    `  control interface  ${fabric.controlInterface ?? 'not known'}${fabric.address === null ? '' : ` (${fabric.address})`}`,
    ...formatTable(devices),
    ...Object.entries(fabric.env).map(([name, value]) => `  export ${name}=${quoted(value)}`),
    ...fabric.reasons.map((reason) => `  ${marks[reason.decision]} ${reason.subject}: ${reason.because}`),
    ...contradictions.map((item) =>
      style.yellow(
        `  differ  ${item.subject}: ${item.believed.value} by ${item.believed.source} (believed), ${item.rejected.value} by ${item.rejected.source}`,
      ),
    ),
    '',
  ];
}

function verdictLines(
  { selection, verdict, rejectedEnv, diagnoses, logs }: ExplainedGroup,
  style: Style,
): string[] {
  const colour = { ok: style.green, warn: style.yellow, refuse: style.red, unknown: style.dim }[
    selection.verdict
  ];
  return [
    `verdict  ${colour(verdict.verdict)}${selection.transport === null ? '' : ` over ${selection.transport}`}`,
    ...selection.refusals.flatMap((refusal) => [
      style.red(
        `  ${refusal.node === null ? '' : `${refusal.node}: `}${refusal.because} [${refusal.category}]`,
      ),
      `    fix: ${refusal.fix}`,
      ...formatTable(refusal.table ?? []).map((line) => `    ${line}`),
    ]),
    ...selection.warnings.map((warning) => style.yellow(`  ${warning}`)),
    ...logs.map(
      ({ file, report }) =>
        `log      ${file}${report.host === null ? '' : ` (${report.host})`}: ${report.library} ${report.version ?? '?'}, transport ${report.transport}, ${report.devicesUsed.join(' ') || 'no devices shown'}`,
    ),
    ...rejectedEnv.map((item) =>
      style.red(`setting  ${item.var}=${item.value}: ${item.because} [${item.category}]`),
    ),
    ...diagnoses.flatMap((item) => [
      `${item.confidence === 'low' ? 'perhaps' : 'cause  '}  ${item.cause} [${item.category}]`,
      `  fix: ${item.fix}`,
    ]),
    '',
  ];
}

/** Quoted for a POSIX shell where it has to be. */
function quoted(value: string): string {
  return /^[\w.:,=^/+-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
