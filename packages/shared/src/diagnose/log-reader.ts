/** Reads one log line by line and keeps, within fixed bounds, what may decide. */

import { classifyError, isWarning } from '../fabric/nccl-log/error-rules.ts';
import type { NcclReport } from '../fabric/nccl-log/model.ts';
import { createNcclLogReader } from '../fabric/nccl-log/read.ts';
import { type LogLine, printable, readLine } from './line.ts';
import type { EvidenceLine, Rule } from './model.ts';
import { isRelevant } from './relevant.ts';
import { echo, harmless, notes } from './rules/notes.ts';
import { rules } from './rules.ts';

/** A line that a rule knows. */
export interface Hit extends Omit<LogLine, 'text'> {
  readonly rule: Rule;
  readonly match: readonly string[];
  readonly at: EvidenceLine;
  /** The exception was raised while another one was handled: the first one is nearer to the cause. */
  readonly chained: boolean;
}

/** An exception or an error that no rule knows. */
export interface Telling extends Omit<LogLine, 'text'> {
  readonly at: EvidenceLine;
  readonly kind: 'exception' | 'error' | 'echo';
  readonly chained: boolean;
}

export interface LogReading {
  readonly file: string;
  readonly hits: readonly Hit[];
  readonly telling: readonly Telling[];
  readonly notes: ReadonlyMap<string, readonly EvidenceLine[]>;
  /** What NCCL and Gloo said, host by host. */
  readonly reports: readonly NcclReport[];
}

export interface LogReader {
  /** Takes a line without its newline; pieces of a line that was cut have the same number. */
  push(line: string, number: number): void;
  reading(): LogReading;
}

const limits = {
  hitsPerRule: 4,
  telling: 24,
  noteLines: 3,
  known: 4096,
  whos: 256,
  evidence: 8192,
  wrapped: 80,
  inFull: 2000,
};

export function createLogReader(file: string): LogReader {
  const hits = new Map<string, Hit[]>();
  const telling: Telling[] = [];
  const seenNotes = new Map<string, EvidenceLine[]>();
  /** Texts that were looked at already: ranks repeat each other. */
  const known = new Set<string>();
  /** Per speaker: an exception that was being handled when the next one came. */
  const handling = new Set<string>();
  /** Per speaker: the last frame of the traceback that is being told. */
  const frames = new Map<string, string>();

  const take = (whole: string, raw: string, number: number): void => {
    const said = readLine(whole);
    const speaker = said.who ?? '';
    if (separators.test(said.text)) {
      if (handling.size < limits.whos) handling.add(ownString(speaker));
      return;
    }
    if (frame.test(said.text)) {
      if (frames.size < limits.whos || frames.has(speaker))
        frames.set(ownString(speaker), ownString(said.text));
    }
    const isException = exception.test(said.text);
    const chained = handling.has(speaker);
    const innermost = isException ? (frames.get(speaker) ?? '') : '';
    if (isException) {
      handling.delete(speaker);
      frames.delete(speaker);
    }
    // Of a flood of lines that differ in numbers only, the first of each kind tells all.
    const shape = known.size < limits.known ? said.text : said.text.replace(/\d+/g, '0');
    if (known.has(shape)) return;
    if (known.size < 2 * limits.known) known.add(ownString(shape));
    const line = { ...said, text: ownString(said.text), who: said.who === null ? null : ownString(said.who) };
    const at = { file, line: ownString(printable(raw.slice(0, limits.evidence))), number };
    for (const note of notes) {
      if (!note.line.test(line.text)) continue;
      const lines = seenNotes.get(note.id) ?? [];
      seenNotes.set(note.id, [...lines.slice(0, limits.noteLines - 1), at]);
    }
    if (harmless.test(line.text) || sourceCode.test(line.text)) return;
    let matched = false;
    let recognised = echo.test(line.text);
    for (const rule of rules) {
      if ((rule.last === true && recognised) || rule.frame?.test(innermost) === false) continue;
      const match = rule.line.exec(line.text);
      if (match === null || (rule.strength === 'consequence' && line.level === 'info')) continue;
      recognised ||= rule.when === undefined;
      matched ||= rule.when === undefined && rule.strength !== 'consequence';
      const kept = hits.get(rule.id) ?? [];
      if (kept.length < limits.hitsPerRule)
        hits.set(rule.id, [...kept, { ...line, rule, match: [...match], at, chained }]);
    }
    if (matched || telling.length >= limits.telling) return;
    const loud =
      line.level === 'error' ||
      (line.level === null && errorStart.test(line.text)) ||
      (isWarning(line.text) && classifyError(line.text) === null);
    const kind = echo.test(line.text) ? 'echo' : isException ? 'exception' : loud ? 'error' : null;
    if (kind !== null) telling.push({ ...line, at, kind, chained });
  };

  const nccl = createNcclLogReader();
  let previous = '';
  let previousNumber = 0;
  let taken = 0;
  return {
    push(line, number) {
      const inFull = taken++ < limits.inFull;
      if (inFull || isRelevant(line)) take(line, line, number);
      // A terminal broke a long line in two: what decides may lie across the seam.
      const whole = previous.length >= limits.wrapped && midSentence.test(line) ? previous + line : '';
      if (whole !== '' && (inFull || isRelevant(whole))) take(whole, previous, previousNumber);
      previous = line;
      previousNumber = number;
      nccl.push(line);
    },
    reading: () => ({
      file,
      hits: [...hits.values()].flat(),
      telling,
      notes: seenNotes,
      reports: nccl.reports(),
    }),
  };
}

/** A part of a string keeps the whole chunk that it was cut from in memory; what is kept is copied out of it. */
function ownString(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

const separators =
  /^(?:During handling of the above exception, another|The above exception was the direct cause)/;
const exception =
  /^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Interrupt|Exit|Warning|Timeout|Died)(?:: |$)|^Exception: /;
const frame = /^\s*File "/;
const errorStart =
  /^(?:E(?:RROR|rror|RR)\b|FATAL|[Ff]atal|panic|terminate called|CRITICAL|Aborted|Segmentation)/;
/** A line of the program itself, as tracebacks quote it. */
const sourceCode = /^\s+(?:raise|return|except|from|import|if|elif|logger\.\w+)\b/;
/** How the rest of a line begins that a terminal broke in two. */
const midSentence = /^[a-z_'")\]},.:-]/;
