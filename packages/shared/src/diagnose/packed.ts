/**
 * A reading as it travels from the agent that reads a log to the coordinator that judges the gang: rules by id, every
 * list and line cut to a bound, so that the reading of an endless log stays below some 100 KB.
 */
import { type Static, Type } from 'typebox';
import { newHostFacts, report } from '../fabric/nccl-log/facts.ts';
import type { NcclReport } from '../fabric/nccl-log/model.ts';
import { Nullable } from '../facts/nullable.ts';
import type { Hit, LogReading, Telling } from './log-reader.ts';
import type { Rule } from './model.ts';
import { rules } from './rules.ts';

const Line = Type.Object({ line: Type.String(), number: Type.Integer() });
const said = {
  ...Line.properties,
  who: Nullable(Type.String()),
  seconds: Nullable(Type.Number()),
  level: Nullable(Type.Enum(['info', 'warning', 'error'])),
  chained: Type.Boolean(),
};
/** The fields that decide; others come with them, and what an older version lacks is as if nothing had been said. */
const Nccl = Type.Unsafe<NcclReport>(
  Type.Object({
    host: Nullable(Type.String()),
    version: Nullable(Type.String()),
    network: Nullable(Type.String()),
    transport: Type.String(),
    devicesUsed: Type.Array(Type.String()),
    oobIfname: Nullable(Type.String()),
    oobAddress: Nullable(Type.String()),
    gdr: Nullable(Type.Boolean()),
    env: Type.Record(Type.String(), Type.String()),
    ranks: Type.Array(Type.Object({ rank: Type.Integer() })),
    netLinks: Type.Array(Type.Object({ line: Type.String() })),
    errors: Type.Array(
      Type.Object({ line: Type.String(), lineNumber: Type.Integer(), category: Type.String() }),
    ),
  }),
);

export const PackedReading = Type.Object({
  /** `rank1`, or `rank1-PROCESS` for what runs beside the engine. */
  file: Type.String(),
  /** Seconds since commit at which the log last said something that counts. */
  newsSeconds: Type.Number(),
  hits: Type.Array(Type.Object({ ...said, rule: Type.String(), match: Type.Array(Nullable(Type.String())) })),
  telling: Type.Array(Type.Object({ ...said, kind: Type.Enum(['exception', 'error', 'echo']) })),
  notes: Type.Record(Type.String(), Type.Array(Line)),
  nccl: Type.Array(Nccl),
});
export type PackedReading = Static<typeof PackedReading>;

const limits = { hits: 48, line: 1000, group: 200, nccl: 4, errors: 8, env: 32, ranks: 64, links: 8 };

/** `mask` takes secrets out of whatever is quoted. */
export function packReading(
  reading: LogReading,
  newsSeconds: number,
  mask: (text: string) => string,
): PackedReading {
  const quoted = ({ line, number }: { line: string; number: number }) => ({
    line: mask(line.slice(0, limits.line)),
    number,
  });
  const spoken = ({ at, who, seconds, level, chained }: Hit | Telling) => ({
    ...quoted(at),
    who,
    seconds,
    level,
    chained,
  });
  return {
    file: reading.file,
    newsSeconds,
    hits: reading.hits
      .toSorted((a, b) => strengths.indexOf(a.rule.strength) - strengths.indexOf(b.rule.strength))
      .slice(0, limits.hits)
      .map((hit) => ({
        ...spoken(hit),
        rule: hit.rule.id,
        match: hit.match.map((group: string | undefined) =>
          group === undefined ? null : mask(group.slice(0, limits.group)),
        ),
      })),
    telling: reading.telling.map((telling) => ({ ...spoken(telling), kind: telling.kind })),
    notes: Object.fromEntries([...reading.notes].map(([id, lines]) => [id, lines.map(quoted)])),
    nccl: reading.reports.slice(0, limits.nccl).map((each) => packNccl(each, mask)),
  };
}

/** What a rule says that this version does not have is left out. */
export function unpackReading({ file, hits, telling, notes, nccl }: PackedReading): LogReading {
  const at = ({ line, number }: { line: string; number: number }) => ({ file, line, number });
  return {
    file,
    hits: hits.flatMap((hit) => {
      const rule = rulesById.get(hit.rule);
      // A group that took no part in the match is undefined, as exec() has it.
      const match = hit.match.map((group) => group ?? undefined) as string[];
      return rule === undefined ? [] : [{ ...hit, rule, match, at: at(hit) }];
    }),
    telling: telling.map((each) => ({ ...each, at: at(each) })),
    notes: new Map(Object.entries(notes).map(([id, lines]) => [id, lines.map(at)])),
    reports: nccl.map((each) => ({ ...nothingSaid, ...each })),
  };
}

const strengths: readonly Rule['strength'][] = ['proof', 'strong', 'hint', 'consequence'];
const rulesById: ReadonlyMap<string, Rule> = new Map(rules.map((rule) => [rule.id, rule]));
const nothingSaid: NcclReport = report(newHostFacts(null));

function packNccl(each: NcclReport, mask: (text: string) => string): NcclReport {
  const cut = (text: string): string => mask(text.slice(0, limits.line));
  return {
    ...each,
    env: Object.fromEntries(
      Object.entries(each.env)
        .slice(0, limits.env)
        .map(([name, value]) => [name, cut(value)]),
    ),
    ranks: each.ranks.slice(0, limits.ranks),
    netLinks: each.netLinks.slice(0, limits.links).map((link) => ({ ...link, line: cut(link.line) })),
    errors: each.errors.slice(0, limits.errors).map((error) => ({ ...error, line: cut(error.line) })),
    unknownWarnings: each.unknownWarnings
      .slice(0, limits.errors)
      .map((warning) => ({ ...warning, line: cut(warning.line) })),
    socketIfnames: each.socketIfnames.slice(0, limits.links),
    benign: [],
    // A count would be news with every line.
    errorsDropped: 0,
  };
}
