/** A log copied from a terminal of fixed width: its long lines end at one column and go on in the next line. */

/**
 * Joins what the terminal cut. A line counts as cut when it is as long as the longest, when others are as long too, and
 * when the next one does not begin as a record does; other logs come back as they are.
 */
export function unwrapped(lines: readonly string[]): readonly string[] {
  const width = lines.reduce((most, line) => Math.max(most, line.length), 0);
  const full = lines.filter((line) => line.length === width).length;
  if (width < MIN_WIDTH || width > MAX_WIDTH || full < MIN_FULL) return lines;
  const joined: string[] = [];
  let open = false;
  for (const line of lines) {
    const last = joined.at(-1);
    if (open && last !== undefined && last.length < MAX_LENGTH && !isStart(line))
      joined.push(join(joined.pop() ?? '', line));
    else joined.push(line);
    open = line.length === width;
  }
  return joined;
}

/** Narrower or wider terminals are not used for logs; one line of the greatest length is any text's. */
const [MIN_WIDTH, MAX_WIDTH, MIN_FULL] = [60, 500, 2];
const MAX_LENGTH = 4096;

/** Words grow together; what has digits may be a name, and no name is put together that the text does not hold. */
function join(left: string, right: string): string {
  const [head = '', tail = ''] = [/[\w.:+-]*$/.exec(left)?.[0], /^[\w.:+-]*/.exec(right)?.[0]];
  const splitsName = head !== '' && tail !== '' && /[\d_]/.test(`${head}${tail}`);
  return `${left}${splitsName ? ' ' : ''}${right}`;
}

function isStart(line: string): boolean {
  return (
    line.trim() === '' ||
    /NCCL (?:INFO|WARN|version)|[\w.-]+:\d+:\d+ \[-?\d+\]/.test(line) ||
    /^(?:\[(?:rank)?\d+\][:\s]|\[\d+,\d+\]<|\[?\d{4}[-/]\d\d|\((?:\w+ )?pid=|[>#$|]|\w*(?:INFO|WARN|ERROR|DEBUG|Error|Exception)\b|Traceback|\s+File "|-{3})/.test(
      line,
    )
  );
}
