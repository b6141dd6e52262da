/** What the first start leaves behind: the admin key in a file that only the owner reads. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@dsr1/shared/clock';
import { writeDurably } from '@dsr1/shared/durable-file';
import { Dsr1Error } from '@dsr1/shared/errors';
import { createApiKey } from './keys/api-keys.ts';
import type { Store } from './store/store.ts';

export const adminKeyPath = (stateDir: string): string => join(stateDir, 'admin.key');

/**
 * True on the first start of this state directory. A file that was deleted since comes back only when no admin key is
 * left, so that whoever deletes it on purpose is not overruled.
 */
export async function ensureAdminKey(
  store: Pick<Store, 'keys'>,
  stateDir: string,
  clock: Clock,
): Promise<boolean> {
  const keys = await store.keys.list();
  const admins = keys.filter((key) => key.role === 'admin' && key.revokedAtMs === null);
  if (admins.length > 0) return false;
  const { key } = await createApiKey(store.keys, {
    role: 'admin',
    note: 'made at the first start',
    nowMs: clock.wallMs(),
  });
  writeDurably(adminKeyPath(stateDir), `${key}\n`);
  return keys.length === 0;
}

/**
 * Database and CA belong together. @throws STATE_CORRUPT when they are of different clusters
 */
export async function checkCluster(
  store: Pick<Store, 'meta'>,
  stateDir: string,
  clusterId: string,
): Promise<void> {
  const known = await store.meta.get('clusterId');
  if (known === null) return store.meta.set('clusterId', clusterId);
  if (known === clusterId) return;
  throw new Dsr1Error(
    'STATE_CORRUPT',
    `the database in ${stateDir} is of cluster ${known}, the CA of cluster ${clusterId}`,
    {
      hint: 'restore coordinator.db, ca.crt and ca.key from the same backup',
    },
  );
}

/** @throws STATE_CORRUPT: a database whose CA is gone must not get a new one silently */
export async function checkCaIsThere(
  store: Pick<Store, 'meta'>,
  stateDir: string,
  path: string,
): Promise<void> {
  if (existsSync(path) || (await store.meta.get('clusterId')) === null) return;
  throw new Dsr1Error(
    'STATE_CORRUPT',
    `${path} is missing, but the database in ${stateDir} belongs to a cluster that has it`,
    {
      hint: 'restore ca.crt and ca.key from a backup; with a new CA every node would have to join again',
    },
  );
}
