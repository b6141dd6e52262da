/** Why an all-reduce did not come to its end: what the ranks' logs say, else which rank kept the others waiting. */
import { diagnose } from '../../diagnose/diagnose.ts';
import { createLogReader, type LogReading } from '../../diagnose/log-reader.ts';
import { diagnoseFabric } from '../diagnose/diagnose.ts';
import type { AllReducePhase } from './all-reduce.ts';
import { type AllReduceSeen, rankName, type SeenRank } from './all-reduce-seen.ts';
import type { CheckFinding, Culprit } from './model.ts';

export function failureFinding(seen: AllReduceSeen, ranks: readonly SeenRank[]): CheckFinding {
  const broken = ranks.filter(({ phase }) => phase !== 'done');
  const readings = broken.map(readingOf);
  const told = networkCause(readings) ?? otherCause(readings, seen.nodes.length);
  const found = told === null ? (killed(broken) ?? leastFar(ranks, broken)) : byLog(told, seen, broken);
  const gang = seen.nodes.map(({ name }) => name).join(', ');
  return {
    ...found,
    severity: 'error',
    cause: `the all-reduce (${seen.backend}) over ${gang} fails: ${found.cause}`,
  };
}

/** What logs say; `rank` as rankName writes it. */
interface Told {
  readonly category: string;
  readonly cause: string;
  readonly fix: string;
  readonly evidence: readonly { readonly rank: string; readonly line: string }[];
}

type Found = Omit<CheckFinding, 'severity'>;

/** Words of ranks whose peers did not come, of programs that no rule knows, and of what only costs speed. */
const SAY_NOTHING: ReadonlySet<string> = new Set([
  'unknown',
  'timeout',
  'peer-died',
  'engine-bug',
  'tcp-fallback',
  'gdr-disabled',
]);

/** What breaks between ranks and not within one. */
const BETWEEN: ReadonlySet<string> = new Set([
  'firewall-or-route',
  'wrong-host-ip',
  'retry-exceeded',
  'rail-isolated',
  'fabric-partition',
  'version-mismatch',
]);

function readingOf(rank: SeenRank): LogReading {
  const reader = createLogReader(rankName(rank));
  for (const [i, line] of rank.lines.entries()) reader.push(line, i + 1);
  return reader.reading();
}

/** NCCL's and Gloo's own errors. */
function networkCause(readings: readonly LogReading[]): Told | null {
  const reports = readings.flatMap(({ file, reports }) => reports.map((report) => ({ node: file, report })));
  const found = diagnoseFabric({ nodes: [], selection: null, reports, env: [], errorLines: [] });
  const best = found.find(({ category, confidence }) => confidence === 'high' && !SAY_NOTHING.has(category));
  if (best === undefined) return null;
  return { ...best, evidence: best.evidence.map(({ node, text }) => ({ rank: node ?? '', line: text })) };
}

/** Everything else that ends a program on a GPU host. */
function otherCause(readings: readonly LogReading[], nodes: number): Told | null {
  const best = diagnose(readings, { nodes }).find(({ category }) => !SAY_NOTHING.has(category));
  if (best === undefined) return null;
  return { ...best, evidence: best.evidence.map(({ file, line }) => ({ rank: file, line })) };
}

function byLog(told: Told, seen: AllReduceSeen, broken: readonly SeenRank[]): Found {
  const sayers = nodesOf(broken.filter((own) => told.evidence.some(({ rank }) => rank === rankName(own))));
  const between = BETWEEN.has(told.category);
  const said = told.evidence.flatMap(({ line }) => line.match(ADDRESSES) ?? []);
  const peers = seen.nodes.flatMap(({ name, fabric: { address } }) =>
    address !== null && said.includes(address) ? [name] : [],
  );
  const ends = [...new Set([...sayers, ...peers])];
  // Of two nodes each is the other's peer, whether it was named or not.
  const path = seen.nodes.length === 2 ? seen.nodes.map(({ name }) => name) : ends;
  const nodes = between ? path : sayers.slice(0, 1);
  return {
    category: told.category,
    culprit: culpritOf(nodes, between),
    cause: told.cause,
    evidence: told.evidence.slice(0, 4).map(({ rank, line }) => `${rank}: ${line.trim().slice(0, 300)}`),
    fix: told.fix,
  };
}

const ADDRESSES = /\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:]*:[0-9a-f]+/gi;

/** Without a word, from outside. */
function killed(broken: readonly SeenRank[]): Found | null {
  const dead = broken.filter(({ ended }) => ended.startsWith('ended by '));
  if (dead.length === 0) return null;
  return {
    category: 'all-reduce-failed',
    culprit: culpritOf(nodesOf(dead), false),
    cause: `${dead.map((rank) => `${rankName(rank)} was ${rank.ended}`).join(', ')}`,
    evidence: dead.slice(0, 4).map((rank) => `${rankName(rank)}: ${rank.ended}${lastWordsOf(rank)}`),
    fix: 'look into `dmesg` there: the kernel says when it ends a process for memory, and a driver when a GPU failed',
  };
}

/** Logs that name nobody: the ranks that came least far kept the others waiting. */
function leastFar(ranks: readonly SeenRank[], broken: readonly SeenRank[]): Found {
  const least = Math.min(...ranks.map(({ phase }) => PHASES.indexOf(phase)));
  const phase = PHASES[least] ?? 'starting';
  const last = ranks.filter((rank) => rank.phase === phase);
  const all = last.length === ranks.length;
  const { stage, fix } = WORDS[phase];
  return {
    category: 'all-reduce-failed',
    culprit: culpritOf(nodesOf(last), all),
    cause: all
      ? `no rank got beyond ${stage}`
      : `${last.map(rankName).join(', ')} did not get beyond ${stage}`,
    evidence: broken.slice(0, 4).map((rank) => `${rankName(rank)}: ${rank.ended}${lastWordsOf(rank)}`),
    fix,
  };
}

function lastWordsOf({ lines }: SeenRank): string {
  const last = lines.findLast((line) => line.trim() !== '');
  return last === undefined ? '' : `; ${last.trim()}`;
}

const PHASES: readonly AllReducePhase[] = [
  'starting',
  'loading',
  'meeting',
  'connecting',
  'measuring',
  'done',
];

const WORDS: Readonly<Record<AllReducePhase, { readonly stage: string; readonly fix: string }>> = {
  starting: { stage: 'its start', fix: 'start the Python of the engine there by hand' },
  loading: {
    stage: 'the import of torch',
    fix: 'time `python -c "import torch"` there: a cold or remote disk may take longer than the check waits',
  },
  meeting: {
    stage: 'the meeting at rank 0',
    fix: 'let TCP to the launch ports of the head through, and look at `ip route get` both ways',
  },
  connecting: {
    stage: 'the connection of the ranks',
    fix: 'let all TCP ports through between the nodes (NCCL and Gloo take random ones), and UDP 4791 for RoCE',
  },
  measuring: {
    stage: 'the first sums',
    fix: 'look for lost packets (`rdma statistic show`, `nstat`) and for MTU and PFC settings that differ',
  },
  done: { stage: 'the end', fix: 'read the evidence' },
};

const nodesOf = (ranks: readonly SeenRank[]): string[] => [...new Set(ranks.map(({ node }) => node))];

const culpritOf = (nodes: readonly string[], between: boolean): Culprit => ({
  kind: !between ? 'node' : nodes.length === 2 ? 'path' : 'gang',
  nodes: [...nodes],
  rail: null,
  device: null,
});
