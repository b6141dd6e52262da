/** GID tables of one node's ports, row by row from every source. */
import type { GidEntry } from '../../facts/hca.ts';
import type { Evidence } from '../evidence.ts';
import { ipv6Groups } from '../parse/address.ts';
import type { GidRow } from '../parse/rows.ts';
import type { Claim, Ledger } from './belief.ts';

/** Name under which GIDs are kept when the text names no device and the node has none, or more than one. */
export const UNNAMED_DEVICE = '*';

/** `device:port` → table. A row without a device belongs to the only one there is. */
export function mergeGids(
  evidence: readonly Evidence[],
  devices: readonly string[],
  ledger: Ledger,
): Map<string, GidEntry[]> {
  const named = new Set([...devices, ...evidence.flatMap(({ gids }) => gids.map((row) => row.device))]);
  named.delete(null);
  const only = named.size === 1 ? [...named][0] : undefined;
  const told = new Map<string, Map<number, { source: string; row: GidRow }[]>>();
  for (const { source, gids } of evidence) {
    for (const row of gids) {
      const key = `${row.device ?? only ?? UNNAMED_DEVICE}:${row.port ?? 1}`;
      const table = told.get(key) ?? new Map();
      told.set(key, table);
      table.set(row.index, [...(table.get(row.index) ?? []).slice(0, MAX_SOURCES), { source, row }]);
    }
  }
  return new Map(
    [...told].map(([key, table]) => [
      key,
      [...table].sort(([a], [b]) => a - b).map(([index, rows]) => entry(key, index, rows, ledger)),
    ]),
  );
}

const MAX_SOURCES = 8;

function entry(
  key: string,
  index: number,
  told: readonly { source: string; row: GidRow }[],
  ledger: Ledger,
): GidEntry {
  const claims = <Value>(read: (row: GidRow) => Value | null): Claim<Value>[] =>
    told.map(({ source, row }) => ({ source, value: read(row) }));
  const subject = `${key} GID ${index}`;
  ledger.believe(
    subject,
    claims((row) => ipv6Groups(row.gid)?.join(':') ?? null),
  );
  return {
    index,
    gid: told[0]?.row.gid ?? '',
    version: ledger.believe(
      `${subject} version`,
      claims((row) => row.version),
    ),
    ipv4: told.map(({ row }) => row.ipv4).find((ipv4) => ipv4 !== null) ?? null,
    netdev: ledger.believe(
      `${subject} netdev`,
      claims((row) => row.netdev),
    ),
  };
}
