/**
 * `rdma link`, old and new text and -j (iproute2: rdma/link.c).
 *   link mlx5_0/1 state ACTIVE physical_state LINK_UP netdev ens1f0
 *   link mlx5_0/1 subnet_prefix fe80:… lid 2 sm_lid 2 lmc 0 state ACTIVE physical_state LINK_UP
 *   1/1: i40iw0/1: state ACTIVE physical_state NOP
 * Only InfiniBand ports have a subnet prefix. A port without `netdev` has none in this namespace.
 */
import { integer, type JsonRecord, jsonObjects, text } from './json.ts';
import { type PortRow, physState, portState } from './rows.ts';
import { type Dump, linesOf, looksLikeJson, type Parsed, readLines } from './text.ts';

export function parseRdmaLink(dump: Dump): Parsed<PortRow> {
  const lines = linesOf(dump);
  if (lines.some(looksLikeJson)) return { rows: jsonObjects(lines).flatMap(portOfJson), unknown: [] };
  const rows: PortRow[] = [];
  const unknown = readLines(lines, (line) => {
    const row = portOf(line);
    if (row) rows.push(row);
    return row !== null;
  });
  return { rows, unknown };
}

function portOf(line: string): PortRow | null {
  const match = /^\s*(?:link\s+|\d+\/\d+:\s+)([^\s/:]+)\/(\d{1,3}):?\s+(.*)$/.exec(line);
  const words = (match?.[3] ?? '').split(/\s+/);
  const after = (word: string): string | null => {
    const at = words.indexOf(word);
    return at < 0 ? null : (words[at + 1] ?? null);
  };
  const [state, physical] = [after('state'), after('physical_state')];
  if (!match || !isLinkState(state, physical)) return null;
  return {
    device: match[1] ?? '',
    port: Number(match[2]),
    state: portState(state ?? ''),
    phys: physState(physical ?? ''),
    netdev: after('netdev'),
    ...(words.includes('subnet_prefix') ? infiniband(after('lid'), after('sm_lid')) : {}),
  };
}

/** `rdma resource` and `rdma statistic` print `link DEV/PORT` as well: of queue pairs (`state RTS`), of counters. */
function isLinkState(state: string | null, physical: string | null): boolean {
  return physical !== null || (state !== null && portState(state) !== null);
}

function infiniband(lid: string | null, smLid: string | null): Pick<PortRow, 'linkLayer' | 'lid' | 'smLid'> {
  return {
    linkLayer: 'ib',
    lid: lid === null ? null : Number(lid),
    smLid: smLid === null ? null : Number(smLid),
  };
}

/** Like every parser: a number of more than three digits is no port. */
const MAX_PORT = 999;

function portOfJson(record: JsonRecord): PortRow[] {
  const device = text(record, 'ifname');
  const port = integer(record, 'port');
  if (
    device === null ||
    port === null ||
    port > MAX_PORT ||
    !isLinkState(text(record, 'state'), text(record, 'physical_state'))
  )
    return [];
  return [
    {
      device,
      port,
      state: portState(text(record, 'state') ?? ''),
      phys: physState(text(record, 'physical_state') ?? ''),
      netdev: text(record, 'netdev'),
      ...('subnet_prefix' in record
        ? { linkLayer: 'ib' as const, lid: integer(record, 'lid'), smLid: integer(record, 'sm_lid') }
        : {}),
    },
  ];
}
