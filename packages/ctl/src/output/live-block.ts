/** A block of lines that is drawn again in its own place. */
import type { Output } from '../io.ts';
import { stripStyle, visibleWidth } from './style.ts';

export interface LiveBlock {
  draw(lines: readonly string[]): void;
}

/** Never higher or wider than the terminal: what scrolled away or wrapped could not be drawn over. */
export function createLiveBlock(output: Output): LiveBlock {
  let drawn = 0;
  return {
    draw(lines) {
      const room = output.rows - 1;
      const kept =
        lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1}`];
      const up = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[0J`;
      output.write(up + kept.map((line) => `${fit(line, output.columns - 1)}\n`).join(''));
      drawn = kept.length;
    },
  };
}

/** A cut line loses its colours. */
const fit = (line: string, columns: number): string =>
  visibleWidth(line) <= columns ? line : `${stripStyle(line).slice(0, columns - 1)}…`;
