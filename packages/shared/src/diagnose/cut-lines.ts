/** Text in chunks → numbered lines of bounded length: a line without an end costs no more memory than a short one. */

export interface LineCutter {
  push(chunk: string): void;
  /** After the last chunk: a last line without an end is given too. */
  end(): void;
}

/** Longer lines come in pieces that share their number. */
const MAX_LINE = 16_384;

export function createLineCutter(take: (line: string, number: number) => void): LineCutter {
  let rest = '';
  let number = 1;
  const give = (line: string): void => take(line.endsWith('\r') ? line.slice(0, -1) : line, number);
  return {
    push(chunk) {
      let from = 0;
      for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
        rest += chunk.slice(from, end);
        while (rest.length > MAX_LINE) {
          give(rest.slice(0, MAX_LINE));
          rest = rest.slice(MAX_LINE);
        }
        give(rest);
        rest = '';
        number++;
        from = end + 1;
      }
      rest += chunk.slice(from);
      while (rest.length > MAX_LINE) {
        give(rest.slice(0, MAX_LINE));
        rest = rest.slice(MAX_LINE);
      }
    },
    end() {
      if (rest !== '') give(rest);
      rest = '';
    },
  };
}
