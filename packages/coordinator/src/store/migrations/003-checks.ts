import type { Migration } from './list.ts';

export const checksMigration: Migration = {
  version: 3,
  name: 'checks',
  sql: `
CREATE TABLE check_figures (
  subject TEXT NOT NULL,
  figure TEXT NOT NULL,
  value REAL NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (subject, figure)
) STRICT, WITHOUT ROWID;
`,
};
