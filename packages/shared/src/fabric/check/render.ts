/** A report for people: every path with its figures, then what is broken and what to do about it. */
import { columns } from '../../facts/columns.ts';
import { sizeText } from '../../facts/units.ts';
import type { Paint } from '../show/draw.ts';
import type { AllReduceResult } from './all-reduce.ts';
import { type CheckFinding, type CheckReport, type PairResult, pathName } from './model.ts';

export function checkLines(report: CheckReport, paint: Paint): string[] {
  const { pairs, findings, figures, nodes, transport } = report;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const verdict =
    errors > 0
      ? paint.red('broken')
      : findings.length > 0
        ? paint.yellow('usable, with remarks')
        : paint.green('all is well');
  const rows = [...Map.groupBy(pairs, ({ from, to, rail }) => JSON.stringify([from, to, rail])).values()].map(
    rowOf,
  );
  const compared = figures.filter(({ baseline }) => baseline !== null).length;
  return [
    ...(rows.length === 0
      ? []
      : columns(['FROM', 'TO', 'PATH', 'TCP', 'FULL SIZE', 'RDMA', 'GB/S', 'LATENCY'], rows)),
    ...(rows.length === 0 ? [] : ['']),
    ...(report.allReduce === undefined ? [] : [...allReduceLines(report.allReduce), '']),
    ...findings.flatMap((finding) => findingLines(finding, paint)),
    `${verdict}: ${nodes.join(', ')}${transport === null ? '' : ` over ${transport}`}${compared === 0 ? '' : `; ${compared} of ${figures.length} figures compared with earlier checks`}`,
  ];
}

/** `all-reduce  2 ranks (nccl): 64 MiB at 23.1 GB/s (busbw), 8 B in 31.2 us, IB on mlx5_1:1`. */
function allReduceLines({ outcome, detail, backend, ranks, sizes }: AllReduceResult): string[] {
  if (outcome === 'untested') return [`all-reduce  not run: ${detail}`];
  const measured = sizes
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ bytes, microseconds, busGigabytesPerSecond }, i) =>
      i === 0
        ? `${sizeText(bytes)} at ${busGigabytesPerSecond.toPrecision(3)} GB/s (busbw)`
        : `${sizeText(bytes)} in ${microseconds.toFixed(1)} us`,
    );
  const words = outcome === 'fail' ? 'FAILS' : detail;
  return [`all-reduce  ${ranks} ranks (${backend}): ${[...measured, words].join(', ')}`];
}

function rowOf(results: readonly PairResult[]): string[] {
  const [first] = results;
  const of = (test: PairResult['test']): readonly PairResult[] =>
    results.filter((result) => result.test === test);
  const rate = results.find(({ gigabitsPerSecond }) => gigabitsPerSecond !== null)?.gigabitsPerSecond;
  const late = results.find(({ microseconds }) => microseconds !== null)?.microseconds;
  return [
    first?.from ?? '',
    first?.to ?? '',
    first === undefined ? '' : pathName(first.rail),
    outcomeOf(of('tcp')),
    outcomeOf(of('mtu')),
    outcomeOf(of('verbs')),
    rate == null ? '' : (rate / 8).toPrecision(3),
    late == null ? '' : `${late.toFixed(1)} us`,
  ];
}

function outcomeOf(results: readonly PairResult[]): string {
  if (results.length === 0) return '–';
  if (results.some(({ outcome }) => outcome === 'fail')) return 'FAILS';
  return results.some(({ outcome }) => outcome === 'pass') ? 'ok' : 'untested';
}

function findingLines({ severity, category, cause, evidence, fix }: CheckFinding, paint: Paint): string[] {
  const mark = severity === 'error' ? paint.red('broken') : paint.yellow('remark');
  return [
    `${mark}  ${cause} ${paint.dim(`[${category}]`)}`,
    ...evidence.map((line) => paint.dim(`        ${line}`)),
    `        ${paint.bold('fix')} ${fix}`,
    '',
  ];
}
