/** `ip a`, `ip -4 a`, `ip -o a`, `ip -br a`, `ip link`, and bare `inet` lines (iproute2: ip/ipaddress.c). */
import {
  addAddress,
  applyFlags,
  applyLinkType,
  DETAIL_KINDS,
  type NetdevDraft,
  netdevNamed,
} from './netdev-row.ts';
import type { NetdevRow } from './rows.ts';
import { type Dump, linesOf, lookup, type Parsed, readLines } from './text.ts';

/** One row for each netdev header (or for each `-br`, `-o` or bare `inet` line): merging joins those of one name. */
export function parseIpAddr(dump: Dump): Parsed<NetdevRow> {
  const rows: NetdevDraft[] = [];
  let block: NetdevDraft | null = null;
  const unknown = readLines(linesOf(dump).flatMap(unfold), (line) => {
    const opened = header(line) ?? brief(line) ?? oneLine(line) ?? (block ? null : bareInet(line));
    if (!opened) return /^\s*valid_lft /.test(line) || (block !== null && detail(block, line.trim()));
    rows.push(opened.netdev);
    if (opened.block) block = opened.netdev;
    return true;
  });
  return { rows, unknown };
}

interface Opened {
  readonly netdev: NetdevDraft;
  /** Following indented lines belong to it. */
  readonly block: boolean;
}

/** `ip -o` writes `\` where a line break was. */
function unfold(line: string): string[] {
  return /^\s*\d+: /.test(line) && line.includes('\\') ? line.split('\\') : [line];
}

function header(line: string): Opened | null {
  const match = /^\s*(?:(\d+):\s+)?([^\s:@<]+)(?:@([^\s:]+))?:\s*<([A-Z0-9_,-]*)>(.*)$/.exec(line);
  if (!match) return null;
  const netdev = netdevNamed(match[2] ?? '');
  const rest = match[5] ?? '';
  netdev.ifindex = match[1] === undefined ? null : Number(match[1]);
  netdev.parent = match[3] ?? null;
  netdev.mtu = numberAfter(rest, /\bmtu (\d+)/);
  netdev.master = /\bmaster (\S+)/.exec(rest)?.[1] ?? null;
  applyFlags(netdev, (match[4] ?? '').split(','));
  return { netdev, block: true };
}

/** `ip -br a` and `ip -br l`: operational state UNKNOWN counts as up (kernel: netif_oper_up). */
function brief(line: string): Opened | null {
  const match =
    /^\s*([^\s@:]+)(?:@(\S+))?\s+(UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT|NOTPRESENT|TESTING)(?:\s+(.*))?$/.exec(
      line,
    );
  if (!match) return null;
  const netdev = netdevNamed(match[1] ?? '');
  netdev.parent = match[2] ?? null;
  netdev.up = match[3] === 'UP' || match[3] === 'UNKNOWN';
  for (const token of (match[4] ?? '').split(/\s+/)) {
    if (/^<.*>$/.test(token)) applyFlags(netdev, token.slice(1, -1).split(','));
    else if (/^([0-9a-f]{2}:){5,19}[0-9a-f]{2}$/i.test(token)) netdev.mac = token.toLowerCase();
    else if (/[.:/]/.test(token)) addAddress(netdev, token, null);
  }
  return { netdev, block: false };
}

/** `2: eth0    inet 10.0.0.1/24 … scope global eth0`, and `ip -o link` after unfolding starts with a header. */
function oneLine(line: string): Opened | null {
  const match = /^\s*(\d+):\s+([^\s@:]+)(?:@(\S+))?\s+(inet6? .*)$/.exec(line);
  if (!match) return null;
  const netdev = netdevNamed(match[2] ?? '');
  netdev.ifindex = Number(match[1]);
  netdev.parent = match[3] ?? null;
  return detail(netdev, match[4] ?? '') ? { netdev, block: false } : null;
}

/** `inet 10.0.0.1/24 scope global eth0` without a header: the label at the end is the only name there is. */
function bareInet(line: string): Opened | null {
  const label = /^\s*inet \S+ (?:.*\s)?([^\s:]+)(?::\S*)?\s*$/.exec(line)?.[1];
  if (label === undefined || NOT_LABELS.has(label) || !/\bscope\b/.test(line)) return null;
  const netdev = netdevNamed(label);
  return detail(netdev, line.trim()) ? { netdev, block: false } : null;
}

const NOT_LABELS = new Set([
  'global',
  'link',
  'host',
  'site',
  'dynamic',
  'noprefixroute',
  'secondary',
  'permanent',
]);

function detail(netdev: NetdevDraft, line: string): boolean {
  const inet = /^inet6? (\S+)(.*)$/.exec(line);
  if (inet) {
    const peer = /^ peer (?:\S+?)(\/\d+)/.exec(inet[2] ?? '')?.[1] ?? '';
    addAddress(netdev, `${inet[1]}${peer}`, /\bscope (\S+)/.exec(inet[2] ?? '')?.[1] ?? null);
    return true;
  }
  const link = /^link\/(\S+)(?:\s+([0-9a-f]{2}(?::[0-9a-f]{2}){5,19})\b)?/i.exec(line);
  if (link) {
    applyLinkType(netdev, link[1] ?? '');
    netdev.mac = link[2]?.toLowerCase() ?? null;
    return true;
  }
  const altname = /^altname (\S+)$/.exec(line)?.[1];
  if (altname) netdev.altnames.push(altname);
  const kind = lookup(
    DETAIL_KINDS,
    /^([a-z]+)(?= (?:mode|protocol|id|type|numtx|forward_delay|remote|local|pkey)|$)/.exec(line)?.[1] ?? '',
  );
  if (kind) netdev.kind = kind;
  return altname !== undefined || kind !== undefined || /^(valid_lft|RX|TX|vf) ?|^\d+( +\d+)+$/.test(line);
}

function numberAfter(text: string, rule: RegExp): number | null {
  const found = rule.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
