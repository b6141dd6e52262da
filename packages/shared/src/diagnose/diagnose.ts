/** From what the logs of all ranks say, and what is known besides, to ranked causes. Pure. */
import { wordsFor } from './categories.ts';
import { fabricDiagnoses } from './fabric.ts';
import { factLines, sceneOf } from './facts.ts';
import type { Hit, LogReading, Telling } from './log-reader.ts';
import type { Diagnosis, DiagnosisCategory, EvidenceLine, Scene } from './model.ts';
import { phaseNotes } from './phases.ts';
import { inTime, type Ranked, rank } from './rank.ts';

const limits = { evidence: 8, telling: 5 };

/**
 * Most likely first, one a category; empty when nothing is wrong. `facts` is any JSON of what is known (facts.json,
 * a deployment). Where nothing is recognised, one `unknown` with the most telling lines.
 */
export function diagnose(readings: readonly LogReading[], facts: unknown): Diagnosis[] {
  const notes = readings.flatMap(({ notes }) => [...notes.keys()]);
  const scene = sceneOf(factLines(facts), new Set([...notes, ...phaseNotes(readings)]));
  const hits = readings
    .flatMap((reading) => reading.hits)
    .filter((hit) => hit.rule.when?.(scene, hit.match) ?? true);
  const loud = hits.filter(({ rule }) => rule.quiet !== true);
  const silent = loud.length === 0 && !readings.some(({ telling }) => telling.some(isAlarm));
  const ranked = rank(silent ? hits : loud);
  const found = [...Map.groupBy(ranked, ({ hit }) => hit.rule.category).values()].map((group) =>
    diagnosisOf(group, readings),
  );
  const fabric = fabricDiagnoses(readings).filter((each) => isNews(each, found));
  const witnesses = ranked.length === 0 || ranked[0]?.hit.rule.strength === 'consequence';
  if (!witnesses) return [...found, ...fabric];
  if (fabric.length > 0) return [...fabric, ...found];
  return found.length > 0 ? ofWitnesses(found, readings) : unknown(readings, scene);
}

/** Neither the category nor all of its lines are told already. */
function isNews({ category, evidence }: Diagnosis, found: readonly Diagnosis[]): boolean {
  const told = new Set(found.flatMap((each) => each.evidence.map(({ file, number }) => `${file}:${number}`)));
  return (
    found.every((each) => each.category !== category) &&
    evidence.some(({ file, number }) => !told.has(`${file}:${number}`))
  );
}

const isAlarm = ({ kind }: Telling): boolean => kind !== 'echo';

function diagnosisOf(group: readonly Ranked[], readings: readonly LogReading[]): Diagnosis {
  const best = group[0] as Ranked;
  const { rule } = best.hit;
  const beside = (rule.beside ?? []).flatMap((id) => readings.flatMap(({ notes }) => notes.get(id) ?? []));
  const words = wordsFor(rule.category);
  const first = inTime(group.map(({ hit }) => hit))[0] as Hit;
  return {
    category: rule.category,
    cause: filled(rule.cause, best.hit) ?? words.cause,
    fix: filled(rule.fix, best.hit) ?? words.fix,
    confidence: Math.round(best.score * 100) / 100,
    evidence: distinct([best.hit.at, ...beside, ...group.map(({ hit }) => hit.at)]).slice(0, limits.evidence),
    where: first.who === null ? first.at.file : `${first.at.file} (${first.who})`,
  };
}

/** `$1` is the first group of the line; null when a group that the words need is not there. */
function filled(words: string | undefined, { match }: Hit): string | null {
  if (words === undefined) return null;
  const groups = match.slice(1).filter((group) => group !== undefined);
  const text = words.replace(/\$(\d)/g, (_, index: string) => groups[Number(index) - 1] ?? '\0');
  return text.includes('\0') ? null : text;
}

/** Logs of witnesses alone say surely that a peer went; an exception that no rule knows may be more. */
function ofWitnesses(found: readonly Diagnosis[], readings: readonly LogReading[]): Diagnosis[] {
  const sure = found.map((each, at) =>
    at === 0 ? { ...each, confidence: Math.min(0.65, each.confidence + 0.4) } : each,
  );
  const exceptions = readings.flatMap(({ telling }) => telling.filter(({ kind }) => kind === 'exception'));
  return exceptions.length > 0 ? [...sure, unknownOf(exceptions, 0.2)] : sure;
}

function unknown(readings: readonly LogReading[], scene: Scene): Diagnosis[] {
  const telling = readings.flatMap((reading) => reading.telling);
  const kinds = ['exception', 'error', 'echo'] as const;
  const best = kinds.map((kind) =>
    telling.filter((each) => each.kind === kind && each.level !== 'info' && each.level !== 'warning'),
  );
  const lines = best.find((group) => group.length > 0);
  if (lines !== undefined) return [unknownOf(lines, 0.3)];
  return scene.fact(/^symptom\w*: /) ? [unknownOf([], 0.1)] : [];
}

function unknownOf(lines: readonly Telling[], confidence: number): Diagnosis {
  const roots = lines.filter(({ chained }) => !chained);
  const ordered = inTime(roots.length > 0 ? roots : lines);
  const category: DiagnosisCategory = 'unknown';
  return {
    category,
    cause:
      ordered.length > 0
        ? 'no rule knows this failure; the earliest errors are quoted'
        : 'nothing in the logs tells why',
    fix: 'read the quoted lines in their files, on the rank that failed first; dsr1ctl logs NAME --rank N shows more',
    confidence,
    evidence: distinct(ordered.map(({ at }) => at)).slice(0, limits.telling),
    where: ordered[0] === undefined ? null : ordered[0].at.file,
  };
}

function distinct(lines: readonly EvidenceLine[]): EvidenceLine[] {
  return [...new Map(lines.map((line) => [`${line.file}\n${line.number}`, line])).values()];
}
