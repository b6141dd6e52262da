/**
 * Interfaces that somebody wrote down: /etc/network/interfaces, and tables typed by hand (`| eth0 | role | 10.0.0.1 |`).
 * A hand-typed row counts only where one cell is a plain interface name; its addresses have no prefix.
 */
import { isIpv4, prefixOfNetmask } from './address.ts';
import { addAddress, type NetdevDraft, netdevNamed } from './netdev-row.ts';
import type { NetdevRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export function parseInterfaces(dump: Dump): Parsed<NetdevRow> {
  const rows: NetdevDraft[] = [];
  let stanza: NetdevDraft | null = null;
  const unknown = readLines(dump, (line) => {
    const named = /^\s*iface (\S+)(?: inet6?| \w+)*/.exec(line)?.[1];
    if (named !== undefined) {
      stanza = netdevNamed(named);
      rows.push(stanza);
      return true;
    }
    if (stanza && option(stanza, line.trim())) return true;
    if (/^\s*(auto|allow-\w+|source|mapping)\s/.test(line)) return true;
    const typed = typedRows(line);
    rows.push(...typed);
    return typed.length > 0 || /^\s*\|?[\s|:-]+\|?\s*$/.test(line);
  });
  return { rows, unknown };
}

/** interfaces(5): options follow their iface line; netmask comes after address. */
function option(netdev: NetdevDraft, line: string): boolean {
  const match = /^([\w-]+)\s+(\S.*)$/.exec(line);
  const value = match?.[2]?.trim() ?? '';
  switch (match?.[1]) {
    case 'address':
      addAddress(netdev, value, null);
      return true;
    case 'netmask': {
      const last = netdev.addresses.pop();
      const prefixLength = /^\d{1,2}$/.test(value) ? Number(value) : prefixOfNetmask(value);
      if (last) netdev.addresses.push({ ...last, prefixLength });
      return true;
    }
    case 'mtu':
      netdev.mtu = /^\d+$/.test(value) ? Number(value) : null;
      return true;
    case 'bond-master':
      netdev.master = value;
      return true;
    case 'vlan-raw-device':
      netdev.parent = value;
      return true;
    case undefined:
      return false;
    default:
      return /^(gateway|broadcast|network|dns-|bond-|vlan-|bridge|pre-|post-|up|down|metric|hwaddress)/.test(
        line,
      );
  }
}

function typedRows(line: string): NetdevDraft[] {
  const cells = line.includes('|') ? line.split('|').map((cell) => cell.trim()) : [];
  const first = cells.find((cell) => cell !== '') ?? '';
  const names = [...first.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  const listed = (names.length > 0 ? names : [first]).filter((name) => NETDEV_NAME.test(name));
  if (cells.length < 3 || (names.length === 0 && !/\d/.test(first))) return [];
  // `ibs0`–`ibs7` names a range, of which the text lists only the ends.
  const ranged = /`\s*[–—~-]\s*`/.test(first);
  const addresses = (
    cells
      .slice(cells.indexOf(first) + 1)
      .join(' ')
      .match(/\d+(?:\.\d+){3}(?:\/\d+)?/g) ?? []
  ).filter((text) => isIpv4(text.split('/')[0] ?? ''));
  return (ranged ? [] : listed).map((name) => {
    const netdev = netdevNamed(name);
    if (listed.length === 1) for (const address of addresses) addAddress(netdev, address, null);
    return netdev;
  });
}

/** IFNAMSIZ is 16 with the closing zero. */
const NETDEV_NAME = /^[a-z][\w.-]{0,14}$/;
