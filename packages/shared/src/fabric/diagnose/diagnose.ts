/** From facts, plan, settings and the logs of all ranks to causes, the most likely first. Pure. */
import { adviceFor } from './advice.ts';
import type { Finding } from './finding.ts';
import { factFindings } from './from-facts.ts';
import { logFindings } from './from-logs.ts';
import { gidFix } from './gid-fix.ts';
import { reportsInContext } from './log-context.ts';
import type { Confidence, DiagnoseInput, FabricDiagnosis } from './model.ts';

/**
 * Ranked causes, one a category; empty when nothing is wrong. A consequence (a connection that the peer closed, a
 * time limit that fired, a fall to TCP) never stands before a cause.
 */
export function diagnoseFabric(input: DiagnoseInput): FabricDiagnosis[] {
  const told = { ...input, reports: reportsInContext(input.reports, input) };
  const findings = [...logFindings(told), ...factFindings(told)];
  const merged = [...Map.groupBy(findings, (item) => item.category).values()].map(merge);
  return merged
    .sort((a, b) => weight(b) - weight(a) || adviceFor(a.category).depth - adviceFor(b.category).depth)
    .map(({ consequence: _, ...diagnosis }) => exactly(diagnosis, told));
}

/** General words for a GID become commands for the NCCL that the logs show. */
function exactly(diagnosis: FabricDiagnosis, input: DiagnoseInput): FabricDiagnosis {
  const general = diagnosis.category === 'wrong-gid' && diagnosis.fix === adviceFor('wrong-gid').fix;
  return general ? { ...diagnosis, fix: gidFix(input) } : diagnosis;
}

const confidences: readonly Confidence[] = ['low', 'medium', 'high'];
const maxEvidence = 12;

/** The surest wording of a category, with the evidence of all. */
function merge(items: readonly Finding[]): Finding {
  const best = [...items].sort((a, b) => weight(b) - weight(a))[0] as Finding;
  const evidence = [best, ...items.filter((item) => item !== best)].flatMap((item) => item.evidence);
  const distinct = new Map(evidence.map((item) => [`${item.node}\n${item.text}`, item]));
  return { ...best, evidence: [...distinct.values()].slice(0, maxEvidence) };
}

function weight({ confidence, consequence }: Finding): number {
  return consequence ? -1 : confidences.indexOf(confidence);
}
