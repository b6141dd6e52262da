/** An explanation for people: per node what to use and why, then what is wrong and what to do about it. */
import type { ExplainedGroup, Explanation } from '@dsr1/shared/fabric/explain';
import type { ChosenHca, NodeFabric } from '@dsr1/shared/fabric/model';
import { classifyError } from '@dsr1/shared/fabric/nccl-log/error-rules';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { explainText } from '../text/explain.ts';
import { verdictLines } from './verdict-lines.ts';

export function explanationLines(explanation: Explanation, style: Style): string[] {
  const { groups } = explanation;
  const nodes = groups.flatMap((group) => group.selection.nodes);
  const { ignored } = explanation.dump;
  const exact = nodes.find(({ env }) => Object.values(env).some((value) => value.startsWith('=')));
  const lines = groups.flatMap((group) => [
    ...(groups.length > 1 ? [style.bold(`group ${group.name}`), ''] : []),
    ...group.selection.nodes.flatMap((node) => nodeLines(node, group, node === exact, style)),
    ...unreadLines(explanation, group, style),
    ...verdictLines(group, style),
  ]);
  return ignored.length === 0 ? lines : [...lines, style.dim(explainText.ignored(ignored)), ''];
}

/** `explainExact`: the first node whose settings hold NCCL's own `=` says what it means. */
function nodeLines(fabric: NodeFabric, group: ExplainedGroup, explainExact: boolean, style: Style): string[] {
  const node = group.nodes.find(({ name }) => name === fabric.node);
  const marks = {
    in: style.green('in     '),
    out: style.dim('out    '),
    chosen: style.green('chosen '),
    unknown: style.yellow('unknown'),
  };
  const open = fabric.reasons.find(
    ({ subject, decision }) => subject === 'control interface' && decision === 'unknown',
  );
  const reasons = [...fabric.reasons, ...(group.interfaces[fabric.node] ?? [])].filter(
    (reason) => reason !== open,
  );
  const control =
    fabric.controlInterface === null
      ? `${explainText.notKnown}${open === undefined ? '' : `: ${open.because}`}`
      : `${fabric.controlInterface}${fabric.address === null ? '' : ` (${fabric.address})`}`;
  return [
    style.bold(fabric.node),
    `  control interface  ${control}`,
    ...hcaTable(fabric.hcas, style),
    ...Object.entries(fabric.env).map(([name, value]) => `  export ${name}=${quoted(value)}`),
    ...(explainExact ? [style.dim(`  ${explainText.exactNames}`)] : []),
    ...reasons.map((reason) => `  ${marks[reason.decision]} ${reason.subject}: ${reason.because}`),
    ...(node?.contradictions ?? []).map((item) =>
      style.yellow(
        `  differ  ${item.subject}: ${item.believed.value} by ${item.believed.source}, ${item.rejected.value} by ${item.rejected.source}; ${item.because}`,
      ),
    ),
    '',
  ];
}

/** With a header; a column of which nothing is known is left out. */
function hcaTable(hcas: readonly ChosenHca[], style: Style): string[] {
  if (hcas.length === 0) return [];
  const rows = hcas.map(({ device, port, netdev, address, gidIndex, rateGbps, rail, nearGpus }) => [
    `${device}:${port}`,
    netdev,
    address,
    gidIndex,
    rateGbps,
    rail,
    nearGpus.length === 0 ? null : nearGpus.join(','),
  ]);
  const known = explainText.hcaColumns.map((_, column) => rows.some((row) => (row[column] ?? null) !== null));
  const cells = [explainText.hcaColumns, ...rows].map((row) =>
    [...row].filter((_, column) => known[column]).map((cell) => String(cell ?? '-')),
  );
  return formatTable(cells).map((line, at) => `  ${at === 0 ? style.dim(line) : line}`);
}

const SHOWN_COLUMNS = 100;

/** Lines in which no parser found anything, and no rule an error, so that nobody takes them for read. */
function unreadLines({ dump }: Explanation, { nodes }: ExplainedGroup, style: Style): string[] {
  const names = new Set(nodes.map(({ name }) => name));
  const items = dump.nodes.filter(({ name }) => names.has(name)).flatMap(({ evidence }) => evidence);
  const unread = [...new Set(items)]
    .filter(({ kind }) => kind !== 'log')
    .flatMap(({ path, unknown }) =>
      unknown
        .filter((line) => line.trim() !== '' && classifyError(line) === null)
        .map((line) => ({ path, line: line.trim() })),
    );
  const lines = [...Map.groupBy(unread, ({ path }) => path)].map(([path, own]) =>
    style.dim(explainText.unread(path, own.length, (own[0]?.line ?? '').slice(0, SHOWN_COLUMNS))),
  );
  return lines.length === 0 ? [] : [...lines, ''];
}

/** Quoted for a POSIX shell where it has to be. */
function quoted(value: string): string {
  return /^[\w.:,=^/+-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
