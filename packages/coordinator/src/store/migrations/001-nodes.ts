import type { Migration } from './list.ts';

export const nodesMigration: Migration = {
  version: 1,
  name: 'nodes',
  sql: `
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  hostname TEXT NOT NULL,
  agent_version TEXT NOT NULL,
  joined_at_ms INTEGER NOT NULL,
  last_seen_at_ms INTEGER,
  boot_id TEXT,
  cordoned INTEGER NOT NULL DEFAULT 0 CHECK (cordoned IN (0, 1)),
  quarantine TEXT,
  removed_at_ms INTEGER,
  facts_hash TEXT,
  facts_json TEXT,
  facts_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX nodes_name ON nodes (name) WHERE removed_at_ms IS NULL;

CREATE TABLE certificates (
  serial TEXT PRIMARY KEY,
  node_id TEXT NOT NULL REFERENCES nodes (id),
  spki_hash TEXT NOT NULL,
  generation INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  UNIQUE (node_id, generation)
) STRICT;
CREATE INDEX certificates_spki ON certificates (spki_hash);

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  max_uses INTEGER NOT NULL,
  uses INTEGER NOT NULL DEFAULT 0 CHECK (uses <= max_uses),
  note TEXT NOT NULL,
  created_by TEXT NOT NULL,
  revoked_at_ms INTEGER
) STRICT;

CREATE TABLE enrolments (
  token_id TEXT NOT NULL REFERENCES tokens (id),
  spki_hash TEXT NOT NULL,
  node_id TEXT NOT NULL REFERENCES nodes (id),
  certificate_pem TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (token_id, spki_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  note TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER
) STRICT;

CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  level TEXT NOT NULL,
  kind TEXT NOT NULL,
  node TEXT,
  deployment TEXT,
  message TEXT NOT NULL,
  data_json TEXT NOT NULL
) STRICT;
`,
};
