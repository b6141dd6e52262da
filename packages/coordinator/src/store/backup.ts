/** A whole copy of what a coordinator cannot be made again from: database, CA and its key. Works while it runs. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { openDatabase } from './sqlite/database.ts';
import { copyInto } from './sqlite/migrate.ts';
import { databasePath } from './sqlite/open-store.ts';

const FILES = ['ca.crt', 'ca.key'] as const;

/** Returns the folder that was written. @throws NOT_FOUND, STATE_CORRUPT, DISK_FULL */
export function backupState(stateDir: string, folder: string): string {
  if (!existsSync(databasePath(stateDir))) {
    throw new Dsr1Error('NOT_FOUND', `there is no coordinator state in ${stateDir}`, {
      hint: 'name it with --state-dir',
    });
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = openDatabase(databasePath(stateDir));
  try {
    copyInto(db, join(folder, 'coordinator.db'));
  } finally {
    db.close();
  }
  for (const name of FILES) copyFileSync(join(stateDir, name), join(folder, name));
  return folder;
}
