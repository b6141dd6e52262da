/** Pasted text → clean lines. Every parser reads through `linesOf`, so none meets colours, tabs' cousins or endless lines. */

/** A whole text, or lines that `linesOf` has cleaned before. */
export type Dump = string | readonly string[];

/** What a parser understood, and the lines it did not (never dropped silently, never guessed at). */
export interface Parsed<Row> {
  readonly rows: Row[];
  readonly unknown: string[];
}

/** No tool prints longer lines (JSON apart); cutting here keeps every rule linear in the size of the text. */
export const MAX_LINE_LENGTH = 4096;

/** Lines without colours, control characters, full-width punctuation and byte-order marks. JSON lines keep their length. */
export function linesOf(dump: Dump): readonly string[] {
  return typeof dump === 'string' ? dump.split(/\r\n|\n|\r/).map(cleanLine) : dump;
}

/** Runs a line rule over a dump; a line for which it answers false, and which is not blank, is kept as unknown. */
export function readLines(dump: Dump, understand: (line: string) => boolean): string[] {
  return linesOf(dump).filter((line) => line.trim() !== '' && !understand(line));
}

const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200d\u2060\ufeff]/g;
/** `> ` of a mail or of Markdown. */
const QUOTE = /^(?:> ?){1,9}/;
/** `**word**` of Markdown, also where the closing pair is lines below. Addresses masked with asterisks stay as they are. */
const EMPHASIS = /(?<![\w.:])\*\*([A-Za-z0-9](?:[^*]*[A-Za-z0-9\])])?)\*\*(?![\w.:])|^(\s*)\*\*(?=[A-Za-z])/g;
const FULL_WIDTH: Readonly<Record<string, string>> = {
  '\u00a0': ' ',
  '\u3000': ' ',
  '、': ',',
  '。': ' ',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
  '│': '|',
  '┃': '|',
};

function cleanLine(raw: string): string {
  const line = raw.length > MAX_LINE_LENGTH && !looksLikeJson(raw) ? raw.slice(0, MAX_LINE_LENGTH) : raw;
  const bare = line
    .replace(ESCAPES, '')
    .replace(CONTROLS, '')
    .replace(QUOTE, '')
    .replace(/\u00a0/g, ' ');
  const plain = unframed(bare).replace(EMPHASIS, '$2$1');
  const text = /&(?:lt|gt);/.test(plain) && !/[<>]/.test(plain) ? fromHtml(plain) : plain;
  return /[^\u0000-\u007f]/.test(text) ? text.replace(/[\u3000-\u3002“”‘’│┃\uff01-\uff5e]/g, narrow) : text;
}

/** The source of a web page: `mlx5_0 port 1 ==&gt; eth0 (Up)`. */
function fromHtml(text: string): string {
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&nbsp;/g, ' ')
    .replace(/&amp;/g, '&');
}

/** Terminal programs draw a frame around what they show: `│ line │`. */
function unframed(text: string): string {
  if (!/^\s{0,80}[│┃║]/.test(text)) return text;
  const line = text.trim();
  const inner = line.slice(1, /.[│┃║]$/.test(line) ? -1 : undefined);
  return /[│┃║]/.test(inner) ? text : inner.replace(/^ /, '').trimEnd();
}

/** Value of a table under a key that came from a text: `constructor` is in no table, whatever JavaScript thinks. */
export function lookup<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Whether a line can begin (or be) the JSON that `ip -j`, `rdma -j` print. */
export function looksLikeJson(line: string): boolean {
  return /^\s{0,80}\[\s*(\{|$)/.test(line.slice(0, 200));
}

function narrow(char: string): string {
  const code = char.charCodeAt(0);
  return code >= 0xff01 && code <= 0xff5e ? String.fromCharCode(code - 0xfee0) : (FULL_WIDTH[char] ?? char);
}
