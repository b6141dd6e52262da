/** Rows of text as aligned columns. */
import { visibleWidth } from './style.ts';

/** One line a row; columns two spaces apart, the last one not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, visibleWidth(cell));
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell + padding(cell, widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

const padding = (cell: string, width: number): string => ' '.repeat(Math.max(0, width - visibleWidth(cell)));
