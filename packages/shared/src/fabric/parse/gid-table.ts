/**
 * GID tables of other tools and typed by hand: vendors' (`ib_dev net_dev port idx gid type ip link`), Markdown,
 * cells in any order. A row is known by its GID and what its other cells look like; a header, where there is one,
 * says which number is the index.
 */
import { ipv4OfGid, isEmptyGid, isIpv4 } from './address.ts';
import type { GidRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export function parseGidTable(dump: Dump): Parsed<GidRow> {
  const rows: GidRow[] = [];
  let header: readonly string[] = [];
  let device: string | null = null;
  const unknown = readLines(dump, (line) => {
    const names = headerOf(line);
    if (names) header = names;
    const titled = /^\W{0,40}([a-z]\w{0,31}_\d{1,3})\W{0,40}$/.exec(line)?.[1];
    if (titled !== undefined) device = titled;
    const row = names ? null : (pairedRow(line) ?? rowOf(line, header, device));
    if (row && !isEmptyGid(row.gid)) rows.push(row);
    return row !== null || names !== null || titled !== undefined || /^[\s|:+-]+$/.test(line);
  });
  return { rows, unknown };
}

const GID = /(?<![\w:.])(?:[0-9a-fx*]{0,4}:){2,7}(?:[0-9a-fx*]{1,4}|\d+(?:\.\d+){3})(?![\w:.])/i;

function headerOf(line: string): string[] | null {
  const words = line
    .toLowerCase()
    .split(/[\s|,]+/)
    .filter((word) => word !== '');
  return words.includes('gid') && words.some((word) => /^(index|idx)$/.test(word)) ? words : null;
}

function rowOf(line: string, header: readonly string[], titled: string | null): GidRow | null {
  const gid = GID.exec(line.slice(0, 512))?.[0];
  if (gid === undefined || gid.replace(/[^:]/g, '').length < 2) return null;
  const at = line.indexOf(gid);
  const before = line
    .slice(0, at)
    .split(/[\s|,[\]]+/)
    .filter((cell) => cell !== '');
  const after = line.slice(at + gid.length);
  const numbers = before.filter((cell) => /^\d{1,5}:?$/.test(cell)).map((cell) => Number.parseInt(cell, 10));
  const index = numbers.at(-1);
  if (index === undefined) return null;
  const version = /\bv\s?([12])\b/i.exec(line)?.[1];
  const words = before.filter(
    (cell) => /^[A-Za-z][\w.-]*$/.test(cell) && !/^(RoCE|IB|v[12]|GID|index|port)$/i.test(cell),
  );
  const netdevSecond = header.findIndex((name) => /net/.test(name)) === 1;
  const link = /\b(up|down)\s*\|?\s*$/i.exec(after)?.[1]?.toLowerCase();
  return {
    device: words[0] ?? titled,
    port: numbers.length > 1 ? (numbers.at(-2) ?? null) : null,
    index,
    gid,
    version: version === undefined ? null : version === '1' ? 1 : 2,
    ipv4: ipv4OfGid(gid) ?? maskedIpv4(gid, after),
    netdev: words[1] !== undefined && netdevSecond ? words[1] : trailingNetdev(after),
    ...(link === 'up' || link === 'down' ? { link } : {}),
  };
}

/** `index=3 gid=… type=RoCE v2 netdev=eth2`, as scripts that walk the table print it. */
function pairedRow(line: string): GidRow | null {
  const pairs = new Map(
    [...line.slice(0, 512).matchAll(/(?<![\w.])([a-z_]{2,8})=(.*?)(?=\s+[a-z_]{2,8}=|$)/gi)].map(
      ([, key = '', value = '']) => [key.toLowerCase(), value.trim()] as const,
    ),
  );
  const get = (...keys: string[]): string | null =>
    keys.map((key) => pairs.get(key)).find((value) => value) ?? null;
  const [gid, index, port] = [get('gid'), get('index', 'idx'), get('port')];
  if (gid === null || !GID.test(gid) || !/^\d{1,5}$/.test(index ?? '')) return null;
  const version = /v\s?([12])\b/i.exec(get('type', 'ver', 'version') ?? '')?.[1];
  return {
    device: get('dev', 'device', 'hca', 'ibdev'),
    port: port !== null && /^\d{1,3}$/.test(port) ? Number(port) : null,
    index: Number(index),
    gid,
    version: version === undefined ? null : version === '1' ? 1 : 2,
    ipv4: ipv4OfGid(gid),
    netdev: get('netdev', 'ndev'),
  };
}

/** Where the poster hid part of the GID, the address beside it still counts. */
function maskedIpv4(gid: string, after: string): string | null {
  const printed = /(?<![\w.])\d+(?:\.\d+){3}(?![\w.])/.exec(after)?.[0];
  return /[x*]/i.test(gid) && printed !== undefined && isIpv4(printed) ? printed : null;
}

function trailingNetdev(after: string): string | null {
  const cell = /([a-z][\w.-]*\d)\s*\|?\s*$/.exec(after.slice(0, 256))?.[1];
  return cell === undefined || /^(v[12]|link-local)$/.test(cell) ? null : cell;
}
