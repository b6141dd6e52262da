/** IP and GID arithmetic for selection. Text that is not an address (masked, cut) gives null, never an exception. */
import type { GidEntry } from '../../facts/hca.ts';

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** Reads an IPv4 or IPv6 address (also `::ffff:10.0.0.1`); an IPv4-mapped one comes back as IPv4. */
export function parseAddress(text: string): Address | null {
  const bare = text.replace(/%.*$/, '').trim();
  if (!bare.includes(':')) return ipv4(bare);
  const value = ipv6(bare);
  if (value === null) return null;
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

/** `10.0.4.0/24` of an address and a prefix length; null when either is unusable. */
export function subnetOf(text: string, prefixLength: number | null): string | null {
  const address = parseAddress(text);
  if (address === null || prefixLength === null) return null;
  const bits = address.family === 4 ? 32 : 128;
  if (prefixLength < 0 || prefixLength > bits) return null;
  const shift = BigInt(bits - prefixLength);
  return `${format({ family: address.family, value: (address.value >> shift) << shift })}/${prefixLength}`;
}

export function sameSubnet(a: string, b: string, prefixLength: number): boolean {
  const subnet = subnetOf(a, prefixLength);
  return subnet !== null && subnet === subnetOf(b, prefixLength);
}

/** Whether `cidr` (`10.0.0.0/8`, `default`) holds the address, and how specific it is; null when it does not. */
export function matchLength(cidr: string, text: string): number | null {
  if (cidr === 'default') return 0;
  const [network, length] = cidr.split('/');
  const address = parseAddress(text);
  if (network === undefined || address === null) return null;
  const prefix = length === undefined ? (address.family === 4 ? 32 : 128) : Number(length);
  return sameSubnet(network, text, prefix) ? prefix : null;
}

/** The smallest subnet that holds all IPv4 addresses; null when there is none or one is not IPv4. */
export function commonSubnet(addresses: readonly string[]): string | null {
  const first = addresses[0];
  if (first === undefined || addresses.some((address) => parseAddress(address)?.family !== 4)) return null;
  for (let prefix = 32; prefix >= 0; prefix--)
    if (addresses.every((address) => sameSubnet(first, address, prefix))) return subnetOf(first, prefix);
  return null;
}

/** Addresses that never leave the host or the link: 127/8, ::1, 169.254/16, fe80::/10, unspecified. */
export function isLocalOnly(text: string): boolean {
  const address = parseAddress(text);
  if (address === null) return false;
  const { family, value } = address;
  if (family === 4) return value >> 24n === 127n || value >> 16n === 0xa9fen || value === 0n;
  return value <= 1n || value >> 118n === 0x3fan;
}

export function isLoopback(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && (address.family === 4 ? address.value >> 24n === 127n : address.value === 1n);
}

export type GidKind = 'ipv4' | 'ipv6' | 'link-local' | 'empty' | 'unreadable';

/** What a row of a GID table is worth to RoCE: NCCL skips empty and link-local ones (net_ib/connect.cc, validGid). */
export function gidKind(row: GidEntry): GidKind {
  if (row.ipv4 !== null) return isIpv4Rail(row.ipv4) ? 'ipv4' : 'link-local';
  const address = parseAddress(row.gid);
  if (address === null) return maskedKind(row.gid);
  if (address.value === 0n) return 'empty';
  if (isLocalOnly(row.gid)) return 'link-local';
  return address.family === 4 ? 'ipv4' : 'ipv6';
}

/** 169.254/16 too: NCCL skips only fe80::/10 (linkLocalGid), and the guides for two hosts on one cable use it. */
function isIpv4Rail(text: string): boolean {
  return !isLocalOnly(text) || /^169\.254\./.test(text);
}

/** The address that a GID row stands for, as people write it. */
export function gidAddress(row: GidEntry): string | null {
  if (row.ipv4 !== null) return row.ipv4;
  const address = parseAddress(row.gid);
  return address === null ? null : format(address);
}

/** The leading groups tell the kind even where the poster hid the rest. */
function maskedKind(gid: string): GidKind {
  if (/^(?:0{1,4}:){5}ffff:|^::ffff:/i.test(gid)) return 'ipv4';
  return /^fe80:/i.test(gid) ? 'link-local' : 'unreadable';
}

function ipv4(text: string): Address | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return null;
  return { family: 4, value: bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n) };
}

function ipv6(text: string): bigint | null {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted === null ? null : ipv4(dotted[2] ?? '');
  if (dotted !== null && tail === null) return null;
  const hex =
    tail === null
      ? text
      : `${dotted?.[1]}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}`;
  const halves = hex.split('::');
  if (halves.length > 2) return null;
  const [head = [], rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...rest];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((value, group) => value * 65536n + BigInt(Number.parseInt(group, 16)), 0n);
}

function format({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  ).join(':');
  return groups.replace(/(^|:)0(:0)+(:|$)/, '::');
}
