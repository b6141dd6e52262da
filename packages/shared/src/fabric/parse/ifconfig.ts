/** `ifconfig` of net-tools: new style (`eth0: flags=4163<UP,…>  mtu 1500`) and old (`eth0  Link encap:Ethernet  HWaddr …`). */
import { prefixOfNetmask } from './address.ts';
import { addAddress, applyFlags, applyLinkType, type NetdevDraft, netdevNamed } from './netdev-row.ts';
import type { NetdevRow } from './rows.ts';
import { type Dump, lookup, type Parsed, readLines } from './text.ts';

export function parseIfconfig(dump: Dump): Parsed<NetdevRow> {
  const rows: NetdevDraft[] = [];
  const unknown = readLines(dump, (line) => {
    const opened = modernHeader(line) ?? oldHeader(line);
    if (opened) rows.push(opened);
    const current = rows.at(-1);
    return opened !== null || (current !== undefined && detail(current, line.trim()));
  });
  return { rows, unknown };
}

function modernHeader(line: string): NetdevDraft | null {
  const match = /^\s*(\S+?):\s+flags=\d+<([A-Z0-9_,-]*)>(?:\s+metric \d+)?(?:\s+mtu (\d+))?/.exec(line);
  if (!match) return null;
  const netdev = netdevNamed(match[1] ?? '');
  netdev.mtu = match[3] === undefined ? null : Number(match[3]);
  applyFlags(netdev, (match[2] ?? '').split(','));
  return netdev;
}

function oldHeader(line: string): NetdevDraft | null {
  const match = /^\s*(\S+)\s+Link encap:(\w+)(?:.*\bHWaddr ([0-9a-f:]+))?/i.exec(line);
  if (!match) return null;
  const netdev = netdevNamed(match[1] ?? '');
  applyEncapsulation(netdev, match[2] ?? '');
  netdev.mac = match[3]?.toLowerCase() ?? null;
  return netdev;
}

function detail(netdev: NetdevDraft, line: string): boolean {
  const v4 = /^inet (?:addr:)?\s*(\S+)(?:\s+(?:P-t-P:|destination )\S+)?(?:.*?(?:netmask |Mask:)(\S+))?/.exec(
    line,
  );
  if (v4) {
    const prefix = v4[2] === undefined ? null : prefixOfNetmask(v4[2]);
    addAddress(netdev, prefix === null ? (v4[1] ?? '') : `${v4[1]}/${prefix}`, null);
    return true;
  }
  const v6 =
    /^inet6 (?:addr:)?\s*([^\s/]+)(?:\/(\d+)|\s+prefixlen (\d+))?(?:.*(?:<(\w+)>|Scope:(\w+)))?/.exec(line);
  if (v6) {
    const prefix = v6[2] ?? v6[3];
    addAddress(
      netdev,
      prefix === undefined ? (v6[1] ?? '') : `${v6[1]}/${prefix}`,
      (v6[4] ?? v6[5])?.toLowerCase() ?? null,
    );
    return true;
  }
  const hardware = /^(ether|infiniband|loop|unspec|tunnel|sit)\b\s*([0-9A-Fa-f:]{17,})?/.exec(line);
  if (hardware) {
    applyEncapsulation(netdev, hardware[1] ?? '');
    netdev.mac = hardware[2]?.toLowerCase() ?? null;
    return true;
  }
  const flags = /^((?:[A-Z]+ +)+)MTU:(\d+)/.exec(line);
  if (flags) {
    netdev.mtu = Number(flags[2]);
    applyFlags(netdev, (flags[1] ?? '').trim().split(/ +/));
  }
  return flags !== null || /^((RX|TX|device|collisions|Interrupt)\b|\(|Infiniband hardware)/.test(line);
}

function applyEncapsulation(netdev: NetdevDraft, word: string): void {
  const linkType = lookup(ENCAPSULATIONS, word.toLowerCase());
  if (linkType) applyLinkType(netdev, linkType);
}

const ENCAPSULATIONS: Readonly<Record<string, string>> = {
  ether: 'ether',
  ethernet: 'ether',
  infiniband: 'infiniband',
  loop: 'loopback',
  local: 'loopback',
  tunnel: 'ipip',
  sit: 'sit',
  unspec: 'none',
};
