/** Does every parser read out what the text shows? Rows that the text does not have count against. */
import { isDeepStrictEqual } from 'node:util';
import { ipv6Groups } from '@dsr1/shared/fabric/parse/address';
import type { CorpusCase, ParsedExpectation } from './case.ts';
import type { Check } from './score.ts';

type Row = Readonly<Record<string, unknown>>;
type Reading = Readonly<Record<string, unknown>> & { readonly rows?: readonly Row[] };

const KEYS: Readonly<Record<string, readonly string[]>> = {
  ports: ['name', 'port'],
  gids: ['dev', 'port', 'index'],
  rules: ['priority', 'from', 'table'],
  gpus: ['index'],
  pci: ['bus'],
  'pci-numa': ['bus'],
};
/** Not judged: free text, and fields that only some spellings of a format carry. */
const SKIPPED = new Set(['link', 'host', 'masked', 'default_gid', 'text']);

export function judgeParsed(expected: CorpusCase, files: Readonly<Record<string, unknown>>): Check[] {
  return Object.entries(expected.parsed ?? {}).flatMap(([path, wanted]) => {
    if (wanted.what === 'text' || wanted.format === 'prose') return [];
    const reading = (files[path] ?? {}) as Reading;
    const checks =
      wanted.what === 'topo' ? judgeTopo(wanted, reading) : judgeRows(wanted, reading.rows ?? []);
    return checks.map((check) => ({ ...check, what: `${path} ${check.what}` }));
  });
}

function judgeTopo(wanted: ParsedExpectation, reading: Reading): Check[] {
  const cells = new Map(
    (reading.cells as [string, string, string][] | undefined)?.map(([row, column, level]) => [
      `${row} ${column}`,
      level,
    ]),
  );
  const nearest = (reading.nearest ?? {}) as Record<string, { level: string; nics: readonly string[] }>;
  const counted = (['gpu_count', 'nic_count', 'nics'] as const).filter((key) => key in wanted);
  return [
    ...counted.map((key) =>
      check(isDeepStrictEqual(reading[key], wanted[key]), `${key} is ${JSON.stringify(reading[key])}`),
    ),
    ...(wanted.cells ?? []).map(([row, column, level]) =>
      check(
        cells.get(`${row} ${column}`) === level,
        `cell ${row} ${column} is ${cells.get(`${row} ${column}`)}, not ${level}`,
      ),
    ),
    ...Object.entries(wanted.nearest ?? {}).map(([gpu, near]) =>
      check(
        nearest[gpu]?.level === near.level && sameSet(nearest[gpu]?.nics, near.nics),
        `nearest ${gpu} is ${JSON.stringify(nearest[gpu])}`,
      ),
    ),
  ];
}

function judgeRows(wanted: ParsedExpectation, rows: readonly Row[]): Check[] {
  const keys = KEYS[wanted.what] ?? ['name'];
  const counts = [wanted.count, wanted.distinct ?? wanted.count];
  return [
    ...(wanted.count === undefined
      ? []
      : [check(counts.includes(rows.length), `${rows.length} rows, the text has ${counts.join(' or ')}`)]),
    ...(wanted.rows ?? []).map((row) => {
      const named = keys.filter((key) => row[key] !== undefined && row[key] !== null);
      const candidates = rows
        .filter((other) => named.every((key) => other[key] === row[key]))
        .map((other) => differences(row, other));
      const best = candidates.sort((a, b) => a.length - b.length)[0];
      return check(
        best?.length === 0,
        `${named.map((key) => row[key]).join(' ')}: ${best?.join(', ') ?? 'no such row'}`,
      );
    }),
  ];
}

function differences(wanted: Row, found: Row): string[] {
  return Object.keys(wanted)
    .filter((key) => !SKIPPED.has(key) && !same(key, wanted[key], found[key]))
    .map((key) => `${key} is ${JSON.stringify(found[key])}, not ${JSON.stringify(wanted[key])}`);
}

function same(key: string, wanted: unknown, found: unknown): boolean {
  if (key === 'gid') return gidText(wanted) === gidText(found);
  return Array.isArray(wanted) ? sameSet(found, wanted) : wanted === found;
}

/** One spelling for `::ffff:10.0.0.1` and its long form; what is no address (masked) is compared as text. */
function gidText(value: unknown): string {
  return ipv6Groups(String(value))?.join(':') ?? String(value);
}

function sameSet(found: unknown, wanted: readonly unknown[]): boolean {
  return isDeepStrictEqual([...((found as unknown[]) ?? [])].map(String).sort(), wanted.map(String).sort());
}

function check(ok: boolean, what: string): Check {
  return { part: 'parsed', ok, soft: false, what };
}
