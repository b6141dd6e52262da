/**
 * Which netdev a port belongs to when no tool says so: by address of its GIDs, by MAC inside its link-local GID or
 * GUID (EUI-64, RFC 4291 appendix A), on InfiniBand by the GUID in the IPoIB hardware address (bytes 12–19).
 */
import type { GidEntry } from '../../facts/hca.ts';
import type { Netdev } from '../../facts/netdev.ts';
import { ipv6Groups } from '../parse/address.ts';

export interface PortIdentity {
  readonly linkLayer: 'ib' | 'eth' | null;
  readonly portGuid: string | null;
  readonly gids: readonly GidEntry[];
}

/** Finds a port's netdev; built once a node, asked once a port. */
export function netdevFinder(netdevs: readonly Netdev[]): (port: PortIdentity) => string | null {
  const byAddress = uniqueIndex(
    netdevs.flatMap((netdev) => netdev.addresses.map((entry) => [entry.address, netdev.name])),
  );
  const physical = netdevs.filter(
    (netdev) => netdev.master === null && netdev.kind !== 'vlan' && netdev.kind !== 'macvlan',
  );
  const byGuid = uniqueIndex(
    physical.flatMap((netdev) => guidsOfMac(netdev.mac).map((guid) => [guid, netdev.name])),
  );
  return ({ linkLayer, portGuid, gids }) => {
    const guids = [portGuid, ...gids.map((row) => interfaceId(row.gid))].map(
      (guid) => guid?.replace(/^0x|:/gi, '').toLowerCase() ?? '',
    );
    const owner = guids.map((guid) => byGuid.get(guid)).find((name) => name !== undefined);
    if (linkLayer === 'ib') return owner ?? null;
    return (
      gids.map((row) => byAddress.get(row.ipv4 ?? '')).find((name) => name !== undefined) ?? owner ?? null
    );
  };
}

/** Keys that two netdevs share prove nothing and are left out. */
function uniqueIndex(pairs: readonly (readonly string[])[]): Map<string, string> {
  const index = new Map<string, string>();
  const shared = new Set<string>();
  for (const [key = '', name = ''] of pairs) {
    if (index.has(key) && index.get(key) !== name) shared.add(key);
    index.set(key, name);
  }
  for (const key of shared) index.delete(key);
  return index;
}

function guidsOfMac(mac: string | null): string[] {
  const bytes = (mac ?? '').split(':');
  if (bytes.length === 20) return [bytes.slice(12).join('')];
  if (bytes.length !== 6 || bytes.every((byte) => byte === '00')) return [];
  const first = (Number.parseInt(bytes[0] ?? '', 16) ^ 2).toString(16).padStart(2, '0');
  return [[first, ...bytes.slice(1, 3), 'ff', 'fe', ...bytes.slice(3)].join('')];
}

/** Lower 64 bits of a link-local GID. */
function interfaceId(gid: string): string | null {
  const groups = ipv6Groups(gid);
  if (groups?.[0] !== 0xfe80) return null;
  return groups
    .slice(4)
    .map((group) => group.toString(16).padStart(4, '0'))
    .join('');
}
