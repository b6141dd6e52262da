/**
 * One process a state directory. The lock is an exclusive transaction on a file of its own: the kernel drops it when the
 * process dies, however it dies, and the database itself stays readable for backups.
 */
import { DatabaseSync } from 'node:sqlite';
import { Dsr1Error } from '@dsr1/shared/errors';

const SQLITE_BUSY = 5;

/** Returns the release function. @throws STATE_LOCKED */
export function lockInstance(path: string, stateDir: string): () => void {
  const lock = new DatabaseSync(path);
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause;
    throw new Dsr1Error('STATE_LOCKED', `another dsr1-coordinator uses ${stateDir}`, {
      cause,
      hint: 'stop it (`systemctl stop dsr1-coordinator`), or choose another --state-dir',
    });
  }
  return () => lock.close();
}
