/** A secret of the ranks of one attempt alone: who may use the endpoint must not be able to run code on its hosts. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

/** Derived from a secret of the cluster, so that a coordinator that starts again tells every rank the same. */
export function gangKey(db: Database, deployment: string, epoch: number): string {
  db.run(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING',
    ROOT,
    randomBytes(32).toString('hex'),
  );
  const root = db.get('SELECT value FROM meta WHERE key = ?', ROOT)?.value;
  return createHmac('sha256', String(root)).update(`${deployment} ${epoch}`).digest('hex');
}

const ROOT = 'gangSecret';
