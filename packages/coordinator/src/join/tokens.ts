/** Join tokens: made here, shown once, stored hashed. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CreatedToken, TokenRequest, TokenSummary } from '@dsr1/shared/http-api/resources';
import { formatJoinToken } from '@dsr1/shared/identity/token';
import { hashSecret, sameHash } from '../keys/api-keys.ts';
import type { TokenRow, TokenStore } from '../store/store.ts';

export interface Tokens {
  create(request: TokenRequest, createdBy: string): Promise<CreatedToken>;
  list(): Promise<readonly TokenSummary[]>;
  /** @throws NOT_FOUND */
  revoke(id: string): Promise<TokenSummary>;
}

export interface TokensDeps {
  readonly store: TokenStore;
  readonly clock: Clock;
  /** Hash of the CA's public key, which every token pins. */
  readonly caHash: string;
  /** `host:port` of the enrolment service, as nodes reach it. */
  readonly joinAddress: () => string;
}

const DEFAULT_TTL_SECONDS = 3600;

export function createTokens({ store, clock, caHash, joinAddress }: TokensDeps): Tokens {
  return {
    async create({ ttlSeconds = DEFAULT_TTL_SECONDS, maxUses = 1, note = '' }, createdBy) {
      const id = randomId();
      const secret = randomBytes(32).toString('base64url');
      const createdAtMs = clock.wallMs();
      const expiresAtMs = createdAtMs + ttlSeconds * 1000;
      const row = await store.create({
        id,
        secretHash: hashSecret(secret),
        createdAtMs,
        expiresAtMs,
        maxUses,
        note,
        createdBy,
      });
      const token = formatJoinToken({ caHashes: [caHash], id, secret });
      return { ...summary(row), token, joinLine: `dsr1ctl join --server ${joinAddress()} --token ${token}` };
    },
    list: async () => (await store.list()).map(summary),
    async revoke(id) {
      const row = await store.revoke(id, clock.wallMs());
      if (row === null)
        throw new Dsr1Error('NOT_FOUND', `no token has id ${id}`, { hint: '`dsr1ctl token list` shows all' });
      return summary(row);
    },
  };
}

/**
 * The row of a token whose secret is right. Unknown id and wrong secret are one answer.
 * @throws TOKEN_INVALID
 */
export async function checkSecret(store: TokenStore, id: string, secret: string): Promise<TokenRow> {
  const row = await store.get(id);
  if (row !== null && sameHash(row.secretHash, hashSecret(secret))) return row;
  throw new Dsr1Error('TOKEN_INVALID', 'this cluster has no such join token', { hint: NEW_TOKEN });
}

/** Why the token admits nobody now, or null when it does. */
export function tokenRefusal(row: TokenRow, nowMs: number): Dsr1Error | null {
  if (row.revokedAtMs !== null)
    return new Dsr1Error('TOKEN_REVOKED', `join token ${row.id} was revoked at ${iso(row.revokedAtMs)}`, {
      hint: NEW_TOKEN,
    });
  if (row.expiresAtMs <= nowMs) {
    return new Dsr1Error(
      'TOKEN_EXPIRED',
      `join token ${row.id} expired at ${iso(row.expiresAtMs)}, it is ${iso(nowMs)}`,
      { hint: NEW_TOKEN },
    );
  }
  if (row.uses >= row.maxUses) {
    return new Dsr1Error('TOKEN_USED', `join token ${row.id} was used ${row.uses} of ${row.maxUses} times`, {
      hint: `${NEW_TOKEN}; \`--max-uses N\` makes one for N nodes`,
    });
  }
  return null;
}

const NEW_TOKEN = 'make a new one: `dsr1ctl token create`';
const iso = (ms: number): string => new Date(ms).toISOString();

/** 8 characters of 32: ids are not secret, only distinct. */
function randomId(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  return [...randomBytes(8)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

const summary = (row: TokenRow): TokenSummary => ({
  id: row.id,
  createdAt: iso(row.createdAtMs),
  expiresAt: iso(row.expiresAtMs),
  maxUses: row.maxUses,
  uses: row.uses,
  revoked: row.revokedAtMs !== null,
  note: row.note,
});
