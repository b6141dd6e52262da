/**
 * One process a state directory. The lock is an exclusive transaction on a small SQLite file of its own: the kernel lets
 * it go when the process dies, however it dies, which no pid file does; the databases beside it stay readable for backups.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Dsr1Error } from './errors.ts';

const SQLITE_BUSY = 5;

/** Returns the release function. @throws STATE_LOCKED, DISK_FULL */
export function lockStateDir(stateDir: string, program: 'dsr1-agent' | 'dsr1-coordinator'): () => void {
  const lock = new DatabaseSync(join(stateDir, `${program}.lock`));
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause;
    throw new Dsr1Error('STATE_LOCKED', `${stateDir} is in use by another ${program}`, {
      cause,
      hint: `stop it (\`systemctl stop ${program}\`), or give this one its own --state-dir`,
    });
  }
  return () => lock.close();
}
