import type { CertificateStore, NodeStore } from '../store.ts';
import type { Database } from './database.ts';
import { certificateOf, nodeOf } from './rows.ts';

export function sqliteNodes(db: Database): NodeStore {
  return {
    list: async () => db.all('SELECT * FROM nodes ORDER BY joined_at_ms, id').map(nodeOf),
    setSeen: async (id, seen) => {
      db.run(
        'UPDATE nodes SET last_seen_at_ms = ?, boot_id = ?, agent_version = ? WHERE id = ?',
        seen.atMs,
        seen.bootId,
        seen.agentVersion,
        id,
      );
    },
    setFacts: async (id, facts) => {
      db.run(
        'UPDATE nodes SET facts_hash = ?, facts_json = ?, facts_at_ms = ? WHERE id = ?',
        facts.hash,
        facts.json,
        facts.atMs,
        id,
      );
    },
    setCordoned: async (id, cordoned) => {
      db.run('UPDATE nodes SET cordoned = ? WHERE id = ?', cordoned ? 1 : 0, id);
    },
    setQuarantine: async (id, reason) => {
      db.run('UPDATE nodes SET quarantine = ? WHERE id = ?', reason, id);
    },
    remove: async (id, atMs) => {
      db.transaction(() => {
        db.run('UPDATE nodes SET removed_at_ms = ? WHERE id = ? AND removed_at_ms IS NULL', atMs, id);
        db.run(
          'UPDATE certificates SET revoked_at_ms = ? WHERE node_id = ? AND revoked_at_ms IS NULL',
          atMs,
          id,
        );
      });
    },
  };
}

export function sqliteCertificates(db: Database): CertificateStore {
  const one = (sql: string, value: string) => {
    const row = db.get(sql, value);
    return row === null ? null : certificateOf(row);
  };
  return {
    bySerial: async (serial) => one('SELECT * FROM certificates WHERE serial = ?', serial),
    bySpki: async (hash) =>
      one('SELECT * FROM certificates WHERE spki_hash = ? ORDER BY generation DESC LIMIT 1', hash),
    newestOf: async (nodeId) =>
      one('SELECT * FROM certificates WHERE node_id = ? ORDER BY generation DESC LIMIT 1', nodeId),
    add: async (certificate) =>
      db.transaction(() => {
        const generation = nextGeneration(db, certificate.nodeId);
        insertCertificate(db, { ...certificate, generation });
        return { ...certificate, generation, revokedAtMs: null };
      }),
    supersede: async (nodeId, generation, atMs) =>
      db.run(
        'UPDATE certificates SET revoked_at_ms = ? WHERE node_id = ? AND generation < ? AND revoked_at_ms IS NULL',
        atMs,
        nodeId,
        generation,
      ),
  };
}

/** Within a transaction of the caller. */
export function nextGeneration(db: Database, nodeId: string): number {
  const row = db.get(
    'SELECT coalesce(max(generation), 0) + 1 AS next FROM certificates WHERE node_id = ?',
    nodeId,
  );
  return Number(row?.next);
}

/** Within a transaction of the caller. */
export function insertCertificate(
  db: Database,
  certificate: { serial: string; nodeId: string; spkiHash: string; generation: number; notAfterMs: number },
): void {
  db.run(
    'INSERT INTO certificates (serial, node_id, spki_hash, generation, not_after_ms) VALUES (?, ?, ?, ?, ?)',
    certificate.serial,
    certificate.nodeId,
    certificate.spkiHash,
    certificate.generation,
    certificate.notAfterMs,
  );
}
