import { categoryOfCheck } from '@dsr1/shared/diagnose/checks';
import type { Finding } from './finding.ts';

/** Findings as text for people, ending with a line break. */
export function renderFindings(hostname: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return `${hostname}: nothing to repair\n`;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const blocks = findings.map(({ severity, check, found, matters, fix }) =>
    [
      `${severity.padEnd(7)}  ${found}  [${check}]`,
      `         why: ${matters}${asFailure(check)}`,
      ...fix.map((line, at) => `         ${at === 0 ? 'fix: ' : '     '}${line}`),
    ].join('\n'),
  );
  return `${blocks.join('\n\n')}\n\n${hostname}: ${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}\n`;
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** The name under which `dsr1ctl diagnose` and docs/diagnosis.md know it, once a launch has failed of it. */
function asFailure(check: string): string {
  const category = categoryOfCheck(check);
  return category === null ? '' : ` (${category})`;
}
