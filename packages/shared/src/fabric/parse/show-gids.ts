/**
 * `show_gids` (mlnx-tools sbin/show_gids) and copies of it, tabs or blanks between the cells.
 *   DEV PORT INDEX GID [IPv4] VER [DEV]
 * The index has holes in containers, the last cell is the netdev of this namespace and is missing on native IB.
 */
import { ipv4OfGid, isEmptyGid, isIpv4 } from './address.ts';
import type { GidRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export function parseShowGids(dump: Dump): Parsed<GidRow> {
  const rows: GidRow[] = [];
  let cut: string | null = null;
  const unknown = readLines(dump, (line) => {
    const row = gidRow(line) ?? (cut === null ? null : gidRow(`${cut} ${line.trim()}`));
    cut = row === null && isHead(line) ? line : null;
    if (row && !isEmptyGid(row.gid)) rows.push(row);
    return row !== null || cut !== null || isFrame(line);
  });
  return { rows, unknown };
}

/** Number of rows that the tool itself counted (`n_gids_found=12`), null when the text has no such line. */
export function gidsFound(dump: Dump): number | null {
  let found: number | null = null;
  readLines(dump, (line) => {
    const count = /n_gids_found=(\d+)/.exec(line)?.[1];
    if (count !== undefined) found = Number(count);
    return true;
  });
  return found;
}

const HEAD =
  /^\s*([A-Za-z][\w.-]*)\s+(\d{1,2})\s+(\d{1,5})\s+([0-9a-fx*]{0,4}(?::[0-9a-fx*]{0,4}){2,7}(?:\d+\.\d+\.\d+\.\d+)?)(?![\w.:*])/i;

/** A row cell by cell; a terminal may have wrapped it after the GID. */
function gidRow(line: string): GidRow | null {
  const head = HEAD.exec(line);
  const rest = head ? line.slice(head[0].length) : '';
  const tail = /^\s*(?:([\dx*]+(?:\.[\dx*]+){3})\s+)?(?:RoCE\s*)?v([12])(?:\s+(\S+))?(?:\s|$)/i.exec(rest);
  if (!head || !tail) return null;
  const gid = head[4] ?? '';
  const printed = tail[1] !== undefined && isIpv4(tail[1]) ? tail[1] : null;
  return {
    device: head[1] ?? null,
    port: Number(head[2]),
    index: Number(head[3]),
    gid,
    version: tail[2] === '1' ? 1 : 2,
    ipv4: ipv4OfGid(gid) ?? (/[x*]/i.test(gid) ? printed : null),
    netdev: tail[3]?.replace(/[.,;]+$/, '') || null,
  };
}

function isHead(line: string): boolean {
  const head = HEAD.exec(line);
  return head !== null && /^[\s\d.]*$/.test(line.slice(head[0].length));
}

function isFrame(line: string): boolean {
  return /^\s*(DEV\s+PORT\b|-{3,}|n_gids_found=)/.test(line);
}
