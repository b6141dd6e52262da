/** A block of lines that is drawn again in its own place. */
import type { Output } from '../io.ts';
import { stripStyle, visibleWidth } from './style.ts';

export interface LiveBlock {
  draw(lines: readonly string[]): void;
}

export function createLiveBlock(output: Output): LiveBlock {
  let drawn = 0;
  return {
    draw(lines) {
      const up = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[0J`;
      output.write(up + lines.map((line) => `${fit(line, output.columns - 1)}\n`).join(''));
      drawn = lines.length;
    },
  };
}

/** A line that wraps would break the count; a cut one loses its colours. */
const fit = (line: string, columns: number): string =>
  visibleWidth(line) <= columns ? line : `${stripStyle(line).slice(0, columns - 1)}…`;
