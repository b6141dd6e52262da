/** GID index variables: one value for every port of the process, taken verbatim (NCCL net_ib/connect.cc). */
import { usableGids } from '../select/gid.ts';
import { portFault } from '../select/port-rules.ts';
import type { PortView } from '../select/view.ts';
import type { EnvContext, EnvFault } from './check-env.ts';

/** Checks that the row is a RoCE v2 row of a local address on every usable port; -1 means unset. */
export function checkGidIndex(value: string, { view }: EnvContext): EnvFault | null {
  if (!/^-?\d+$/.test(value)) return wrong('a GID index is a number');
  const index = Number(value);
  if (index < 0) return null;
  const judged = view.ports
    .filter(
      (port) => port.layer !== 'ib' && (port.facts?.gids ?? null) !== null && portFault(view, port) === null,
    )
    .map((port) => ({ port, rows: usableGids(view, port).map((row) => row.index) }))
    .filter(
      ({ port, rows }) => rows.length > 0 || port.facts?.gids?.some((row) => row.index === index) === true,
    );
  const bad = judged.filter(({ rows }) => !rows.includes(index));
  if (bad.length === 0) return null;
  const found = bad.map(
    ({ port, rows }) =>
      `${port.key} has ${describe(port, index)} there${rows.length === 0 ? '' : `, RoCE v2 at ${rows.join(', ')}`}`,
  );
  return wrong(
    `row ${index} does not serve ${bad.length} of ${judged.length} ports: ${found.slice(0, 4).join('; ')}`,
  );
}

function describe(port: PortView, index: number): string {
  const row = port.facts?.gids?.find((item) => item.index === index);
  if (row === undefined) return 'no row';
  return `${row.version === null ? 'a' : `a v${row.version}`} row of ${row.ipv4 ?? row.gid}`;
}

function wrong(because: string): EnvFault {
  return { category: 'wrong-gid', because };
}
