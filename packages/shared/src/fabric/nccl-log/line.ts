/** The shape of one log line: who says it, and what. Formats: NVIDIA/nccl src/debug.cc, 2.14 to 2.30. */

export interface LogRecord {
  readonly text: string;
  readonly host: string | null;
  readonly pid: string | null;
  readonly gpu: number | null;
}

/** Longer lines are cut: no line that NCCL prints comes near, and a hundred megabytes must not stop the reader. */
const maxLineLength = 65_536;

/** The records of a physical line: several when a collector glued lines, none of them with colours or controls. */
export function recordsOf(line: string): LogRecord[] {
  const clean = line.slice(0, maxLineLength).replace(escapes, '');
  if (!isGlued(clean)) return [recordOf(clean)];
  const starts = [...clean.matchAll(starters)].map((match) => match.index).filter((index) => index > 0);
  const cuts = [0, ...starts, clean.length];
  return cuts.slice(1).flatMap((end, i) => (end > (cuts[i] ?? 0) ? recordOf(clean.slice(cuts[i], end)) : []));
}

/** Whether a physical line may hold several records. */
export function isGlued(line: string): boolean {
  return line.indexOf('NCCL ') !== line.lastIndexOf('NCCL ');
}

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]|\\r`, 'g');
/** `host:pid:tid [gpu]` in front of `NCCL` or of `file.cc:line NCCL`; `mpirun --tag-output` puts `[1,26]<stdout>:` before it. */
const starters =
  /(?<=\s|^|>:)[A-Za-z0-9][\w.-]{0,252}:\d{1,10}:\d{1,10} \[-?\d{1,4}\] (?=(?:[\w./]{1,80}:\d{1,6} )?NCCL )/g;
const prefix = /(?:^|[\s|\]>)]|>:)([A-Za-z0-9][\w.-]{0,252}):(\d{1,10}):\d{1,10} \[(-?\d{1,4})\] /;

function recordOf(text: string): LogRecord {
  const match = prefix.exec(text);
  if (match === null) return { text, host: null, pid: null, gpu: null };
  return { text, host: match[1] ?? null, pid: match[2] ?? null, gpu: Number(match[3]) };
}
