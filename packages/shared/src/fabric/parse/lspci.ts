/** `lspci` (one line a function), and lists of PCI addresses with their NUMA node in whatever words people print them. */
import type { PciNumaRow, PciRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

const BUS = '(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]';
const FUNCTION = new RegExp(`^\\s*(${BUS})\\s+(\\S.*:\\s.*\\S|\\S.*)\\s*$`, 'i');
const WITH_NODE = new RegExp(`(?<![\\w:])(${BUS})(?!\\w)`, 'i');

/** Detail lines of -v and -k are read over. */
export function parseLspci(dump: Dump): Parsed<PciRow> {
  const rows: PciRow[] = [];
  const unknown = readLines(dump, (line) => {
    const match = FUNCTION.exec(line);
    if (match) rows.push({ bus: match[1] ?? '', text: (match[2] ?? '').trim() });
    return match !== null || (rows.length > 0 && /^\s/.test(line));
  });
  return { rows, unknown };
}

/** A line with a PCI address and a node: `0000:1a:00.0 mlx5_0 numa 0`, `…/0000:1a:00.0/numa_node:0`. -1 means none. */
export function parsePciNuma(dump: Dump): Parsed<PciNumaRow> {
  const rows: PciNumaRow[] = [];
  const unknown = readLines(dump, (line) => {
    const bus = WITH_NODE.exec(line)?.[1];
    const rest = bus === undefined ? '' : line.replace(bus, ' ');
    const node =
      /(?:numa(?:[_ ]?node)?|node)\W{0,4}(-?\d{1,3})(?!\w)/i.exec(rest)?.[1] ??
      /(?:^|[\s:=,])(-?\d{1,3})\s*$/.exec(rest)?.[1];
    if (bus === undefined || node === undefined) return false;
    const device =
      /(?<![\w/])([a-z][a-z0-9]*(?:_\w+)*_\d+|roce\w+|ibp\w+|rdmap\w+)(?!\w)/.exec(rest)?.[1] ?? null;
    rows.push({ bus, device, numaNode: Number(node) });
    return true;
  });
  return { rows, unknown };
}
