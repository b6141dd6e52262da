/** IP addresses and GIDs as text. A masked or malformed address is not one: these answer null. */

/** `10.0.0.1` as a 32-bit number. */
export function ipv4Number(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return null;
  const octets = match.slice(1).map(Number);
  return octets.every((octet) => octet <= 255) ? octets.reduce((sum, octet) => sum * 256 + octet, 0) : null;
}

export function isIpv4(text: string): boolean {
  return ipv4Number(text) !== null;
}

/** The eight groups of an IPv6 address or GID, in any spelling (`::ffff:10.0.0.1` too). */
export function ipv6Groups(text: string): number[] | null {
  if (text.length > 45 || !text.includes(':')) return null;
  const halves = unmapTail(text)?.split('::') ?? [];
  if (halves.length < 1 || halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (!head || (!tail && head.length !== 8) || (tail && head.length + tail.length > 7)) return null;
  const groups = tail ? [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail] : head;
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((g) => Number.parseInt(g, 16))
    : null;
}

export function isIpv6(text: string): boolean {
  return ipv6Groups(text) !== null;
}

/** The IPv4 address inside an IPv4-mapped GID, else null. */
export function ipv4OfGid(gid: string): string | null {
  const groups = ipv6Groups(gid);
  if (!groups || groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return null;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
}

/** An empty slot of a GID table reads as all zeros. */
export function isEmptyGid(gid: string): boolean {
  return ipv6Groups(gid)?.every((group) => group === 0) ?? false;
}

/** Prefix length of a netmask (`255.255.248.0` or `0xfffff800` → 21), null when it is not one. */
export function prefixOfNetmask(mask: string): number | null {
  const value = /^0x[0-9a-f]{8}$/i.test(mask) ? Number.parseInt(mask, 16) : ipv4Number(mask);
  if (value === null) return null;
  const bits = value.toString(2).padStart(32, '0');
  return /^1*0*$/.test(bits) ? bits.replace(/0/g, '').length : null;
}

/** PCI function in sysfs' spelling: four-digit domain, lower case (`00000000:18:00.0`, `18:00.0` → `0000:18:00.0`). */
export function pciFunction(text: string): string | null {
  const match = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/i.exec(text.trim());
  if (!match) return null;
  const domain = Number.parseInt(match[1] ?? '0', 16)
    .toString(16)
    .padStart(4, '0');
  return `${domain}:${match[2]}:${match[3]}.${match[4]}`.toLowerCase();
}

function unmapTail(text: string): string | null {
  const match = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (!match) return text;
  const number = ipv4Number(match[2] ?? '');
  return number === null
    ? null
    : `${match[1]}${Math.floor(number / 65536).toString(16)}:${(number % 65536).toString(16)}`;
}
