/** The runs in memory and on disk, always in this order: disk first for promises, memory first for news. */
import type { Logger } from '@dsr1/shared/logger';
import type { Journal } from './journal.ts';
import type { AgentState, RunRecord } from './model.ts';
import type { RunFolders } from './run-folder.ts';

export interface RunTable {
  state(): AgentState;
  get(runId: string): RunRecord | undefined;
  /** A promise: on disk before it counts. @throws the journal's error, and nothing has changed */
  put(run: RunRecord): void;
  /** News: counts at once, and is written as soon as the disk takes it. */
  note(run: RunRecord): void;
  remove(runId: string): void;
  raiseLeaderEpoch(epoch: number): void;
  /** Counts at once, so that a stop works on a full disk too. */
  bury(deployment: string, epoch: number): void;
  /** Writes what could not be written before. @throws the journal's error while that is still so */
  flush(): void;
}

export function runTable(journal: Journal, folders: RunFolders, log: Logger): RunTable {
  const loaded = journal.load();
  const runs = new Map(loaded.runs);
  const tombstones = new Map(loaded.tombstones);
  let { maxLeaderEpoch } = loaded;
  /** By what they are about, the newest of each. */
  const unwritten = new Map<string, () => void>();
  const flush = (): void => {
    for (const [subject, write] of unwritten) {
      write();
      unwritten.delete(subject);
    }
  };
  /** Only needed should the journal be lost. */
  const keepCopy = (run: RunRecord): void => {
    try {
      folders.keepRecord(run);
    } catch (err) {
      log.warn({ err, runId: run.runId }, 'the copy of a run record was not written');
    }
  };
  const soon = (subject: string, write: () => void): void => {
    unwritten.set(subject, write);
    try {
      flush();
    } catch (err) {
      log.warn({ err, subject }, 'state could not be written yet, it stays in memory');
    }
  };
  return {
    state: () => ({ maxLeaderEpoch, tombstones, runs }),
    get: (runId) => runs.get(runId),
    put(run) {
      journal.putRun(run);
      unwritten.delete(run.runId);
      runs.set(run.runId, run);
      keepCopy(run);
    },
    note(run) {
      runs.set(run.runId, run);
      soon(run.runId, () => journal.putRun(run));
    },
    remove(runId) {
      runs.delete(runId);
      soon(runId, () => journal.deleteRun(runId));
    },
    raiseLeaderEpoch(epoch) {
      journal.setMaxLeaderEpoch(epoch);
      maxLeaderEpoch = epoch;
    },
    bury(deployment, epoch) {
      tombstones.set(deployment, epoch);
      soon(`tombstone of ${deployment}`, () => journal.setTombstone(deployment, epoch));
    },
    flush,
  };
}
