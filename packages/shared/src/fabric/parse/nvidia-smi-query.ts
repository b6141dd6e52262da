/**
 * `nvidia-smi --query-gpu=… --format=csv` with or without its header, and `nvidia-smi -L`.
 * Without a header each cell is known by its shape alone; a cell that could be two things stays unknown.
 */
import { pciFunction } from './address.ts';
import { gpuRow } from './gpu-row.ts';
import type { GpuRow } from './rows.ts';
import { type Dump, lookup, type Parsed, readLines } from './text.ts';

export function parseNvidiaSmiQuery(dump: Dump): Parsed<GpuRow> {
  const rows: GpuRow[] = [];
  let columns: readonly string[] | null = null;
  const unknown = readLines(dump, (line) => {
    const listed = /^\s*GPU (\d+): (.+?) \(UUID: ([\w-]+)\)?/.exec(line);
    if (listed) return rows.push(gpuRow(Number(listed[1]), { name: listed[2], uuid: listed[3] })) > 0;
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.some((cell) => cell === 'index' || cell === 'pci.bus_id' || cell === 'uuid')) {
      columns = cells.map((cell) => lookup(COLUMNS, cell.replace(/ \[.*\]$/, '')) ?? '');
      return true;
    }
    const values = columns ? byColumn(columns, cells) : byShape(cells);
    if (values === null) return false;
    rows.push(gpuRow(values.index === undefined ? rows.length : Number(values.index), values));
    return true;
  });
  return { rows, unknown };
}

const COLUMNS: Readonly<Record<string, string>> = {
  index: 'index',
  uuid: 'uuid',
  gpu_uuid: 'uuid',
  name: 'name',
  gpu_name: 'name',
  'pci.bus_id': 'busId',
  gpu_bus_id: 'busId',
  'memory.total': 'memory',
  compute_cap: 'computeCapability',
  'mig.mode.current': 'mig',
};

function byColumn(columns: readonly string[], cells: readonly string[]): Record<string, string> | null {
  if (cells.length !== columns.length) return null;
  const values = Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']));
  return values.index === undefined || /^\d{1,3}$/.test(values.index) ? values : null;
}

function byShape(cells: readonly string[]): Record<string, string> | null {
  const values: Record<string, string> = {};
  cells.forEach((cell, at) => {
    if (at === 0 && /^\d{1,3}$/.test(cell)) values.index = cell;
    else if (/^GPU-[0-9a-f-]{8,}$/i.test(cell)) values.uuid ??= cell;
    else if (/^[0-9a-f]{8}:/i.test(cell) && pciFunction(cell) !== null) values.busId ??= cell;
    else if (/^\d+ MiB$/.test(cell)) values.memory ??= cell;
    else if (/^(NVIDIA|Tesla|GeForce|Quadro|GRID)\b/.test(cell)) values.name ??= cell;
  });
  return (values.uuid ?? values.busId) !== undefined ? values : null;
}
