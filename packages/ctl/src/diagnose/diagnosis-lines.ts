/** Diagnoses as lines of text: the first in full, the others in a line each. Pure. */
import type { Diagnosis } from '@dsr1/shared/diagnose/model';
import type { Style } from '../output/style.ts';
import { diagnoseText } from '../text/diagnose.ts';

const MAX_COLUMNS = 400;

/** `network`: what the logs say of it besides, which ends no launch. */
export function diagnosisLines(
  diagnoses: readonly Diagnosis[],
  style: Style,
  network: readonly Diagnosis[] = [],
): string[] {
  if (network.length === 0) return causeLines(diagnoses, style);
  const causes = diagnoses.length === 0 ? [diagnoseText.fineBeside] : causeLines(diagnoses, style);
  return [
    ...causes,
    '',
    `${diagnoseText.network}:`,
    ...network.flatMap(({ category, cause, fix, evidence: [seen] }) => [
      `  ${style.bold(category)}  ${cause}`,
      ...(seen === undefined
        ? []
        : [`    ${style.dim(`${seen.file}:${seen.number}`)}  ${seen.line.trim().slice(0, MAX_COLUMNS)}`]),
      `    ${style.bold(diagnoseText.fix)}  ${fix}`,
    ]),
  ];
}

function causeLines(diagnoses: readonly Diagnosis[], style: Style): string[] {
  const [first, ...others] = diagnoses;
  if (first === undefined) return [style.green(diagnoseText.fine)];
  return [
    `${style.bold(style.red(first.category))}  ${first.cause}  ${style.dim(diagnoseText.percent(first.confidence))}`,
    ...first.evidence.map(
      ({ file, number, line }) => `  ${style.dim(`${file}:${number}`)}  ${line.trim().slice(0, MAX_COLUMNS)}`,
    ),
    ...(first.where === null ? [] : [`  ${style.dim(`${diagnoseText.first} ${first.where}`)}`]),
    `  ${style.bold(diagnoseText.fix)}  ${first.fix}`,
    ...(others.length === 0 ? [] : ['', `${diagnoseText.further}:`]),
    ...others.map(
      ({ category, cause, confidence }) =>
        `  ${category}  ${cause}  ${style.dim(diagnoseText.percent(confidence))}`,
    ),
  ];
}
