/**
 * Do a rank's worker processes live? An engine's main process may go on, and answer /health, over a dead one: SGLang's
 * joins them one after the other on ranks > 0, so only the first is missed (entrypoints/engine.py).
 */
import { isDead, isSame, type ProcessStat, statOf, titleOf, treeOf } from './runtimes/proc.ts';

/** What the kernel keeps of a title; of a zombie that is all there is. proc_pid_comm(5). */
const COMM_LENGTH = 15;
/**
 * So long the main process may take to draw its own conclusion, which tells more. SGLang ends 6 s after a scheduler was
 * killed; a parent that has reaped its worker knows, and may be busy to clean up.
 */
const PATIENCE_MS = { zombie: 6_000, gone: 20_000 };

type Identity = Pick<ProcessStat, 'pid' | 'startTicks'>;

interface Worker extends Identity {
  readonly title: string;
  deadMs: number;
}

/**
 * To be called every `periodMs`; says in words which worker is dead for good, else null. While the rank starts, all
 * processes are looked through for new workers; `started`: once more, and from then on only those that are known, which
 * costs next to nothing.
 */
export function createWorkerLook(
  main: Identity,
  titles: readonly string[],
  periodMs: number,
): (started: boolean) => string | null {
  const comms = titles.map((title) => title.slice(0, COMM_LENGTH));
  const workers = new Map<number, Worker>();
  let complete = false;

  const find = (): void => {
    const tree = new Map(treeOf(main.pid).map((stat) => [stat.pid, stat]));
    for (const stat of tree.values()) {
      const { pid, comm, startTicks } = stat;
      // What a worker forks has its name at first, and is none.
      if (!comms.some((one) => comm.startsWith(one)) || comm === tree.get(stat.parent)?.comm) continue;
      if (isDead(stat) && workers.get(pid)?.startTicks === startTicks) continue;
      workers.set(pid, { pid, startTicks, title: titleOf(pid) || comm, deadMs: 0 });
    }
  };

  return (started) => {
    // The end of the main process is another's to tell.
    if (!isSame(main)) return null;
    if (!complete) find();
    complete = started;
    for (const worker of workers.values()) {
      const remains = remainsOf(worker);
      worker.deadMs = remains === null ? 0 : worker.deadMs + periodMs;
      if (remains !== null && worker.deadMs > PATIENCE_MS[remains]) return words(worker, remains);
    }
    return null;
  };
}

function remainsOf({ pid, startTicks }: Identity): 'zombie' | 'gone' | null {
  const stat = statOf(pid);
  if (stat?.startTicks !== startTicks) return 'gone';
  return isDead(stat) ? 'zombie' : null;
}

function words({ title, pid }: Worker, remains: 'zombie' | 'gone'): string {
  const how =
    remains === 'zombie' ? 'dead, and its parent has not noticed' : 'gone, and the main process lives on';
  return `worker ${title} (pid ${pid}) is ${how} for over ${PATIENCE_MS[remains] / 1000} s`;
}
