/** Before a launch: is the model of this rank whole on this node? Headers only, so 640 GB take well under a second. */
import { stat } from 'node:fs/promises';
import type { ErrorCode } from '@dsr1/shared/error-table';
import type { RankPlan } from '@dsr1/shared/plan/model';
import type { FileCategory, FileProblem } from '@dsr1/shared/weights/model';
import { expectationsOf, modelPathOf } from '@dsr1/shared/weights/plan-model';
import { inspectModel } from './inspect.ts';

interface PrepareProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** A path that is not there is another check's finding; a single file (GGUF) has no header that we know. */
export async function checkModel(plan: RankPlan): Promise<readonly PrepareProblem[]> {
  const path = modelPathOf(plan);
  if (path === null) return [];
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() !== true) return [];
  const { problems } = await inspectModel(path, new Map(), expectationsOf(plan));
  return [...Map.groupBy(problems, ({ category }) => category)].map(([category, group]) =>
    said(path, category, group),
  );
}

const NAMED_PROBLEMS = 3;
const CODES = {
  'model-files-missing': 'MODEL_FILES_MISSING',
  'weights-corrupt': 'WEIGHTS_CORRUPT',
} as const satisfies Record<FileCategory, ErrorCode>;

function said(path: string, category: FileCategory, problems: readonly FileProblem[]): PrepareProblem {
  const named = problems.slice(0, NAMED_PROBLEMS).map(({ message }) => message);
  const more = problems.length > NAMED_PROBLEMS ? ` and ${problems.length - NAMED_PROBLEMS} more` : '';
  return {
    code: CODES[category],
    message: `${category}: in ${path} ${named.join(', ')}${more}`,
    hint: `copy these files again, or \`dsr1ctl model pull\`; then \`dsr1ctl model verify ${path}\``,
  };
}
