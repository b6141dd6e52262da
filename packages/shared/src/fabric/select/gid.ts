/**
 * Which row of a RoCE port's GID table carries traffic. The kernel fills the table from the addresses of the port's
 * netdevs (drivers/infiniband/core/roce_gid_mgmt.c), so order and holes follow history: the row is found by what it
 * is, never by a constant. NCCL from 2.21 does the same per port (net_ib/connect.cc, ncclIbGetGidIndex).
 */
import type { GidEntry } from '../../facts/hca.ts';
import { gidAddress, gidKind } from './address.ts';
import { joiningSubnet, type SubnetCounts } from './subnets.ts';
import { interfaceOf, type NodeView, type PortView } from './view.ts';

export interface GidChoice {
  readonly index: number | null;
  readonly address: string | null;
  /** Subnet of the address, where its prefix is known and it joins others. */
  readonly subnet: string | null;
  readonly family: 4 | 6 | null;
  readonly because: string;
  /** Addresses of other RoCE v2 rows of the same family that NCCL could take instead. */
  readonly rivals: readonly string[];
}

/**
 * Chooses the row: RoCE v2, of an address that this namespace has; IPv4-mapped before global IPv6; never link-local.
 * Of several, one in a subnet that other nodes have too, else the lowest index, which NCCL would take.
 */
export function chooseGid(view: NodeView, port: PortView, subnets: SubnetCounts): GidChoice {
  const table = port.facts?.gids ?? null;
  if (table === null || port.layer === 'ib')
    return none(table === null ? 'no GID table was seen' : 'InfiniBand takes index 0 by itself');
  const usable = usableGids(view, port).sort((a, b) => a.index - b.index);
  const family = usable.some((row) => gidKind(row) === 'ipv4') ? 'ipv4' : 'ipv6';
  const rows = usable.filter((row) => gidKind(row) === family);
  const own = rows.some((row) => row.netdev === port.netdev)
    ? rows.filter((row) => row.netdev === port.netdev)
    : rows;
  const meets = (row: GidEntry) => (subnets.get(subnetOfRow(view, row) ?? '') ?? 0) > 1;
  const joined = rows.length < 2 ? undefined : (own.find(meets) ?? rows.find(meets));
  const row = joined ?? own[0];
  if (row === undefined) return none(tableFault(table));
  const rivals = rows.filter((other) => other !== row).flatMap((other) => gidAddress(other) ?? []);
  const choice =
    rows.length > 1 ? (joined === undefined ? ', the first of several' : ', in a subnet of the peers') : '';
  return {
    index: row.index,
    address: gidAddress(row),
    subnet: subnetOfRow(view, row),
    family: family === 'ipv4' ? 4 : 6,
    because: `row ${row.index} is RoCE v2 with ${gidAddress(row)}${choice}`,
    rivals: [...new Set(rivals)].filter((address) => address !== gidAddress(row)),
  };
}

/** Rows that can carry RoCE v2 traffic from this namespace. */
export function usableGids(view: NodeView, port: PortView): GidEntry[] {
  const table = port.facts?.gids ?? [];
  const versioned = table.some((row) => row.version !== null);
  const rows = table.filter(
    (row) => (versioned ? row.version === 2 : true) && ['ipv4', 'ipv6'].includes(gidKind(row)),
  );
  return rows.filter((row) => isLocal(view, row));
}

/** What keeps a port's table from serving RoCE v2; null when a row serves or the text was cut before its twin. */
export function gidFault(view: NodeView, port: PortView): string | null {
  const table = port.facts?.gids ?? null;
  if (table === null || usableGids(view, port).length > 0) return null;
  // The kernel writes v1 and v2 rows of one address together, so a v1 row without the other means a cut text.
  const twin = (row: GidEntry) =>
    table.some((other) => other.version === 2 && gidAddress(other) === gidAddress(row));
  if (table.some((row) => row.version === 1 && gidKind(row) === 'ipv4' && !twin(row))) return null;
  return tableFault(table);
}

function tableFault(table: readonly GidEntry[]): string {
  if (table.length === 0) return 'its GID table is empty';
  if (table.every((row) => ['link-local', 'empty'].includes(gidKind(row))))
    return 'its GIDs are link-local only: the interface has no routable address';
  if (table.every((row) => row.version !== 2)) return 'no RoCE v2 row is visible in its GID table';
  return 'no RoCE v2 GID of an address that this namespace has';
}

/** A container sees rows of other namespaces too: without an owner here, or of an address that is not here. */
function isLocal(view: NodeView, row: GidEntry): boolean {
  const address = gidAddress(row);
  if (view.gidsListed) return address !== null && (view.node.given.localIpv4 ?? []).includes(address);
  if (address === null) return true;
  if (row.netdev === null) return !view.gidOwnersShown;
  const owner = interfaceOf(view, row.netdev)?.netdev;
  const known = (owner?.addresses ?? []).filter(
    (item) => item.family === (gidKind(row) === 'ipv4' ? 4 : 6) && item.scope !== 'link',
  );
  return known.length === 0 || known.some((item) => item.address === address) || gidKind(row) === 'ipv6';
}

function subnetOfRow(view: NodeView, row: GidEntry): string | null {
  const address = gidAddress(row);
  const prefixLength = view.prefixOf.get(address ?? '');
  if (address === null || prefixLength === undefined) return null;
  return joiningSubnet({ family: address.includes(':') ? 6 : 4, address, prefixLength });
}

function none(because: string): GidChoice {
  return { index: null, address: null, subnet: null, family: null, because, rivals: [] };
}
