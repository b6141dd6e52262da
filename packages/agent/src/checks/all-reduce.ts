/** This node's ranks of an all-reduce: one process each, in a group of its own, and none outlives the check. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  type AllReduceAnswer,
  AllReduceNews,
  type AllReduceRank,
  type AllReduceRequest,
  ENDED_BY_CHECK,
} from '@dsr1/shared/fabric/check/all-reduce';
import { decode } from '@dsr1/shared/schema';
import { killGroup } from '../host/run-tool.ts';
import { lineSplitter } from '../workload/log/lines.ts';
import { baseEnvironment } from '../workload/runtimes/base-environment.ts';
import { createExcerpt } from './excerpt.ts';

export interface AllReduceRun {
  /** Once every rank has ended. */
  readonly answer: Promise<AllReduceAnswer>;
  /** Ends those that still run. */
  end(): void;
}

/** Beside this file, in the package too (scripts/package.ts). */
const SCRIPT = join(import.meta.dirname, 'all-reduce.py');
const NEWS_FD = 3;
/** The measurement takes about three seconds; the script itself gives up before. */
const MEASURE_SECONDS = 20;

export function startAllReduce(request: AllReduceRequest): AllReduceRun {
  const ranks = request.ranks.map((own) => startRank(request, own));
  const end = (): void => {
    for (const rank of ranks) rank.end();
  };
  const limitMs = (request.meetSeconds + request.connectSeconds + MEASURE_SECONDS) * 1_000;
  const timer = setTimeout(end, limitMs);
  const answer = Promise.all(ranks.map(({ ended }) => ended)).then((all) => ({ ranks: all }));
  return { answer: answer.finally(() => clearTimeout(timer)), end };
}

type Rank = AllReduceRequest['ranks'][number];

function startRank(
  { python, env, ranks: _, ...rest }: AllReduceRequest,
  own: Rank,
): { readonly ended: Promise<AllReduceRank>; end(): void } {
  const child = spawn(python, ['-B', SCRIPT, JSON.stringify({ ...rest, ...own, fd: NEWS_FD })], {
    env: { ...baseEnvironment(python), ...env },
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let seen: AllReduceRank = {
    rank: own.rank,
    phase: 'starting',
    untested: null,
    ended: '',
    sizes: [],
    lines: [],
  };
  const excerpt = createExcerpt();
  onLines(child.stdout, excerpt.take);
  onLines(child.stderr, excerpt.take);
  onLines(child.stdio[NEWS_FD] as Readable | null, (line) => {
    seen = { ...seen, ...newsOf(line) };
  });
  const { promise, resolve } = Promise.withResolvers<AllReduceRank>();
  let over = false;
  let told = false;
  const settle = (ended: string): void => {
    over = true;
    resolve({ ...seen, ended, lines: excerpt.lines() });
  };
  child.once('error', (error) => settle(error.message));
  child.once('close', (code, signal) =>
    settle(told ? ENDED_BY_CHECK : code === null ? `ended by ${signal}` : `exit status ${code}`),
  );
  return {
    ended: promise,
    end() {
      if (over) return;
      told = child.exitCode === null && child.signalCode === null;
      // Also what a rank that is gone has left: its pipes are still open.
      killGroup(child.pid);
    },
  };
}

function onLines(stream: Readable | null, take: (line: string) => void): void {
  const splitter = lineSplitter();
  stream?.on('data', (chunk: Buffer) => {
    for (const { text } of splitter.push(chunk)) take(text);
  });
  stream?.on('error', () => {});
}

/** Whatever else a Python environment writes there says nothing of the rank. */
function newsOf(line: string): AllReduceNews {
  try {
    return decode(AllReduceNews, JSON.parse(line), { what: 'all-reduce.py' });
  } catch {
    return {};
  }
}
