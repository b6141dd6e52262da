/** Progress of a bring-up as lines of text. Pure. */
import { PHASES, phaseIndex } from '@dsr1/shared/engines/phases';
import type { RankStatus } from '@dsr1/shared/http-api/resources';
import { duration } from '../output/ago.ts';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { deploymentText } from '../text/deployment.ts';
import { laggards, type Observation, samePlace } from './observation.ts';

const PATIENCE_MS = 10_000;
const BAR_COLUMNS = 20;

/** The whole picture, to be redrawn in place on a terminal. */
export function progressBlock(seen: Observation, style: Style): string[] {
  const { detail, atMs, sinceMs } = seen;
  const rows = detail.ranks.map((rank) => [
    `  ${deploymentText.rank(rank.rank)}`,
    rank.node,
    bar(rank, style),
    place(rank) + percent(rank),
    style.dim(duration(atMs - (sinceMs[rank.rank] ?? atMs))),
    style.dim(rank.detail ?? ''),
  ]);
  const left = detail.eta === undefined ? '' : `  ${style.dim(deploymentText.eta(detail.eta))}`;
  return [
    `${style.bold(detail.name)}  ${deploymentText.stateLine(detail)}${left}`,
    ...formatTable(rows),
    ...hints(seen, style),
  ];
}

/** What is new since the last look, one line each; everything when there was none. */
export function changeLines(previous: Observation | null, seen: Observation): string[] {
  const { detail } = seen;
  const before = previous?.detail;
  const lines: string[] = [];
  if (before?.state !== detail.state || timeless(before.message) !== timeless(detail.message)) {
    lines.push(deploymentText.stateLine(detail));
  }
  for (const rank of detail.ranks) {
    const old = before?.ranks.find((each) => each.rank === rank.rank);
    if (!old || !samePlace(old, rank) || before?.epoch !== detail.epoch) {
      lines.push(deploymentText.rankChange(rank.rank, rank.node, place(rank), rank.detail));
    }
  }
  if (lines.length > 0 && detail.eta !== undefined) lines.push(deploymentText.eta(detail.eta));
  const known = previous ? laggards(previous, PATIENCE_MS).map(({ rank }) => rank) : [];
  const late = laggards(seen, PATIENCE_MS).filter(({ rank }) => !known.includes(rank));
  return [...lines, ...late.map(deploymentText.laggard)];
}

/** Evidence of every rank that failed: exit and last lines. */
export function failureLines(ranks: readonly RankStatus[], style: Style): string[] {
  return ranks
    .filter((rank) => rank.evidence.length > 0 || (rank.exitCode ?? 0) !== 0 || rank.exitSignal !== null)
    .flatMap((rank) => [
      style.bold(deploymentText.rankEnded(rank.rank, rank.node, rank.exitCode, rank.exitSignal)),
      ...rank.evidence.map((line) => `  ${line}`),
    ]);
}

/** State of a rank, or its phase while it runs. */
export const place = (rank: RankStatus): string =>
  rank.state === 'running' ? (rank.phase ?? rank.state) : rank.state;

/** ` 42 %` of its phase, where the engine says it. */
export const percent = ({ progress }: RankStatus): string =>
  progress === null ? '' : ` ${Math.round(progress * 100)} %`;

/** A sentence that only counts seconds is not news. */
const timeless = (message: string): string => message.replace(/\d+ (s|min|h|d)\b/g, '');

const hints = (seen: Observation, style: Style): string[] =>
  laggards(seen, PATIENCE_MS).map((each) => `  ${style.yellow(deploymentText.laggard(each))}`);

/** All phases together; the phase at hand counts by its own progress where the engine says it. */
export function bar(rank: RankStatus, style: Style): string {
  const done =
    rank.phase === null ? 0 : (phaseIndex(rank.phase) + (rank.progress ?? 0)) / (PHASES.length - 1);
  const filled = Math.round(Math.min(1, done) * BAR_COLUMNS);
  const failed = rank.state === 'exited';
  const paint = failed ? style.red : rank.phase === 'serving' ? style.green : style.cyan;
  return paint('█'.repeat(filled)) + style.dim('░'.repeat(BAR_COLUMNS - filled));
}
