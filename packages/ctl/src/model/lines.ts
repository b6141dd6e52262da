/** Models on nodes as lines for people. */
import type { ModelOnNode, ModelReport } from '@dsr1/shared/weights/api';
import type { ModelJob, ModelStatus } from '@dsr1/shared/weights/model';
import { duration } from '../output/ago.ts';
import { formatTable } from '../output/table.ts';
import { modelText as text } from '../text/model.ts';

export const listLines = (found: readonly ModelOnNode[], nowMs: number): string[] =>
  found.length === 0
    ? [text.empty]
    : [...tableLines(found, nowMs), ...differingPaths(found).map(text.differs)];

/** @param full contents were read, not only headers */
export function reportLines({ nodes, differences }: ModelReport, full: boolean, nowMs: number): string[] {
  const agree = nodes.length > 1 && differences.length === 0 && nodes.every(({ status }) => status !== null);
  return [
    ...tableLines(nodes, nowMs),
    ...differences.map(({ message }) => `  ${message}`),
    ...(agree ? [text.same(nodes.length, full)] : []),
  ];
}

function tableLines(found: readonly ModelOnNode[], nowMs: number): string[] {
  const rows = found.map(({ node, status, failure }) =>
    status === null
      ? [node, '-', '-', '-', '-', failure?.message ?? text.lost]
      : [
          node,
          status.path,
          fromOf(status),
          String(status.files),
          `${gigabytes(status.bytes)} GB`,
          stateOf(status, nowMs),
        ],
  );
  return [...formatTable([[...text.header], ...rows]), ...problemLines(found)];
}

export const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1);

export const percent = ({ doneBytes, totalBytes }: ModelJob): string =>
  totalBytes === null || totalBytes === 0 ? '-' : `${Math.floor((100 * doneBytes) / totalBytes)} %`;

function stateOf({ job, problems, fingerprint, verifiedAtMs }: ModelStatus, nowMs: number): string {
  const { states } = text;
  if (job?.state === 'running') return states.running(job.kind, percent(job));
  if (job?.state === 'failed') return states.failed(job.kind, job.detail);
  if (problems.length > 0) return states.problems(problems.length);
  if (fingerprint === null) return states.incomplete;
  return verifiedAtMs === null ? states.complete : states.verified(duration(nowMs - verifiedAtMs));
}

const fromOf = ({ source }: ModelStatus): string =>
  source === null ? text.thePath : `${source.repo}@${source.revision.slice(0, 12) || '-'}`;

const problemLines = (found: readonly ModelOnNode[]): string[] =>
  found.flatMap(({ node, status }) =>
    (status?.problems ?? []).map(({ category, message }) => `  ${node}: ${category}: ${message}`),
  );

function differingPaths(found: readonly ModelOnNode[]): string[] {
  const prints = Map.groupBy(
    found.flatMap(({ status }) => (status === null || status.fingerprint === null ? [] : [status])),
    ({ path }) => path,
  );
  return [...prints]
    .filter(([, all]) => new Set(all.map(({ fingerprint }) => fingerprint)).size > 1)
    .map(([path]) => path);
}
