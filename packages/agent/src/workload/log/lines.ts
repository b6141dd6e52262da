/** Splits bytes into lines with bounded memory: `\n` and `\r` (progress bars) end a line, what exceeds the bound is dropped. */
export interface LineSplitter {
  /** Complete lines of what was pushed so far; empty lines are left out. */
  push(chunk: Uint8Array): readonly Line[];
  /** The unfinished last line, if any. */
  rest(): string;
}

export interface Line {
  readonly text: string;
  /** Of the line that `\n` ends, from 1: the steps of a progress bar have the same. */
  readonly number: number;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

export function lineSplitter(maxLineBytes = 8192): LineSplitter {
  const pending = Buffer.alloc(maxLineBytes);
  let length = 0;
  let number = 1;
  const take = (chunk: Uint8Array, from: number, to: number): void => {
    const fitting = Math.min(to - from, maxLineBytes - length);
    if (fitting <= 0) return;
    pending.set(chunk.subarray(from, from + fitting), length);
    length += fitting;
  };
  const rest = (): string => pending.toString('utf8', 0, length);
  return {
    push(chunk) {
      const lines: Line[] = [];
      let start = 0;
      for (let at = 0; at < chunk.length; at++) {
        if (chunk[at] !== NEWLINE && chunk[at] !== RETURN) continue;
        take(chunk, start, at);
        if (length > 0) lines.push({ text: rest(), number });
        if (chunk[at] === NEWLINE) number++;
        length = 0;
        start = at + 1;
      }
      take(chunk, start, chunk.length);
      return lines;
    },
    rest,
  };
}
