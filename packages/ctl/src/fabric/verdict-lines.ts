/** The verdict on a group of nodes with every reason, what its logs say, and causes with their fixes; nothing twice. */
import type { ExplainedGroup, ExplainedLog } from '@dsr1/shared/fabric/explain';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { explainText } from '../text/explain.ts';

export function verdictLines(group: ExplainedGroup, style: Style): string[] {
  const { selection, verdict, rejectedEnv, diagnoses, logs } = group;
  const colour = { ok: style.green, warn: style.yellow, refuse: style.red, unknown: style.dim }[
    verdict.verdict
  ];
  const refused = selection.refusals.map(({ because }) => because);
  const causes = diagnoses.filter(({ cause }) => !refused.some((because) => because.includes(cause)));
  const told = new Set([...refused, ...causes.map(({ cause }) => cause)]);
  const reasons = new Set([...verdict.because, ...selection.warnings]);
  return [
    `verdict  ${colour(verdict.verdict)}${selection.transport === null ? '' : ` over ${selection.transport}`}`,
    ...selection.refusals.flatMap((refusal) => [
      style.red(`  ${named(refusal.node, refusal.because)} [${refusal.category}]`),
      `    fix: ${refusal.fix}`,
      ...withoutEmptyColumns(refusal.table ?? []).map((line) => `    ${line}`),
    ]),
    ...[...reasons].filter((reason) => !told.has(reason)).map((reason) => style.yellow(`  ${reason}`)),
    ...(verdict.verdict === 'unknown' && reasons.size === 0
      ? [
          `  ${group.nodes.some(({ hcas }) => hcas !== null && hcas.length > 0) ? explainText.untoldPorts : explainText.undecided}`,
        ]
      : []),
    ...(verdict.verdict === 'ok' && selection.nodes.length === 1
      ? [style.dim(`  ${explainText.oneHost}`)]
      : []),
    ...logLines(logs),
    ...rejectedEnv.map((item) =>
      style.red(`setting  ${item.var}=${item.value}: ${item.because} [${item.category}]`),
    ),
    ...causes
      .filter(({ precaution }) => precaution)
      .map(({ cause, fix }) => style.dim(`note     ${cause}: ${fix}`)),
    ...causes
      .filter(({ precaution }) => !precaution)
      .flatMap((item) => [
        `${explainText.confidence[item.confidence]}  ${item.cause} [${item.category}]`,
        ...item.evidence
          .slice(0, 1)
          .map(({ text }) => style.dim(`  seen: ${text.trim().slice(0, SHOWN_COLUMNS)}`)),
        `  fix: ${item.fix}`,
      ]),
    '',
  ];
}

const SHOWN_COLUMNS = 200;

function named(node: string | null, because: string): string {
  return node === null || because.includes(node) ? because : `${node}: ${because}`;
}

/** Columns in which every cell but the header is unknown say nothing. */
function withoutEmptyColumns(table: readonly (readonly string[])[]): string[] {
  const [, ...rows] = table;
  return formatTable(
    table.map((row) =>
      row.filter((_, column) => rows.some((other) => !['?', '-'].includes(other[column] ?? '?'))),
    ),
  );
}

/** Hosts of a log that say the same are one line. */
function logLines(logs: readonly ExplainedLog[]): string[] {
  const groups = Map.groupBy(logs, (log) => `${log.file}\n${saidBy(log)}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const hosts = group.flatMap(({ report }) => report.host ?? []).join(', ');
    return [`log      ${first.file}${hosts === '' ? '' : ` (${hosts})`}: ${saidBy(first)}`];
  });
}

function saidBy({ report }: ExplainedLog): string {
  const { library, version, transport, devicesUsed } = report;
  const said = [
    ...(version === null ? [] : [`${library} ${version}`]),
    ...(transport === 'unknown' ? [] : [`transport ${transport}`]),
    ...(devicesUsed.length === 0 ? [] : [devicesUsed.join(' ')]),
  ];
  return said.join(', ') || explainText.silentLog;
}
