/**
 * One SQLite file with the settings that survive power loss: WAL with synchronous=FULL, so that epochs and tombstones
 * that were answered for are on disk.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Dsr1Error } from '@dsr1/shared/errors';

export type Row = Readonly<Record<string, unknown>>;

/** Prepared statements by their text; calls are synchronous, so a transaction is never interleaved. */
export interface Database {
  /** Rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number;
  get(sql: string, ...values: SQLInputValue[]): Row | null;
  all(sql: string, ...values: SQLInputValue[]): readonly Row[];
  /** Several statements without values (migrations, pragmas). */
  exec(sql: string): void;
  /** Commits when `work` returns, rolls back when it throws. Does not nest. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/**
 * Opens and checks a database file; a new one is empty.
 * @throws STATE_CORRUPT (the file stays as it is)
 */
export function openDatabase(path: string): Database {
  const existed = existsSync(path);
  const raw = openRaw(path);
  try {
    if (existed) check(raw, path);
    raw.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 128',
    );
  } catch (error) {
    raw.close();
    throw error;
  }
  return wrap(raw);
}

function openRaw(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (cause) {
    throw new Dsr1Error(
      'CONFIG_INVALID',
      `the database ${path} cannot be opened (${(cause as Error).message})`,
      {
        cause,
        hint: 'check that the state directory is a directory which this user may write',
      },
    );
  }
}

function check(raw: DatabaseSync, path: string): void {
  let found: string;
  let cause: unknown;
  try {
    found = String(raw.prepare('PRAGMA quick_check(1)').get()?.quick_check);
  } catch (error) {
    found = (error as Error).message;
    cause = error;
  }
  if (found === 'ok') return;
  throw new Dsr1Error('STATE_CORRUPT', `the database ${path} is damaged: ${found}; it was left untouched`, {
    cause,
    hint: `move ${path} and ${path}-wal aside and put the newest file of backups/ beside it in its place, then start again; engines keep running meanwhile`,
  });
}

function wrap(raw: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? raw.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    run: (sql, ...values) => Number(withRoom(raw, () => prepare(sql).run(...values)).changes),
    get: (sql, ...values) => prepare(sql).get(...values) ?? null,
    all: (sql, ...values) => prepare(sql).all(...values),
    exec: (sql) => raw.exec(sql),
    transaction: (work) => withRoom(raw, () => transaction(raw, work)),
    close: () => raw.close(),
  };
}

const SQLITE_FULL = 13;

/**
 * On a full disk the log cannot grow, and would never be emptied: what it holds goes into the database, and the write,
 * which was rolled back, is tried once more in the log's own room.
 */
function withRoom<T>(raw: DatabaseSync, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if ((error as { errcode?: unknown }).errcode !== SQLITE_FULL || raw.isTransaction) throw error;
    try {
      raw.exec('PRAGMA wal_checkpoint(RESTART)');
    } catch {
      throw error;
    }
    return write();
  }
}

function transaction<T>(raw: DatabaseSync, work: () => T): T {
  raw.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    raw.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk rolls back by itself; a second ROLLBACK would hide the reason.
    if (raw.isTransaction) raw.exec('ROLLBACK');
    throw error;
  }
}
