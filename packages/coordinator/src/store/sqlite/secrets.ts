/** Join tokens and API keys: only hashes of their secrets are here. */
import type { KeyStore, TokenStore } from '../store.ts';
import type { Database } from './database.ts';
import { keyOf, tokenOf } from './rows.ts';

export function sqliteTokens(db: Database): TokenStore {
  const get = (id: string) => {
    const row = db.get('SELECT * FROM tokens WHERE id = ?', id);
    return row === null ? null : tokenOf(row);
  };
  return {
    create: async (token) => {
      db.run(
        'INSERT INTO tokens (id, secret_hash, created_at_ms, expires_at_ms, max_uses, note, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)',
        token.id,
        token.secretHash,
        token.createdAtMs,
        token.expiresAtMs,
        token.maxUses,
        token.note,
        token.createdBy,
      );
      return { ...token, uses: 0, revokedAtMs: null };
    },
    get: async (id) => get(id),
    list: async () => db.all('SELECT * FROM tokens ORDER BY created_at_ms DESC, id').map(tokenOf),
    revoke: async (id, atMs) => {
      db.run('UPDATE tokens SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL', atMs, id);
      return get(id);
    },
  };
}

export function sqliteKeys(db: Database): KeyStore {
  const get = (id: string) => {
    const row = db.get('SELECT * FROM keys WHERE id = ?', id);
    return row === null ? null : keyOf(row);
  };
  return {
    create: async (key) => {
      db.run(
        'INSERT INTO keys (id, secret_hash, role, note, created_at_ms) VALUES (?, ?, ?, ?, ?)',
        key.id,
        key.secretHash,
        key.role,
        key.note,
        key.createdAtMs,
      );
      return { ...key, revokedAtMs: null };
    },
    get: async (id) => get(id),
    list: async () => db.all('SELECT * FROM keys ORDER BY created_at_ms, id').map(keyOf),
    revoke: async (id, atMs) => {
      db.run('UPDATE keys SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL', atMs, id);
      return get(id);
    },
  };
}
