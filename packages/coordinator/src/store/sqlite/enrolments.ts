import type { Admission, AdmissionOutcome, EnrolmentStore } from '../store.ts';
import type { Database } from './database.ts';
import { insertCertificate, nextGeneration } from './nodes.ts';
import { nodeOf } from './rows.ts';

export function sqliteEnrolments(db: Database): EnrolmentStore {
  return {
    admit: async (admission) => db.transaction(() => admit(db, admission)),
    replied: async (tokenId, spkiHash) => {
      const row = db.get(
        'SELECT node_id, certificate_pem FROM enrolments WHERE token_id = ? AND spki_hash = ?',
        tokenId,
        spkiHash,
      );
      if (row === null) return null;
      return { nodeId: row.node_id as string, certificatePem: row.certificate_pem as string };
    },
  };
}

/** The conditional UPDATE decides between racers: exactly `max_uses` of them change a row. */
function admit(db: Database, { tokenId, atMs, node, certificate }: Admission): AdmissionOutcome {
  const taken = db.get(
    'SELECT id FROM nodes WHERE name = ? AND removed_at_ms IS NULL AND id <> ?',
    node.name,
    node.id,
  );
  if (taken !== null) return { kind: 'name-taken' };
  const used = db.run(
    'UPDATE tokens SET uses = uses + 1 WHERE id = ? AND revoked_at_ms IS NULL AND expires_at_ms > ? AND uses < max_uses',
    tokenId,
    atMs,
  );
  if (used !== 1) return { kind: 'token-refused' };
  db.run(
    `INSERT INTO nodes (id, name, fingerprint, hostname, agent_version, joined_at_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, fingerprint = excluded.fingerprint, hostname = excluded.hostname,
       agent_version = excluded.agent_version, removed_at_ms = NULL, quarantine = NULL`,
    node.id,
    node.name,
    node.fingerprint,
    node.hostname,
    node.agentVersion,
    atMs,
  );
  db.run(
    'UPDATE certificates SET revoked_at_ms = ? WHERE node_id = ? AND revoked_at_ms IS NULL',
    atMs,
    node.id,
  );
  insertCertificate(db, { ...certificate, nodeId: node.id, generation: nextGeneration(db, node.id) });
  db.run(
    'INSERT INTO enrolments (token_id, spki_hash, node_id, certificate_pem, at_ms) VALUES (?, ?, ?, ?, ?)',
    tokenId,
    certificate.spkiHash,
    node.id,
    certificate.pem,
    atMs,
  );
  // The row was just written in this transaction.
  return { kind: 'admitted', node: nodeOf(db.get('SELECT * FROM nodes WHERE id = ?', node.id) ?? {}) };
}
