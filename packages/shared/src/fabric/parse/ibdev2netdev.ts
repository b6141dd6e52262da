/**
 * `ibdev2netdev`, plain and -v (mlnx-tools before commit 290a843; now in DOCA).
 *   mlx5_0 port 1 ==> ens785f0 (Up)
 *   0000:01:00.0 mlx5_0 (MT4123 - MCX653105A-HDAT) <free text> fw 20.28.1002 port 1 (ACTIVE) ==> p5p1 (Up)
 *   mlx5_0 port 1 ==>  ()                                     the netdev is in another network namespace
 * Old versions of -v print no PCI address.
 * The word in brackets at the end is the netdev's carrier, the one before the arrow the port's state.
 */
import { pciFunction } from './address.ts';
import { isVirtualModel, type PortRow, portState } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export function parseIbdev2netdev(dump: Dump): Parsed<PortRow> {
  const rows: PortRow[] = [];
  const unknown = readLines(dump, (line) => {
    const row = portOf(line);
    if (row) rows.push(row);
    return row !== null;
  });
  return { rows, unknown };
}

function portOf(line: string): PortRow | null {
  const arrow = line.search(/<===>|==>/);
  if (arrow < 0) return null;
  const left = /^(.*\S)\s+port\s+(\d{1,3})\s*(?:\(\s*(\w+)\s*\))?\s*$/.exec(line.slice(0, arrow));
  const right = /^(?:<===>|==>)\s*([^\s()]+)?(?:\s*\(\s*(\w*)\s*\))?/.exec(line.slice(arrow));
  if (!left || !right || (right[1] ?? right[2]) === undefined) return null;
  const [, head = '', port = '', state] = left;
  const verbose = /^\s*(?:([0-9a-f:.]{7,16})\s+)?(\S+)\s+\((\w+)?/i.exec(head);
  const device = verbose?.[2] ?? /^\s*(\S+)$/.exec(head)?.[1] ?? null;
  if (device === null) return null;
  return {
    device,
    port: Number(port),
    netdev: right[1] ?? null,
    netdevUp: carrier(right[2]),
    ...(state === undefined ? {} : { state: portState(state) }),
    ...(verbose
      ? {
          pci: pciFunction(verbose[1] ?? ''),
          firmware: /\bfw (\S+)/.exec(head)?.[1] ?? null,
          virtualFunction: isVirtualModel(verbose[3] ?? ''),
        }
      : {}),
  };
}

/** `NA`, or a line cut before it: not known. */
function carrier(word: string | undefined): boolean | null {
  return word === 'Up' ? true : word === 'Down' ? false : null;
}
