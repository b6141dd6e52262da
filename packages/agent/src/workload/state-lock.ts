/**
 * One agent per state directory. The lock is an exclusive transaction on a small SQLite file: the kernel lets it go when
 * the process dies, however it dies, which no pid file does.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Dsr1Error } from '@dsr1/shared/errors';

/** @throws STATE_LOCKED, DISK_FULL */
export function lockStateDir(stateDir: string): { release(): void } {
  const file = join(stateDir, 'lock.sqlite');
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    // SQLITE_BUSY 5
    if ((cause as { errcode?: number }).errcode !== 5) throw cause;
    throw new Dsr1Error('STATE_LOCKED', `${stateDir} is in use by another dsr1-agent`, {
      cause,
      hint: 'stop it (`systemctl stop dsr1-agent`), or give this one its own --state-dir',
    });
  }
  return { release: () => database.close() };
}
