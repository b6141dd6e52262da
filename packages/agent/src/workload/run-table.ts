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
  /** Counts at once, so that a stop works on a full disk too. @throws the journal's error afterwards */
  bury(deployment: string, epoch: number): void;
}

export function runTable(journal: Journal, folders: RunFolders, log: Logger): RunTable {
  const loaded = journal.load();
  const runs = new Map(loaded.runs);
  const tombstones = new Map(loaded.tombstones);
  let { maxLeaderEpoch } = loaded;
  const quietly = (what: string, write: () => void): void => {
    try {
      write();
    } catch (err) {
      log.warn({ err, what }, 'state was not written, it stays in memory');
    }
  };
  const keepCopy = (run: RunRecord): void => quietly('copy of the run record', () => folders.keepRecord(run));
  return {
    state: () => ({ maxLeaderEpoch, tombstones, runs }),
    get: (runId) => runs.get(runId),
    put(run) {
      journal.putRun(run);
      runs.set(run.runId, run);
      keepCopy(run);
    },
    note(run) {
      runs.set(run.runId, run);
      quietly('run', () => journal.putRun(run));
    },
    remove(runId) {
      runs.delete(runId);
      quietly('removal of a run', () => journal.deleteRun(runId));
    },
    raiseLeaderEpoch(epoch) {
      journal.setMaxLeaderEpoch(epoch);
      maxLeaderEpoch = epoch;
    },
    bury(deployment, epoch) {
      tombstones.set(deployment, epoch);
      journal.setTombstone(deployment, epoch);
    },
  };
}
