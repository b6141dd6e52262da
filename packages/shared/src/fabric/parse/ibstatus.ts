/** `ibstatus` (rdma-core: infiniband-diags/scripts/ibstatus.in): sysfs values, one block a port. */
import { lidNumber, linkLayerOf, type PortRow, physState, portState, rateGbps } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

type Draft = { -readonly [Key in keyof PortRow]: PortRow[Key] };

export function parseIbstatus(dump: Dump): Parsed<PortRow> {
  const rows: Draft[] = [];
  const unknown = readLines(dump, (line) => {
    const head = /^\s*Infiniband device '([^']+)' port (\d{1,3}) status:/i.exec(line);
    if (head) rows.push({ ...EMPTY, device: head[1] ?? '', port: Number(head[2]) });
    const port = rows.at(-1);
    const [, key = '', value = ''] = /^\s*([a-z][a-z_ ]*?):\s*(.*)$/.exec(line) ?? [];
    return head !== null || (port !== undefined && apply(port, key, value.trim()));
  });
  return { rows, unknown };
}

const EMPTY = {
  linkLayer: null,
  state: null,
  phys: null,
  rateGbps: null,
  lid: null,
  smLid: null,
  defaultGid: null,
};

function apply(port: Draft, key: string, value: string): boolean {
  switch (key) {
    case 'default gid':
      port.defaultGid = value.includes(':') ? value : null;
      return true;
    case 'base lid':
      port.lid = lidNumber(value);
      return true;
    case 'sm lid':
      port.smLid = lidNumber(value);
      return true;
    case 'state':
      port.state = portState(value);
      return true;
    case 'phys state':
      port.phys = physState(value);
      return true;
    case 'rate':
      port.rateGbps = rateGbps(value);
      return true;
    case 'link_layer':
      port.linkLayer = linkLayerOf(value);
      return true;
    default:
      return false;
  }
}
