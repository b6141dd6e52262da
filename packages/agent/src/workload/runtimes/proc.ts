/** Processes as /proc shows them. Reads are synchronous: the kernel answers them from memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { RUN_ID_VARIABLE } from './runtime.ts';

export interface ProcessStat {
  readonly pid: number;
  /** First 15 characters of its program or title; a child has its parent's until it execs or sets its own. */
  readonly comm: string;
  /** `Z` and `X` are dead: kill(pid, 0) still succeeds on a zombie. */
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since boot; with the boot id it makes a pid unique. */
  readonly startTicks: number;
}

/** null when there is no such process, or only its zombie. */
export function liveStat(pid: number): ProcessStat | null {
  const stat = statOf(pid);
  return stat === null || isDead(stat) ? null : stat;
}

/** null when there is no such process; a zombie is one. */
export function statOf(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The command in parentheses may hold blanks and parentheses itself: fields count from the last one. proc_pid_stat(5).
  const end = text.lastIndexOf(')');
  const comm = text.slice(text.indexOf('(') + 1, end);
  const fields = text.slice(end + 2).split(' ');
  const [state = 'X', parent, , session] = fields;
  const startTicks = Number(fields[19]);
  return { pid, comm, state, parent: Number(parent), session: Number(session), startTicks };
}

export const isDead = ({ state }: ProcessStat): boolean => state === 'Z' || state === 'X';

export function isSame(identity: { readonly pid: number; readonly startTicks: number }): boolean {
  return liveStat(identity.pid)?.startTicks === identity.startTicks;
}

/** Every live process. */
export const allStats = (): readonly ProcessStat[] => everyStat().filter((stat) => !isDead(stat));

/** A process and all that descends from it, zombies too; empty when there is no such process. */
export function treeOf(pid: number): readonly ProcessStat[] {
  const all = everyStat();
  const root = all.filter((stat) => stat.pid === pid);
  return withDescendants(root, all);
}

/** What a process calls itself, in full; empty for a zombie. */
export const titleOf = (pid: number): string =>
  (readProc(`/proc/${pid}/cmdline`)?.split('\0')[0] ?? '').trim();

/** Value of a variable in a process's initial environment; null when it has none or may not be read. */
export function variableOf(pid: number, name: string): string | null {
  const entry = readProc(`/proc/${pid}/environ`)
    ?.split('\0')
    .find((text) => text.startsWith(`${name}=`));
  return entry === undefined ? null : entry.slice(name.length + 1);
}

export const runIdOf = (pid: number): string | null => variableOf(pid, RUN_ID_VARIABLE);

/**
 * Every live process of a run: it carries the run id, or is of a session that one of `leaders` began, or descends from
 * such a process. The id alone is not enough: engines overwrite their environment when they set a title.
 */
export function membersOf(
  runId: string,
  leaders: readonly { readonly pid: number; readonly startTicks: number }[],
): readonly ProcessStat[] {
  const all = allStats();
  // A pid is not used again while its session has members; a recycled leader has another start time.
  const sessions = new Set(
    leaders
      .filter(({ pid, startTicks }) => (liveStat(pid)?.startTicks ?? startTicks) === startTicks)
      .map(({ pid }) => pid),
  );
  const oldest = Math.min(...leaders.map((leader) => leader.startTicks));
  const roots = all.filter((stat) => {
    const carried = runIdOf(stat.pid);
    const inSession =
      sessions.has(stat.session) && stat.startTicks >= oldest && (carried === null || carried === runId);
    return carried === runId || inSession;
  });
  return withDescendants(roots, all);
}

/** Signals a process unless it is gone or its pid now belongs to another one. */
export function signalSame(
  identity: { readonly pid: number; readonly startTicks: number },
  signal: NodeJS.Signals,
): void {
  if (!isSame(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const everyStat = (): readonly ProcessStat[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => statOf(Number(pid)))
    .filter((stat) => stat !== null);

function withDescendants(roots: readonly ProcessStat[], all: readonly ProcessStat[]): readonly ProcessStat[] {
  const members = new Map(roots.map((stat) => [stat.pid, stat]));
  for (let grown = true; grown; ) {
    const children = all.filter(({ pid, parent }) => !members.has(pid) && members.has(parent));
    for (const child of children) members.set(child.pid, child);
    grown = children.length > 0;
  }
  return [...members.values()];
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
