/** Keys of the HTTP API: `dsr1_<id>_<secret>`. Only the hash of the secret is stored; the whole is shown once. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { KeyRole } from '@dsr1/shared/http-api/resources';
import type { KeyRow, KeyStore } from '../store/store.ts';

const FORM = /^dsr1_([0-9a-f]{8})_([A-Za-z0-9_-]{43})$/;
const RANK: Readonly<Record<KeyRole, number>> = { viewer: 0, operator: 1, admin: 2 };

export const roleAllows = (held: KeyRole, needed: KeyRole): boolean => RANK[held] >= RANK[needed];

/** Makes and stores a key; the only time that its text exists. */
export async function createApiKey(
  store: KeyStore,
  request: { readonly role: KeyRole; readonly note: string; readonly nowMs: number },
): Promise<{ readonly row: KeyRow; readonly key: string }> {
  const id = randomBytes(4).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const { role, note, nowMs } = request;
  const row = await store.create({ id, secretHash: hashSecret(secret), role, note, createdAtMs: nowMs });
  return { row, key: `dsr1_${id}_${secret}` };
}

/** @throws UNAUTHENTICATED, never saying which part was wrong */
export async function authenticate(store: KeyStore, key: string): Promise<KeyRow> {
  const [, id, secret] = FORM.exec(key) ?? [];
  const row = id === undefined ? null : await store.get(id);
  if (
    row !== null &&
    secret !== undefined &&
    row.revokedAtMs === null &&
    sameHash(row.secretHash, hashSecret(secret))
  )
    return row;
  throw new Dsr1Error('UNAUTHENTICATED', 'the API key is unknown or revoked', {
    hint: "take a valid key: the first one is in admin.key of the coordinator's state directory",
  });
}

/** A fast hash is enough: the secret has 256 random bits, so there is nothing to guess. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

export const sameHash = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
