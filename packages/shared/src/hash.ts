import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';

/** SHA-256, hex, of the canonical JSON of a value (facts, specs, plans). */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex');

export const sha256Hex = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex');
