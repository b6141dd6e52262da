import type { EventStore } from '../store.ts';
import type { Database } from './database.ts';
import { eventOf } from './rows.ts';

const MATCHES = '(?2 IS NULL OR node = ?2) AND (?3 IS NULL OR deployment = ?3)';

export function sqliteEvents(db: Database): EventStore {
  return {
    append: async ({ atMs, level, kind, node, deployment, message, data }) => {
      const row = db.get(
        'INSERT INTO events (at_ms, level, kind, node, deployment, message, data_json) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *',
        atMs,
        level,
        kind,
        node,
        deployment,
        message,
        JSON.stringify(data),
      );
      // RETURNING answers with the row that was just written.
      return eventOf(row ?? {});
    },
    after: async (sequence, filter, limit) =>
      db
        .all(
          `SELECT * FROM events WHERE sequence > ?1 AND ${MATCHES} ORDER BY sequence LIMIT ?4`,
          sequence,
          filter.node ?? null,
          filter.deployment ?? null,
          limit,
        )
        .map(eventOf),
    newest: async (filter, limit) =>
      db
        .all(
          `SELECT * FROM events WHERE sequence > ?1 AND ${MATCHES} ORDER BY sequence DESC LIMIT ?4`,
          0,
          filter.node ?? null,
          filter.deployment ?? null,
          limit,
        )
        .map(eventOf)
        .reverse(),
    prune: async (keep) => {
      db.run('DELETE FROM events WHERE sequence <= (SELECT max(sequence) FROM events) - ?', keep);
    },
  };
}
