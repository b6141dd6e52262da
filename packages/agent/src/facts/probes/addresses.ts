import { parseIpAddr } from '@dsr1/shared/fabric/parse/ip-addr';
import { parseIpJson } from '@dsr1/shared/fabric/parse/ip-json';
import type { NetdevAddress, NetdevKind } from '@dsr1/shared/facts/netdev';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host, InterfaceAddress } from '../../host/host.ts';
import { detected, rowsOf } from '../probe.ts';

/** What `ip` knows of a netdev beyond sysfs. */
export interface NetdevAddresses {
  readonly name: string;
  readonly kind: NetdevKind;
  readonly altnames: readonly string[];
  readonly addresses: readonly NetdevAddress[];
}

/** Addresses by netdev: `ip -d -j addr`, the text of `ip addr` where iproute2 is too old, else what the C library lists. */
export async function probeAddresses(host: Host): Promise<Probe<readonly NetdevAddresses[]>> {
  const json = await host.run(['ip', '-d', '-j', 'addr']);
  const rows =
    json.answered && json.exitCode !== 0
      ? rowsOf('ip addr', await host.run(['ip', 'addr']), parseIpAddr)
      : rowsOf('ip -j addr', json, parseIpJson);
  return rows.detected ? rows : detected(`getifaddrs (${rows.reason})`, byNetdev(host.addresses()));
}

function byNetdev(listed: readonly InterfaceAddress[]): NetdevAddresses[] {
  return [...Map.groupBy(listed, ({ netdev }) => netdev)].map(([name, rows]) => ({
    name,
    kind: 'unknown',
    altnames: [],
    addresses: rows.map(({ family, address, prefixLength }) => ({
      family,
      address,
      prefixLength,
      scope: scopeOf(address),
    })),
  }));
}

/** Scope as the kernel assigns it (net/ipv4/devinet.c, net/ipv6/addrconf_core.c) to addresses without one given. */
function scopeOf(address: string): NetdevAddress['scope'] {
  if (address === '::1' || address.startsWith('127.')) return 'host';
  return /^fe[89ab]/i.test(address) ? 'link' : 'global';
}
