/**
 * The agent's memory: fences, tombstones and runs, in SQLite with WAL and synchronous=FULL, so that what was promised
 * survives power loss. A database that fails its check is set aside, never overwritten.
 */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { AgentState, RunRecord } from './model.ts';

export interface Journal {
  load(): AgentState;
  setMaxLeaderEpoch(epoch: number): void;
  setTombstone(deployment: string, epoch: number): void;
  putRun(run: RunRecord): void;
  deleteRun(runId: string): void;
  close(): void;
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** Where a damaged database was set aside; the runs must then be found again by other means. */
  readonly quarantined: string | null;
}

/** Migration n brings user_version from n to n+1. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE fence (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
   CREATE TABLE tombstone (deployment TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
   CREATE TABLE run (run_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;`,
];

/** @throws STATE_CORRUPT when the database is of a newer version, DISK_FULL */
export function openJournal(stateDir: string, wallMs: number): OpenedJournal {
  const file = join(stateDir, 'journal.sqlite');
  const first = tryOpen(file);
  if (first !== null) return { journal: journalOver(first), quarantined: null };
  const aside = `${file}.corrupt-${new Date(wallMs).toISOString().replace(/[:.]/g, '-')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  const second = tryOpen(file);
  if (second === null)
    throw new Dsr1Error('STATE_CORRUPT', `${file} cannot be made anew`, {
      hint: `check the disk that holds ${stateDir}`,
    });
  return { journal: journalOver(second), quarantined: aside };
}

/** null when the file is damaged (SQLITE_CORRUPT 11, SQLITE_NOTADB 26, or a failed quick_check). */
function tryOpen(file: string): DatabaseSync | null {
  const database = new DatabaseSync(file);
  try {
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 64',
    );
    if (database.prepare('PRAGMA quick_check(1)').get()?.quick_check !== 'ok') throw damaged();
    migrate(database, file);
    return database;
  } catch (error) {
    database.close();
    if ([11, 26].includes((error as { errcode?: number }).errcode ?? 0)) return null;
    throw error;
  }
}

const damaged = (): Error => Object.assign(new Error('quick_check failed'), { errcode: 11 });

function migrate(database: DatabaseSync, file: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new Dsr1Error(
      'STATE_CORRUPT',
      `${file} was written by a newer dsr1 (schema ${version}, this one knows ${MIGRATIONS.length})`,
      {
        hint: 'install that version again; the file was left as it is',
      },
    );
  }
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index >= version) database.exec(`BEGIN; ${sql} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

function journalOver(database: DatabaseSync): Journal {
  const setFence = database.prepare(
    'INSERT INTO fence VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET epoch = max(epoch, excluded.epoch)',
  );
  const bury = database.prepare(
    'INSERT INTO tombstone VALUES (?, ?) ON CONFLICT (deployment) DO UPDATE SET epoch = max(epoch, excluded.epoch)',
  );
  const put = database.prepare(
    'INSERT INTO run VALUES (?, ?) ON CONFLICT (run_id) DO UPDATE SET record = excluded.record',
  );
  const drop = database.prepare('DELETE FROM run WHERE run_id = ?');
  return {
    load: () => ({
      maxLeaderEpoch: Number(
        database.prepare("SELECT epoch FROM fence WHERE name = 'leader'").get()?.epoch ?? 0,
      ),
      tombstones: new Map(
        database
          .prepare('SELECT deployment, epoch FROM tombstone')
          .all()
          .map((row) => [String(row.deployment), Number(row.epoch)]),
      ),
      runs: new Map(
        database
          .prepare('SELECT record FROM run')
          .all()
          .map((row) => {
            const run = JSON.parse(String(row.record)) as RunRecord;
            return [run.runId, run];
          }),
      ),
    }),
    setMaxLeaderEpoch: (epoch) => void setFence.run('leader', epoch),
    setTombstone: (deployment, epoch) => void bury.run(deployment, epoch),
    putRun: (run) => void put.run(run.runId, JSON.stringify(run)),
    deleteRun: (runId) => void drop.run(runId),
    close: () => database.close(),
  };
}
