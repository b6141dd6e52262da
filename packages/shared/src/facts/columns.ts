/** Rows of cells as aligned lines without trailing blanks; columns that are empty in every row are left out. */
export function columns(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const used = header.map((_, at) => at).filter((at) => rows.some((row) => (row[at] ?? '') !== ''));
  const table = [header, ...rows].map((row) => used.map((at) => row[at] ?? ''));
  const widths = used.map((_, at) => Math.max(...table.map((row) => (row[at] ?? '').length)));
  return table.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
