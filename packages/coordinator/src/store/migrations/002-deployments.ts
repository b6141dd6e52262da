import type { Migration } from './list.ts';

export const deploymentsMigration: Migration = {
  version: 2,
  name: 'deployments',
  sql: `
CREATE TABLE deployments (
  name TEXT PRIMARY KEY,
  spec_json TEXT NOT NULL,
  api_key TEXT NOT NULL,
  desired TEXT NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL,
  rejections_json TEXT NOT NULL,
  planned_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  created_at_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Outlives its deployment.
CREATE TABLE deployment_epochs (
  name TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  deployment TEXT NOT NULL REFERENCES deployments (name) ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  plan_json TEXT NOT NULL,
  avoid_ports_json TEXT NOT NULL,
  step TEXT NOT NULL,
  commit_at_ms INTEGER,
  served_at_ms INTEGER,
  served_at_wall_ms INTEGER,
  ending_json TEXT,
  ended_at_ms INTEGER,
  closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
  PRIMARY KEY (deployment, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt_ranks (
  deployment TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  node_id TEXT NOT NULL,
  node_name TEXT NOT NULL,
  boot_id TEXT,
  committed INTEGER NOT NULL DEFAULT 0 CHECK (committed IN (0, 1)),
  stop_acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (stop_acknowledged IN (0, 1)),
  stop_sent_at_ms INTEGER,
  told_state TEXT,
  told_phase TEXT,
  PRIMARY KEY (deployment, epoch, rank),
  FOREIGN KEY (deployment, epoch) REFERENCES attempts (deployment, epoch) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
`,
};
