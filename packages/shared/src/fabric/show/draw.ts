/** The picture for a terminal: one column a rail, one block a node, lines where a rail goes through. */
import type { FabricPicture, PictureCell, PictureNode } from './picture.ts';

/** Colours, or functions that give the text back as it is. */
export type Paint = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>>;

const GAP = '   ';

export function drawFabric({ transport, rails, nodes, remarks }: FabricPicture, paint: Paint): string[] {
  const columns = [
    nodes.map(titleOf),
    ...rails.map((_, rail) => nodes.map(({ cells }) => cellLines(cells[rail] ?? null))),
  ];
  const widths = columns.map((column, i) =>
    Math.max(i === 0 ? 0 : `rail ${i - 1}`.length, ...column.flat().map(({ length }) => length)),
  );
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join(GAP)
      .trimEnd();
  const blocks = nodes.map((_, node) =>
    [0, 1, 2].map((line) => {
      const text = row(columns.map((column) => column[node]?.[line] ?? ''));
      return line === 0 ? paint.bold(text) : text;
    }),
  );
  const links = row([
    '',
    ...rails.map((_, rail) => (nodes.every(({ cells }) => cells[rail] != null) ? '│' : '╎')),
  ]);
  return [
    `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}, ${transport ?? 'no common transport'}`,
    '',
    paint.dim(row(['', ...rails.map((_, rail) => `rail ${rail}`)])),
    ...blocks.flatMap((block, i) => [...(i === 0 ? [] : [paint.dim(links)]), ...block]),
    ...rails.flatMap((because, rail) =>
      because === '' ? [] : [...(rail === 0 ? [''] : []), paint.dim(`rail ${rail}: ${because}`)],
    ),
    ...outLines(nodes, paint),
    ...remarks.map((remark) => paint.yellow(remark)),
  ];
}

const titleOf = ({ name, control }: PictureNode): string[] => [
  name,
  control.netdev ?? '?',
  control.address ?? '?',
];

function cellLines(cell: PictureCell | null): string[] {
  if (cell === null) return ['–', '', ''];
  return [
    `${cell.device} ${cell.state ?? '?'}`,
    [cell.netdev ?? '–', cell.address ?? ''].join(' ').trimEnd(),
    [
      cell.gidIndex === null ? '' : `GID ${cell.gidIndex}`,
      cell.rateGbps === null ? '' : `${cell.rateGbps} Gb/s`,
    ]
      .filter(Boolean)
      .join('  '),
  ];
}

function outLines(nodes: readonly PictureNode[], paint: Paint): string[] {
  const lines = nodes.flatMap(({ name, out }) =>
    out.map(({ device, because }) => `  ${name} ${device}: ${because}`),
  );
  return lines.length === 0 ? [] : ['', paint.bold('out'), ...lines];
}
