/** Netdevs of one node from every text that shows some: fields settled by source, addresses united. */
import type { Netdev, NetdevAddress, NetdevKind } from '../../facts/netdev.ts';
import type { Evidence } from '../evidence.ts';
import type { NetdevRow } from '../parse/rows.ts';
import type { Ledger } from './belief.ts';

/** null when no text shows netdevs at all. */
export function mergeNetdevs(evidence: readonly Evidence[], ledger: Ledger): Netdev[] | null {
  const told = new Map<string, { source: string; row: NetdevRow }[]>();
  for (const { source, netdevs } of evidence) {
    for (const row of netdevs)
      told.set(row.name, [...(told.get(row.name) ?? []).slice(0, MAX_REPEATS), { source, row }]);
  }
  if (told.size === 0 && !evidence.some(({ kind }) => kind === 'ip-a' || kind === 'ifconfig')) return null;
  const slaves = slavesOf(told);
  return [...told].map(([name, claims]) => {
    const settle = <Key extends 'up' | 'mtu' | 'mac' | 'master' | 'ifindex'>(key: Key) =>
      ledger.believe(
        `${name} ${key}`,
        claims.map(({ source, row }) => ({ source, value: row[key] })),
      );
    const parent = settleParent(claims.map(({ row }) => row.parent));
    return {
      name,
      kind:
        claims.map(({ row }) => row.kind).find((kind) => kind !== 'unknown') ??
        ('unknown' satisfies NetdevKind),
      ifindex: settle('ifindex') as number | null,
      up: settle('up') as boolean | null,
      mtu: settle('mtu') as number | null,
      mac: settle('mac') as string | null,
      speedMbps: null,
      master: settle('master') as string | null,
      parent,
      slaves: slaves.get(name) ?? [],
      altnames: [...new Set(claims.flatMap(({ row }) => row.altnames))],
      driver: null,
      pci: null,
      numaNode: null,
      addresses: unite(claims.flatMap(({ row }) => row.addresses)),
    };
  });
}

/** One name in thousands of lines (a loop pasted) adds nothing after the first few dozen. */
const MAX_REPEATS = 64;

/** `tunl0@NONE` has no lower device. */
function settleParent(parents: readonly (string | null)[]): string | null {
  return parents.find((parent) => parent !== null && parent !== 'NONE') ?? null;
}

function slavesOf(told: ReadonlyMap<string, readonly { row: NetdevRow }[]>): Map<string, string[]> {
  const slaves = new Map<string, string[]>();
  for (const [name, claims] of told) {
    const master = claims.map(({ row }) => row.master).find((value) => value !== null);
    if (master) slaves.set(master, [...(slaves.get(master) ?? []), name]);
  }
  return slaves;
}

/** The same address once, with prefix and scope from whichever text has them. */
function unite(addresses: readonly NetdevAddress[]): NetdevAddress[] {
  const united = new Map<string, NetdevAddress>();
  for (const next of addresses) {
    const known = united.get(next.address);
    united.set(next.address, {
      ...next,
      prefixLength: known?.prefixLength ?? next.prefixLength,
      scope: known?.scope ?? next.scope,
    });
  }
  return [...united.values()];
}
