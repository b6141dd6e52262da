/**
 * `nvidia-smi topo -m`: matrix of GPUs and NICs, and the legend that alone says which RDMA device NICn is.
 * Cells are read by vocabulary, not by column: terminals glue (`NODEPIX`) and people re-align them.
 */
import type { TopoLevel } from '../../facts/gpu.ts';
import type { TopoMatrix } from './rows.ts';
import { type Dump, linesOf } from './text.ts';

export interface ParsedTopo extends TopoMatrix {
  readonly unknown: readonly string[];
}

export function parseTopoM(dump: Dump): ParsedTopo {
  let names: readonly string[] | null = null;
  let wrapped = false;
  const rows = new Map<string, readonly string[]>();
  const nics: Record<string, string> = {};
  const unknown: string[] = [];
  for (const line of linesOf(dump)) {
    const text = line.trim().replace(/^(?:GPU|NVIDIA) Topology:\s*/, '');
    const legend = /^(NIC\d+):\s+([A-Za-z][\w.-]*)/.exec(text);
    const row = names === null ? null : cellsOf(text, names);
    const header: readonly string[] | null = names === null || wrapped ? headerOf(text, wrapped) : null;
    const last = [...rows.keys()].at(-1);
    const rest =
      names === null || last === undefined
        ? []
        : levelsOf(text, names.length - (rows.get(last)?.length ?? 0));
    if (header) {
      names = [...(names ?? []), ...header];
      wrapped = !/CPU ?Aff/.test(text);
    } else if (legend) nics[legend[1] ?? ''] ??= legend[2] ?? '';
    else if (row && !rows.has(row.name)) rows.set(row.name, row.cells);
    else if (rest.length > 0 && last !== undefined) rows.set(last, [...(rows.get(last) ?? []), ...rest]);
    else if (text !== '' && !isExplanation(text)) unknown.push(line);
  }
  const columns = names ?? [];
  const cells = [...rows].flatMap(([name, levels]) =>
    levels.map((level, at) => [name, columns[at] ?? '', level] as const),
  );
  return {
    gpuCount: names === null ? null : columns.filter((name) => name.startsWith('GPU')).length,
    nicCount: names === null ? null : columns.filter((name) => !name.startsWith('GPU')).length,
    nics: Object.keys(nics).length === 0 ? null : nics,
    cells,
    nearest: nearestOf(cells),
    unknown,
  };
}

/** From best to worst (nvidia-smi's own legend). */
export const TOPO_LEVELS: readonly TopoLevel[] = ['X', 'PIX', 'PXB', 'PHB', 'NODE', 'SYS'];

/** `GPU0 GPU1 NIC0 CPU Affinity …`, also squashed to `GPU0GPU1NIC0CPU Affinity`; old drivers print device names as columns. */
function headerOf(text: string, continued: boolean): string[] | null {
  const head = text.split(/CPU ?Aff/)[0] ?? '';
  const names = head
    .replace(/GPU(?=\d)|NIC(?=\d)/g, ' $&')
    .trim()
    .split(/\s+/);
  if (!(continued || names[0]?.startsWith('GPU')) || !names.every((name) => COLUMN.test(name))) return null;
  return names.length > 1 || head !== text || continued ? names : null;
}

const COLUMN = /^(?:GPU\d+|NIC\d+|[a-z]\w*_\d+)$/;

function cellsOf(text: string, names: readonly string[]): { name: string; cells: readonly string[] } | null {
  const match = /^(GPU\d+|NIC\d+|[a-z]\w*)\s+(\S.*)$/.exec(text);
  if (!match || !names.includes(match[1] ?? '')) return null;
  const cells = levelsOf(match[2] ?? '', names.length);
  return cells.length === 0 ? null : { name: match[1] ?? '', cells };
}

/** Levels at the beginning of a text, at most `count`; a row that a terminal wrapped goes on in the next line. */
function levelsOf(text: string, count: number): string[] {
  const cells: string[] = [];
  for (const token of text.split(/\s+/)) {
    if (cells.length >= count || !/^(?:NV\d+|PIX|PXB|PHB|NODE|SYS|X)+$/.test(token)) break;
    cells.push(...(token.match(/NV\d+|PIX|PXB|PHB|NODE|SYS|X/g) ?? []));
  }
  return cells.slice(0, count);
}

function nearestOf(cells: TopoMatrix['cells']): TopoMatrix['nearest'] {
  const nearest: Record<string, { level: TopoLevel; nics: string[] }> = {};
  for (const [row, column, text] of cells) {
    const level = TOPO_LEVELS.find((known) => known === text);
    if (!row.startsWith('GPU') || column.startsWith('GPU') || !level) continue;
    const best = nearest[row];
    if (!best || TOPO_LEVELS.indexOf(level) < TOPO_LEVELS.indexOf(best.level))
      nearest[row] = { level, nics: [column] };
    else if (best.level === level) best.nics.push(column);
  }
  return nearest;
}

function isExplanation(text: string): boolean {
  return /^(Legend:|NIC Legend:|GPU Topology:|NVIDIA Topology:|-+$|(X|SYS|NODE|PHB|PXB|PIX|NV#)\s+=)/.test(
    text,
  );
}
