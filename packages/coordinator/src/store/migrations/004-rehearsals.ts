import type { Migration } from './list.ts';

export const rehearsalsMigration: Migration = {
  version: 4,
  name: 'rehearsals',
  sql: `
ALTER TABLE deployments ADD COLUMN proven_network TEXT;
`,
};
