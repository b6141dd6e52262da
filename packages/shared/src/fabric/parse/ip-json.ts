/** `ip -j addr`, `ip -j link`, with or without -d and -p. */
import { integer, isRecord, type JsonRecord, jsonObjects, list, text, unknownJson } from './json.ts';
import { addAddress, applyFlags, applyLinkType, DETAIL_KINDS, netdevNamed } from './netdev-row.ts';
import type { NetdevRow } from './rows.ts';
import { type Dump, lookup, type Parsed } from './text.ts';

export function parseIpJson(dump: Dump): Parsed<NetdevRow> {
  const rows = jsonObjects(dump).flatMap(netdevOf);
  return { rows, unknown: rows.length === 0 ? unknownJson(dump) : [] };
}

function netdevOf(record: JsonRecord): NetdevRow[] {
  const name = text(record, 'ifname');
  if (name === null || !('flags' in record || 'addr_info' in record || 'link_type' in record)) return [];
  const netdev = netdevNamed(name);
  netdev.ifindex = integer(record, 'ifindex');
  netdev.mtu = integer(record, 'mtu');
  netdev.mac = text(record, 'address');
  netdev.master = text(record, 'master');
  netdev.parent = text(record, 'link');
  netdev.altnames = list(record, 'altnames').filter((value) => typeof value === 'string');
  if (Array.isArray(record.flags)) applyFlags(netdev, record.flags.map(String));
  applyLinkType(netdev, text(record, 'link_type') ?? '');
  const info = record.linkinfo;
  const detailed = isRecord(info) ? lookup(DETAIL_KINDS, text(info, 'info_kind') ?? '') : undefined;
  if (detailed) netdev.kind = detailed;
  for (const entry of list(record, 'addr_info').filter(isRecord)) {
    const local = text(entry, 'local');
    if (local !== null)
      addAddress(netdev, `${local}/${integer(entry, 'prefixlen') ?? ''}`, text(entry, 'scope'));
  }
  return [netdev];
}
