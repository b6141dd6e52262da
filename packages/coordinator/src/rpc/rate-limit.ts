/** A token bucket for each address. */
import type { Clock } from '@dsr1/shared/clock';
import { Dsr1Error } from '@dsr1/shared/errors';

/** Addresses that are remembered; the longest unseen are forgotten first. */
const MAX_ADDRESSES = 10_000;

/** Returns a function that throws OVERLOADED for the calls of an address beyond `perMinute`. */
export function createRateLimit(perMinute: number, clock: Clock): (address: string) => void {
  const buckets = new Map<string, { readonly tokens: number; readonly atMs: number }>();
  return (address) => {
    const nowMs = clock.monotonicMs();
    const { tokens, atMs } = buckets.get(address) ?? { tokens: perMinute, atMs: nowMs };
    const filled = Math.min(perMinute, tokens + ((nowMs - atMs) / 60_000) * perMinute);
    buckets.delete(address);
    buckets.set(address, { tokens: Math.max(0, filled - 1), atMs: nowMs });
    const oldest = buckets.size > MAX_ADDRESSES ? buckets.keys().next().value : undefined;
    if (oldest !== undefined) buckets.delete(oldest);
    if (filled >= 1) return;
    throw new Dsr1Error('OVERLOADED', `more than ${perMinute} requests a minute from ${address}`, {
      hint: 'try again in a minute',
    });
  };
}
