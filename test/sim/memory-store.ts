/** The coordinator's real tables, in memory, with these nodes joined. */
import { MIGRATIONS } from '@dsr1/coordinator/store/migrations/list';
import { openDatabase } from '@dsr1/coordinator/store/sqlite/database';
import { sqliteDeployments } from '@dsr1/coordinator/store/sqlite/deployments';
import { sqliteEnrolments } from '@dsr1/coordinator/store/sqlite/enrolments';
import { migrate } from '@dsr1/coordinator/store/sqlite/migrate';
import { sqliteCertificates, sqliteNodes } from '@dsr1/coordinator/store/sqlite/nodes';
import { sqliteTokens } from '@dsr1/coordinator/store/sqlite/secrets';
import type { Store } from '@dsr1/coordinator/store/store';

export type MemoryStore = Pick<Store, 'meta' | 'nodes' | 'certificates' | 'deployments'>;

export async function openMemoryStore(nodeNames: readonly string[]): Promise<MemoryStore> {
  const db = openDatabase(':memory:');
  // A database in memory has nothing to back up.
  migrate(db, MIGRATIONS, '');
  const tokens = sqliteTokens(db);
  const enrolments = sqliteEnrolments(db);
  const token = {
    id: 'sim',
    secretHash: '',
    createdAtMs: 0,
    expiresAtMs: 1,
    maxUses: 1024,
    note: '',
    createdBy: '',
  };
  await tokens.create(token);
  for (const name of nodeNames) {
    await enrolments.admit({
      tokenId: token.id,
      atMs: 0,
      node: { id: name, name, fingerprint: name, hostname: name, agentVersion: '0.1.0' },
      certificate: { serial: name, spkiHash: name, notAfterMs: 1, pem: '' },
    });
  }
  let leaderEpoch = 0;
  return {
    meta: {
      get: async () => null,
      set: async () => {},
      raiseLeaderEpoch: async (atLeast) => {
        leaderEpoch = Math.max(leaderEpoch, atLeast) + 1;
        return leaderEpoch;
      },
    },
    nodes: sqliteNodes(db),
    certificates: sqliteCertificates(db),
    deployments: sqliteDeployments(db),
  };
}
