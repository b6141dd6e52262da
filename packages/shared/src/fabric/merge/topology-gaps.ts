/** What a pasted `nvidia-smi topo -m` lacks. */
import type { TopoMatrix } from '../parse/rows.ts';

/** Rows that a terminal or a poster cut off, and the legend without which NICn is no device. */
export function topologyGaps(matrices: readonly TopoMatrix[]): string[] {
  return [...new Set(matrices.flatMap((matrix) => [...cutRows(matrix), ...missingLegend(matrix)]))];
}

/** Every GPU of the header has a row with a cell for each column. */
function cutRows({ gpuCount, nicCount, cells }: TopoMatrix): string[] {
  const columns = (gpuCount ?? 0) + (nicCount ?? 0);
  const rows = [...Map.groupBy(cells, ([row]) => row)].filter(([row]) => row.startsWith('GPU'));
  const whole = rows.filter(([, own]) => own.length === columns);
  if (gpuCount === null || cells.length === 0 || nicCount === 0 || whole.length >= gpuCount) return [];
  return [
    `the topology table has ${gpuCount} GPU columns and ${whole.length} whole GPU rows: it is cut off, and which HCA is near to the other GPUs is not known`,
  ];
}

function missingLegend({ nics, cells }: TopoMatrix): string[] {
  return nics === null && cells.some(([, column]) => column.startsWith('NIC'))
    ? ['NICn of the topology table are numbers, not RDMA devices: paste its NIC Legend too']
    : [];
}
