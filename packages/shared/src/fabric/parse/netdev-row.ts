/** Building blocks of the parsers of `ip` and `ifconfig`. */
import type { NetdevAddress, NetdevKind } from '../../facts/netdev.ts';
import { isIpv4, isIpv6 } from './address.ts';
import type { NetdevRow } from './rows.ts';
import { lookup } from './text.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type NetdevDraft = Mutable<Omit<NetdevRow, 'masked'>> & { masked: string[] };

/** A netdev of which only the name is known. */
export function netdevNamed(name: string): NetdevDraft {
  return {
    name,
    kind: 'unknown',
    ifindex: null,
    up: null,
    mtu: null,
    mac: null,
    speedMbps: null,
    master: null,
    parent: null,
    slaves: [],
    altnames: [],
    driver: null,
    pci: null,
    numaNode: null,
    addresses: [],
    linkType: null,
    masked: [],
  };
}

/** Adds `10.0.0.1/24`; an address that the poster hid is kept as text in `masked`. */
export function addAddress(netdev: NetdevDraft, cidr: string, scope: string | null): void {
  const [host = '', prefix] = cidr.split('/', 2);
  const address = host.replace(/%.*$/, '');
  const family = isIpv4(address) ? 4 : isIpv6(address) ? 6 : null;
  const prefixLength = prefix !== undefined && /^\d{1,3}$/.test(prefix) ? Number(prefix) : null;
  if (family === null || (prefixLength ?? 0) > (family === 4 ? 32 : 128)) netdev.masked.push(cidr);
  else netdev.addresses.push({ family, address, prefixLength, scope: scopeOf(scope) });
}

/** Flags of `<…>`: up means administratively up with carrier (RUNNING in ifconfig, LOWER_UP in ip). */
export function applyFlags(netdev: NetdevDraft, flags: readonly string[]): void {
  netdev.up = flags.includes('UP') && (flags.includes('LOWER_UP') || flags.includes('RUNNING'));
  if (flags.includes('LOOPBACK')) netdev.kind = 'loopback';
  // drivers/net/dummy.c: an Ethernet device without ARP. Real ones of the kind are tunnels, which have POINTOPOINT.
  if (flags.includes('NOARP') && flags.includes('BROADCAST')) netdev.kind = 'dummy';
  if (flags.includes('MASTER')) netdev.kind = 'bond';
}

/** Kind from the word after `link/` (include/uapi/linux/if_arp.h types as iproute2 names them). */
export function applyLinkType(netdev: NetdevDraft, linkType: string): void {
  netdev.linkType = linkType;
  if (netdev.kind === 'unknown') netdev.kind = lookup(LINK_TYPES, linkType) ?? 'unknown';
}

/** Kind from `ip -d` and `linkinfo.info_kind`. */
export const DETAIL_KINDS: Readonly<Record<string, NetdevKind>> = {
  bond: 'bond',
  vlan: 'vlan',
  bridge: 'bridge',
  veth: 'veth',
  macvlan: 'macvlan',
  macvtap: 'macvlan',
  ipvlan: 'ipvlan',
  dummy: 'dummy',
  vxlan: 'tunnel',
  geneve: 'tunnel',
  ipip: 'tunnel',
  gre: 'tunnel',
  gretap: 'tunnel',
  sit: 'tunnel',
  wireguard: 'tunnel',
  tun: 'tunnel',
  ipoib: 'infiniband',
};

const LINK_TYPES: Readonly<Record<string, NetdevKind>> = {
  ether: 'ether',
  infiniband: 'infiniband',
  loopback: 'loopback',
  ipip: 'tunnel',
  tunnel6: 'tunnel',
  gre: 'tunnel',
  gre6: 'tunnel',
  sit: 'tunnel',
  none: 'tunnel',
};

function scopeOf(text: string | null): NetdevAddress['scope'] {
  return text === 'global' || text === 'link' || text === 'host' || text === 'site' ? text : null;
}
