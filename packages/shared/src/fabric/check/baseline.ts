/** Figures of this run beside the best ones known: of each pair, and of the gang as its slowest pair. */
import { sizeText } from '../../facts/units.ts';
import type { AllReduceResult } from './all-reduce.ts';
import type { CheckFinding, ComparedFigure, PairResult } from './model.ts';

export type Figure = Omit<ComparedFigure, 'baseline'>;

/** Below this share of the best bandwidth known a pair is called slower; links of one rail differ by less. */
const SLOWER = 0.8;
/** Above this multiple of the best latency known. */
const LATER = 1.5;

/** What the tests measured. `nodes` names the gang. */
export function figuresOf(pairs: readonly PairResult[], nodes: readonly string[]): Figure[] {
  const each = pairs
    .filter(({ outcome }) => outcome === 'pass')
    .flatMap(({ from, to, rail, tool, gigabitsPerSecond, microseconds }) => {
      const what = `rail ${rail} ${tool}`;
      return [
        ...(gigabitsPerSecond === null
          ? []
          : [{ subject: `${from} > ${to}`, figure: `${what} Gb/s`, value: gigabitsPerSecond }]),
        ...(microseconds === null
          ? []
          : [{ subject: `${from} > ${to}`, figure: `${what} us`, value: microseconds }]),
      ];
    });
  const gang = [...nodes].sort().join(' + ');
  const slowest = [...Map.groupBy(each, ({ figure }) => figure)].map(([figure, own]) => ({
    subject: gang,
    figure,
    value: own.map(({ value }) => value).reduce((a, b) => (better(figure, a, b) ? b : a)),
  }));
  return nodes.length > 2 ? [...each, ...slowest] : [...each, ...slowest.filter(() => each.length > 1)];
}

/** The largest size tells bandwidth, the smallest latency; other numbers of ranks are other figures. */
export function allReduceFigures(result: AllReduceResult, nodes: readonly string[]): Figure[] {
  const subject = [...nodes].sort().join(' + ');
  const sizes = result.sizes.toSorted((a, b) => a.bytes - b.bytes);
  const [least, most] = [sizes[0], sizes.at(-1)];
  if (least === undefined || most === undefined) return [];
  const what = (bytes: number): string =>
    `all-reduce ${result.backend} ${result.ranks} ranks ${sizeText(bytes)}`;
  return [
    { subject, figure: `${what(most.bytes)} busbw GB/s`, value: most.busGigabytesPerSecond },
    { subject, figure: `${what(least.bytes)} us`, value: least.microseconds },
  ];
}

/** `known` are the best figures so far, by subject and figure. */
export function compare(figures: readonly Figure[], known: readonly Figure[]): ComparedFigure[] {
  const best = new Map(known.map(({ subject, figure, value }) => [`${subject}\n${figure}`, value]));
  return figures.map((own) => ({ ...own, baseline: best.get(`${own.subject}\n${own.figure}`) ?? null }));
}

/** What to keep for the next run: the better of both. */
export function bestOf(compared: readonly ComparedFigure[]): Figure[] {
  return compared.map(({ subject, figure, value, baseline }) => ({
    subject,
    figure,
    value: baseline !== null && better(figure, baseline, value) ? baseline : value,
  }));
}

export function baselineFindings(compared: readonly ComparedFigure[]): CheckFinding[] {
  return compared.flatMap(({ subject, figure, value, baseline }) => {
    if (baseline === null || !isTold(subject, figure)) return [];
    const worse = isLatency(figure) ? value > baseline * LATER : value < baseline * SLOWER;
    if (!worse) return [];
    return [
      {
        severity: 'warning',
        category: 'slower-than-before',
        culprit: culpritOf(subject, figure),
        cause: `${subject}, ${figure}: ${value.toPrecision(3)} now, ${baseline.toPrecision(3)} at best`,
        evidence: [],
        fix: 'look for other traffic, error counters (`rdma statistic show`), and a link that came up with fewer lanes',
      } satisfies CheckFinding,
    ];
  });
}

/** A gang's slowest pair is told as that pair; Gloo's sums, and latency, are the hosts' processors as much as the network. */
const isTold = (subject: string, figure: string): boolean =>
  subject.includes(' > ') || (figure.startsWith('all-reduce nccl ') && !isLatency(figure));

function culpritOf(subject: string, figure: string): CheckFinding['culprit'] {
  const rail = /^rail (\d+)/.exec(figure)?.[1];
  return rail === undefined
    ? { kind: 'gang', nodes: subject.split(' + '), rail: null, device: null }
    : { kind: 'path', nodes: subject.split(' > '), rail: Number(rail), device: null };
}

const isLatency = (figure: string): boolean => figure.endsWith(' us');

const better = (figure: string, a: number, b: number): boolean => (isLatency(figure) ? a < b : a > b);
