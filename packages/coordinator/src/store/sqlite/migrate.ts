import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { Migration } from '../migrations/list.ts';
import type { Database } from './database.ts';

const BACKUPS_KEPT = 7;

/**
 * Brings the schema to the newest version, a transaction each; before the first change of an existing database a copy
 * goes to `backupDir` (the newest 7 stay).
 * @throws VERSION_SKEW when a newer dsr1 wrote the database
 */
export function migrate(db: Database, migrations: readonly Migration[], backupDir: string): void {
  const current = Number(db.get('PRAGMA user_version')?.user_version);
  const newest = migrations.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new Dsr1Error(
      'VERSION_SKEW',
      `the database has schema ${current}, this coordinator knows up to ${newest}`,
      {
        hint: `run the newer dsr1-coordinator, or restore a backup from ${backupDir}`,
      },
    );
  }
  const pending = migrations.filter((migration) => migration.version > current);
  if (pending.length > 0 && current > 0) backup(db, backupDir, current);
  for (const migration of pending) {
    db.transaction(() => {
      db.exec(migration.sql);
      db.exec(`PRAGMA user_version = ${migration.version}`);
    });
  }
}

/** A whole, checked copy (0600) without stopping writers. What was at `path` stays when there is no room for the new one. */
export function copyInto(db: Database, path: string): void {
  const beside = `${path}.tmp`;
  rmSync(beside, { force: true });
  db.run('VACUUM INTO ?', beside);
  chmodSync(beside, 0o600);
  renameSync(beside, path);
}

function backup(db: Database, folder: string, version: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  copyInto(db, join(folder, `coordinator-schema-${String(version).padStart(4, '0')}.db`));
  const copies = readdirSync(folder)
    .filter((name) => /^coordinator-schema-\d+\.db$/.test(name))
    .sort();
  for (const name of copies.slice(0, -BACKUPS_KEPT)) rmSync(join(folder, name));
}
