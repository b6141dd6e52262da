/** An error with the log that says it. */
import type { NcclError } from '../nccl-log/model.ts';
import type { Evidence, NodeReport } from './model.ts';

export interface Said {
  readonly error: NcclError;
  readonly from: NodeReport;
}

export function evidenceOf(items: readonly Said[]): Evidence[] {
  return [...items]
    .sort((a, b) => a.error.lineNumber - b.error.lineNumber)
    .slice(0, 8)
    .map(({ error, from }) => ({ node: from.node ?? from.report.host, text: error.line.slice(0, 500) }));
}
