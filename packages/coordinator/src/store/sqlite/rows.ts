/** Rows of SQLite as domain values. Columns are typed by the schema (STRICT tables), hence the casts. */
import type { ClusterEvent } from '@dsr1/shared/http-api/resources';
import type { CertificateRow, KeyRow, NodeRow, TokenRow } from '../store.ts';
import type { Row } from './database.ts';

const text = (value: unknown): string => value as string;
const textOrNull = (value: unknown): string | null => value as string | null;
const number = (value: unknown): number => value as number;
const numberOrNull = (value: unknown): number | null => value as number | null;

export const nodeOf = (row: Row): NodeRow => ({
  id: text(row.id),
  name: text(row.name),
  fingerprint: text(row.fingerprint),
  hostname: text(row.hostname),
  agentVersion: text(row.agent_version),
  joinedAtMs: number(row.joined_at_ms),
  lastSeenAtMs: numberOrNull(row.last_seen_at_ms),
  bootId: textOrNull(row.boot_id),
  cordoned: row.cordoned === 1,
  quarantine: textOrNull(row.quarantine),
  removedAtMs: numberOrNull(row.removed_at_ms),
  facts:
    row.facts_hash === null
      ? null
      : { hash: text(row.facts_hash), json: text(row.facts_json), atMs: number(row.facts_at_ms) },
});

export const certificateOf = (row: Row): CertificateRow => ({
  serial: text(row.serial),
  nodeId: text(row.node_id),
  spkiHash: text(row.spki_hash),
  generation: number(row.generation),
  notAfterMs: number(row.not_after_ms),
  revokedAtMs: numberOrNull(row.revoked_at_ms),
});

export const tokenOf = (row: Row): TokenRow => ({
  id: text(row.id),
  secretHash: text(row.secret_hash),
  createdAtMs: number(row.created_at_ms),
  expiresAtMs: number(row.expires_at_ms),
  maxUses: number(row.max_uses),
  uses: number(row.uses),
  note: text(row.note),
  createdBy: text(row.created_by),
  revokedAtMs: numberOrNull(row.revoked_at_ms),
});

export const keyOf = (row: Row): KeyRow => ({
  id: text(row.id),
  secretHash: text(row.secret_hash),
  role: row.role as KeyRow['role'],
  note: text(row.note),
  createdAtMs: number(row.created_at_ms),
  revokedAtMs: numberOrNull(row.revoked_at_ms),
});

export const eventOf = (row: Row): ClusterEvent => ({
  sequence: number(row.sequence),
  at: new Date(number(row.at_ms)).toISOString(),
  level: row.level as ClusterEvent['level'],
  kind: text(row.kind),
  node: textOrNull(row.node),
  deployment: textOrNull(row.deployment),
  message: text(row.message),
  data: JSON.parse(text(row.data_json)) as ClusterEvent['data'],
});
