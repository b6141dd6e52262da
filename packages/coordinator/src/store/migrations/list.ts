/** The schema's history. A migration that has shipped never changes; a new one is a new file and a line here. */
import { nodesMigration } from './001-nodes.ts';
import { deploymentsMigration } from './002-deployments.ts';
import { checksMigration } from './003-checks.ts';
import { rehearsalsMigration } from './004-rehearsals.ts';

export interface Migration {
  /** 1, 2, 3 … without a gap; kept in the database as `user_version`. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  nodesMigration,
  deploymentsMigration,
  checksMigration,
  rehearsalsMigration,
];
