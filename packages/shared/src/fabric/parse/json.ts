/** JSON as tools print it and people paste it: perhaps with a prompt before, perhaps cut at the end. */
import { type Dump, linesOf } from './text.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** Complete top-level objects of a JSON array, also when the array is cut. Linear in the size of the text. */
export function jsonObjects(dump: Dump): JsonRecord[] {
  const text = typeof dump === 'string' ? dump : dump.join('\n');
  const found: JsonRecord[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"' && depth > 0) at = endOfString(text, at);
    else if (char === '{' && depth++ === 0) start = at;
    else if (char === '}' && depth > 0 && --depth === 0)
      found.push(...parseObject(text.slice(start, at + 1)));
  }
  return found;
}

/** For a JSON dump whose objects no rule knows: its first line stands for all of it. */
export function unknownJson(dump: Dump): string[] {
  return linesOf(dump)
    .filter((line) => line.trim() !== '')
    .slice(0, 1);
}

export function text(record: JsonRecord, key: string): string | null {
  const value = record[key];
  return typeof value === 'string' ? value : null;
}

export function integer(record: JsonRecord, key: string): number | null {
  const value = record[key];
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

export function list(record: JsonRecord, key: string): unknown[] {
  const value = record[key];
  return Array.isArray(value) ? value : [];
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function endOfString(source: string, open: number): number {
  let at = open + 1;
  while (at < source.length && source[at] !== '"') at += source[at] === '\\' ? 2 : 1;
  return at;
}

function parseObject(source: string): JsonRecord[] {
  try {
    const value: unknown = JSON.parse(source);
    return isRecord(value) ? [value] : [];
  } catch {
    return [];
  }
}
