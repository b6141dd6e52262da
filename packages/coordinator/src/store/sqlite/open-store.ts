/** The store of a single coordinator: one SQLite file in the state directory. */
import { join } from 'node:path';
import { makePrivateFolder } from '@dsr1/shared/durable-file';
import { lockStateDir } from '@dsr1/shared/state-lock';
import { MIGRATIONS } from '../migrations/list.ts';
import type { MetaStore, Store } from '../store.ts';
import { type Database, openDatabase } from './database.ts';
import { sqliteDeployments } from './deployments.ts';
import { sqliteEnrolments } from './enrolments.ts';
import { sqliteEvents } from './events.ts';
import { sqliteFigures } from './figures.ts';
import { migrate } from './migrate.ts';
import { sqliteCertificates, sqliteNodes } from './nodes.ts';
import { sqliteKeys, sqliteTokens } from './secrets.ts';

export const databasePath = (stateDir: string): string => join(stateDir, 'coordinator.db');

/** @throws STATE_LOCKED, STATE_CORRUPT, VERSION_SKEW, DISK_FULL */
export function openSqliteStore(stateDir: string): Store {
  makePrivateFolder(stateDir);
  const release = lockStateDir(stateDir, 'dsr1-coordinator');
  try {
    const db = openDatabase(databasePath(stateDir));
    try {
      migrate(db, MIGRATIONS, join(stateDir, 'backups'));
    } catch (error) {
      db.close();
      throw error;
    }
    return assemble(db, release);
  } catch (error) {
    release();
    throw error;
  }
}

function assemble(db: Database, release: () => void): Store {
  return {
    meta: sqliteMeta(db),
    nodes: sqliteNodes(db),
    enrolments: sqliteEnrolments(db),
    certificates: sqliteCertificates(db),
    tokens: sqliteTokens(db),
    keys: sqliteKeys(db),
    events: sqliteEvents(db),
    deployments: sqliteDeployments(db),
    figures: sqliteFigures(db),
    close: () => {
      db.close();
      release();
    },
  };
}

function sqliteMeta(db: Database): MetaStore {
  const get = (key: string) =>
    (db.get('SELECT value FROM meta WHERE key = ?', key)?.value as string | undefined) ?? null;
  const set = (key: string, value: string) =>
    db.run(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      value,
    );
  return {
    get: async (key) => get(key),
    set: async (key, value) => {
      set(key, value);
    },
    raiseLeaderEpoch: async (atLeast) =>
      db.transaction(() => {
        const epoch = Math.max(Number(get('leaderEpoch') ?? 0), atLeast) + 1;
        set('leaderEpoch', String(epoch));
        return epoch;
      }),
  };
}
