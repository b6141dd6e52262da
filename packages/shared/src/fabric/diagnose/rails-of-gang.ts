import { UNNAMED_DEVICE } from '../merge/merge-gids.ts';
import type { DiagnoseInput } from './model.ts';

/**
 * Whether a host is known and none has more than one HCA: then no connection can run from one rail to another. What a log
 * lists in use outranks what was selected.
 */
export function hasOneRail({ reports, selection }: Pick<DiagnoseInput, 'reports' | 'selection'>): boolean {
  const used = reports.map(({ node, report }) => [node ?? report.host, report.devicesUsed.length] as const);
  const chosen = (selection?.nodes ?? []).map(
    ({ node, hcas }) => [node, hcas.filter(({ device }) => device !== UNNAMED_DEVICE).length] as const,
  );
  const known = new Map([...chosen, ...used].filter(([, count]) => count > 0));
  return known.size > 0 && [...known.values()].every((count) => count === 1);
}
