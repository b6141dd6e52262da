/** What the diagnosis of the fabric adds: NCCL's own lines, in the words of ../fabric/diagnose. */
import { diagnoseFabric } from '../fabric/diagnose/diagnose.ts';
import type { Confidence } from '../fabric/diagnose/model.ts';
import type { NcclReport } from '../fabric/nccl-log/model.ts';
import type { Diagnosis, EvidenceLine } from './model.ts';

export interface FabricReading {
  readonly file: string;
  readonly reports: readonly NcclReport[];
}

const confidences: Readonly<Record<Confidence, number>> = { high: 0.75, medium: 0.6, low: 0.4 };
/** Slow or unusual, but no reason why a launch ends; and what the launch rules tell better. */
const notEnding = new Set(['tcp-fallback', 'gdr-disabled', 'timeout', 'peer-died', 'tool-partial-output']);

/** Causes only, most likely first; evidence that names a line of a log. */
export function fabricDiagnoses(readings: readonly FabricReading[]): Diagnosis[] {
  return allOf(readings).flatMap((item) => {
    const evidence = item.evidence.filter(({ line }) => !/NCCL INFO/.test(line));
    return notEnding.has(item.category) || evidence.length === 0
      ? []
      : [{ ...item, evidence, where: evidence[0]?.file ?? null }];
  });
}

/** What `fabric explain` says of the same logs: also what ends no launch, as a fall to TCP. */
export function fabricRemarks(readings: readonly FabricReading[], told: readonly Diagnosis[]): Diagnosis[] {
  return allOf(readings).filter(({ category }) => told.every((item) => item.category !== category));
}

function allOf(readings: readonly FabricReading[]): Diagnosis[] {
  const reports = readings.flatMap(({ reports }) => reports.map((report) => ({ node: report.host, report })));
  if (reports.length === 0) return [];
  const found = diagnoseFabric({ nodes: [], selection: null, reports, env: [], errorLines: [] });
  return found
    .filter(({ precaution }) => !precaution)
    .map(({ category, cause, fix, confidence, evidence }) => {
      const lines = evidence.flatMap(({ text }) => linesOf(text, readings));
      return {
        category,
        cause,
        fix,
        confidence: confidences[confidence],
        evidence: lines,
        where: lines[0]?.file ?? null,
      };
    });
}

function linesOf(text: string, readings: readonly FabricReading[]): EvidenceLine[] {
  return readings.flatMap(({ file, reports }) =>
    reports.flatMap(({ errors }) =>
      errors.flatMap(({ line, lineNumber }) => (line === text ? [{ file, line, number: lineNumber }] : [])),
    ),
  );
}
