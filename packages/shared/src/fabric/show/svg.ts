/** The picture for a report: one SVG without scripts, fonts or links of its own. */
import type { FabricPicture, PictureCell, PictureNode } from './picture.ts';

const CELL = { width: 190, height: 70, gap: 24 };
const TITLE_WIDTH = 170;
const LINE = 17;
const MARGIN = 20;

export function svgOf({ transport, rails, nodes, remarks }: FabricPicture): string {
  const notes = [
    ...nodes.flatMap(({ name, out }) =>
      out.map(({ device, because }) => `${name} ${device} is out: ${because}`),
    ),
    ...remarks,
  ];
  const bottom = MARGIN + LINE * 2 + nodes.length * (CELL.height + CELL.gap);
  const longest = Math.max(0, ...notes.map(({ length }) => length));
  const width = Math.max(columnX(rails.length) + MARGIN, MARGIN * 2 + longest * 7);
  const height = bottom + notes.length * LINE + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    text(MARGIN, MARGIN, transport ?? 'no common transport', 'font-weight="bold"'),
    ...rails.flatMap((_, rail) => [
      text(columnX(rail), MARGIN + LINE, `rail ${rail}`, 'fill="#666"'),
      `<line x1="${columnX(rail) + 12}" y1="${rowY(0)}" x2="${columnX(rail) + 12}" y2="${rowY(nodes.length - 1) + CELL.height}" stroke="#bbb" stroke-width="3"/>`,
    ]),
    ...nodes.flatMap(nodeOf),
    ...notes.map((note, i) => text(MARGIN, bottom + i * LINE, note, 'fill="#804000"')),
    '</svg>\n',
  ].join('\n');
}

const columnX = (rail: number): number => MARGIN + TITLE_WIDTH + rail * (CELL.width + CELL.gap);
const rowY = (row: number): number => MARGIN + LINE * 2 + row * (CELL.height + CELL.gap);

function nodeOf({ name, control, cells }: PictureNode, row: number): string[] {
  const y = rowY(row);
  return [
    text(MARGIN, y + LINE, name, 'font-weight="bold"'),
    text(MARGIN, y + 2 * LINE, `${control.netdev ?? '?'} ${control.address ?? ''}`, 'fill="#444"'),
    ...cells.flatMap((cell, rail) => (cell === null ? [] : cellOf(cell, columnX(rail), y))),
  ];
}

function cellOf(
  { device, state, netdev, address, gidIndex, rateGbps }: PictureCell,
  x: number,
  y: number,
): string[] {
  const fill = state === 'active' ? '#e6f4e6' : state === null ? '#f2f2f2' : '#fbe3e3';
  const figures = [gidIndex === null ? '' : `GID ${gidIndex}`, rateGbps === null ? '' : `${rateGbps} Gb/s`];
  const lines = [
    `${device} ${state ?? '?'}`,
    `${netdev ?? '–'} ${address ?? ''}`,
    figures.filter(Boolean).join('  '),
  ];
  return [
    `<rect x="${x}" y="${y}" width="${CELL.width}" height="${CELL.height}" rx="6" fill="${fill}" stroke="#888"/>`,
    ...lines.map((line, i) =>
      text(x + 10, y + LINE * (i + 1) + 2, line, i === 0 ? 'font-weight="bold"' : ''),
    ),
  ];
}

const text = (x: number, y: number, content: string, style: string): string =>
  `<text x="${x}" y="${y}"${style === '' ? '' : ` ${style}`}>${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign,
  );
