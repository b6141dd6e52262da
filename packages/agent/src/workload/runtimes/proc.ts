/** Processes as /proc shows them. Reads are synchronous: the kernel answers them from memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { RUN_ID_VARIABLE } from './runtime.ts';

export interface ProcessStat {
  readonly pid: number;
  /** `Z` and `X` are dead: kill(pid, 0) still succeeds on a zombie. */
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since boot; with the boot id it makes a pid unique. */
  readonly startTicks: number;
}

/** null when there is no such process, or only its zombie. */
export function liveStat(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The command in parentheses may hold blanks and parentheses itself: fields count from the last one. proc_pid_stat(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = 'X', parent, , session] = fields;
  if (state === 'Z' || state === 'X') return null;
  return { pid, state, parent: Number(parent), session: Number(session), startTicks: Number(fields[19]) };
}

export function isSame(identity: { readonly pid: number; readonly startTicks: number }): boolean {
  return liveStat(identity.pid)?.startTicks === identity.startTicks;
}

/** Every live process. */
export function allStats(): readonly ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => liveStat(Number(pid)))
    .filter((stat) => stat !== null);
}

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
  const members = new Map<number, ProcessStat>();
  for (const stat of all) {
    const carried = runIdOf(stat.pid);
    const inSession =
      sessions.has(stat.session) && stat.startTicks >= oldest && (carried === null || carried === runId);
    if (carried === runId || inSession) members.set(stat.pid, stat);
  }
  for (let grown = true; grown; ) {
    const children = all.filter(({ pid, parent }) => !members.has(pid) && members.has(parent));
    for (const child of children) members.set(child.pid, child);
    grown = children.length > 0;
  }
  return [...members.values()];
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

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
