/** Watches what nodes do to one model, a line a node, until none is busy with it. */
import type { ModelOnNode } from '@dsr1/shared/weights/api';
import type { ModelJob } from '@dsr1/shared/weights/model';
import type { Api } from '../client/api.ts';
import type { CtlIo } from '../io.ts';
import { createLiveBlock } from '../output/live-block.ts';
import { formatTable } from '../output/table.ts';
import { pause } from '../pause.ts';
import { modelText as text } from '../text/model.ts';
import { gigabytes, percent } from './lines.ts';

const POLL_MS = 1000;
/** A node that restarts its agent, or a coordinator that restarts, is waited for this long. */
const SILENCE_MS = 60_000;
const BAR_WIDTH = 24;

/** @param begun what the nodes answered when it began @returns the last answers; Ctrl-C ends only the watching */
export async function followModel(
  io: CtlIo,
  api: Api,
  begun: readonly ModelOnNode[],
): Promise<readonly ModelOnNode[]> {
  const path = begun.find(({ status }) => status !== null)?.status?.path;
  if (path === undefined) return begun;
  const draw = drawer(io);
  const seenMs = new Map(begun.map(({ node }) => [node, io.clock.monotonicMs()]));
  let now = begun;
  for (;;) {
    draw(now);
    if (!now.some(isBusy)) return now;
    await pause(POLL_MS, io.interrupted);
    const answers = new Map((await api.models(path)).map((one) => [one.node, one]));
    const nowMs = io.clock.monotonicMs();
    now = now.map((before) => {
      const answer = answers.get(before.node);
      if (!isBusy(before)) return before;
      if (answer !== undefined && answer.status !== null) {
        seenMs.set(before.node, nowMs);
        // Jobs end with their agent.
        return answer.status.job === null ? { ...answer, failure: failed(text.restarted) } : answer;
      }
      const failure = failed(text.lost);
      return nowMs - (seenMs.get(before.node) ?? nowMs) < SILENCE_MS ? before : { ...before, failure };
    });
  }
}

const failed = (message: string) => ({ code: 'NODE_OFFLINE', message, hint: text.again });

const isBusy = ({ status, failure }: ModelOnNode): boolean =>
  failure === null && status?.job?.state === 'running';

/** On a terminal a block that is drawn again; elsewhere a line when a node begins, ends, or is a tenth further. */
function drawer(io: CtlIo): (nodes: readonly ModelOnNode[]) => void {
  const block = createLiveBlock(io.stderr);
  const rates = rateKeeper(io);
  const said = new Map<string, string>();
  return (nodes) => {
    const rows = nodes.flatMap(({ node, status }) =>
      status?.job == null ? [] : [{ node, job: status.job, rate: rates(node, status.job) }],
    );
    if (io.stderr.isTTY)
      return block.draw(formatTable(rows.map(({ node, job, rate }) => rowOf(node, job, rate))));
    for (const { node, job, rate } of rows) {
      const tenth = `${job.state} ${Math.floor((10 * job.doneBytes) / (job.totalBytes || 1))}`;
      if (said.get(node) === tenth) continue;
      said.set(node, tenth);
      io.stderr.write(`${rowOf(node, job, rate).join('  ')}\n`);
    }
  };
}

function rowOf(node: string, job: ModelJob, bytesPerSecond: number | null): string[] {
  const share = job.totalBytes ? job.doneBytes / job.totalBytes : 0;
  const full = Math.round(share * BAR_WIDTH);
  const rate = bytesPerSecond === null ? '-' : `${gigabytes(bytesPerSecond)} GB/s`;
  const total = job.totalBytes === null ? '?' : gigabytes(job.totalBytes);
  return [
    node,
    `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`,
    percent(job),
    text.progress(gigabytes(job.doneBytes), total, rate, job.detail),
  ];
}

/** Bytes a second since the first look at the job, null before the second one. */
function rateKeeper(io: CtlIo): (node: string, job: ModelJob) => number | null {
  const first = new Map<string, { readonly atMs: number; readonly doneBytes: number }>();
  return (node, { doneBytes }) => {
    const atMs = io.clock.monotonicMs();
    const begun = first.get(node);
    if (begun === undefined) {
      first.set(node, { atMs, doneBytes });
      return null;
    }
    return atMs === begun.atMs ? null : ((doneBytes - begun.doneBytes) * 1000) / (atMs - begun.atMs);
  };
}
