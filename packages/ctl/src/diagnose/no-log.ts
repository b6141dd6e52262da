/** Outputs of network tools are no logs: `diagnose` finds nothing in them, and `fabric explain` reads them. */
import { readLine } from '@dsr1/shared/diagnose/line';
import { Dsr1Error } from '@dsr1/shared/errors';
import { splitSections } from '@dsr1/shared/fabric/detect';
import { diagnoseText } from '../text/diagnose.ts';

/** Lines at the beginning of a text that tell what it is. */
export const HEAD_LINES = 400;

/** What the texts are instead, when none of them is a log: names of tools, empty for texts without a line. null = a log. */
export function insteadOfLogs(heads: readonly (readonly string[])[]): string[] | null {
  const lines = heads.flat().filter((line) => line.trim() !== '');
  if (lines.length === 0) return [];
  if (lines.some((line) => readLine(line).level !== null)) return null;
  const kinds = new Set(heads.flatMap((head) => splitSections(head.join('\n'))).map(({ kind }) => kind));
  const tools = [...kinds].filter((kind) => kind !== 'notes');
  return tools.length === 0 || kinds.has('log') ? null : tools;
}

/** @throws INVALID_ARGUMENT when no text is a log */
export function refuseWithoutLogs(what: string, heads: readonly (readonly string[])[]): void {
  const tools = insteadOfLogs(heads);
  if (tools === null) return;
  throw new Dsr1Error('INVALID_ARGUMENT', diagnoseText.noLog(what, tools), {
    hint: tools.length === 0 ? diagnoseText.emptyHint : diagnoseText.noLogHint(what),
  });
}
