/**
 * Before a launch: is the model of this rank whole on this node, and can it be divided as planned? Headers only, so
 * 640 GB take well under a second.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '@dsr1/shared/error-table';
import { illegalPlan } from '@dsr1/shared/models/plan-legality';
import type { RankPlan } from '@dsr1/shared/plan/model';
import type { FileCategory, FileProblem } from '@dsr1/shared/weights/model';
import { expectationsOf, modelPathOf } from '@dsr1/shared/weights/plan-model';
import { inspectModel } from './inspect.ts';

interface PrepareProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** What full checks found in the contents of a model folder that is still so. */
export type KnownDamage = (path: string) => Promise<readonly FileProblem[]>;

/** A path that is not there is another check's finding; a single file (GGUF) has no header that we know. */
export async function checkModel(
  plan: RankPlan,
  knownDamage: KnownDamage,
): Promise<readonly PrepareProblem[]> {
  const path = modelPathOf(plan);
  if (path === null) return [];
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() !== true) return [];
  const expects = expectationsOf(plan);
  const { problems } = await inspectModel(path, new Map(), expects);
  const seen = new Set(problems.map(({ file }) => file));
  const damage = expects.weights ? await knownDamage(path) : [];
  const contents = damage.filter(({ file }) => !seen.has(file));
  const files = [
    ...[...Map.groupBy(problems, ({ category }) => category)].map(([category, group]) =>
      said(path, category, group, `dsr1ctl model verify ${path}`),
    ),
    ...(contents.length === 0
      ? []
      : [said(path, 'weights-corrupt', contents, `dsr1ctl model verify --full ${path}`)]),
  ];
  return files.length > 0 ? files : checkDivision(path, plan);
}

async function checkDivision(path: string, plan: RankPlan): Promise<readonly PrepareProblem[]> {
  const text = await readFile(join(path, 'config.json'), 'utf8').catch(() => null);
  const because = text === null ? [] : illegalPlan(JSON.parse(text), plan);
  if (because.length === 0) return [];
  return [
    {
      code: 'PARALLEL_INVALID',
      message: `parallel-size-invalid: the model in ${path} cannot be divided so: ${because.join(', ')}`,
      hint: 'set parallelism.tensor to a number that divides it, and parallelism.pipeline for the other nodes; `dsr1ctl fit` lists what is legal',
    },
  ];
}

const NAMED_PROBLEMS = 3;
const CODES = {
  'model-files-missing': 'MODEL_FILES_MISSING',
  'weights-corrupt': 'WEIGHTS_CORRUPT',
} as const satisfies Record<FileCategory, ErrorCode>;

function said(
  path: string,
  category: FileCategory,
  problems: readonly FileProblem[],
  check: string,
): PrepareProblem {
  const named = problems
    .slice(0, NAMED_PROBLEMS)
    .map(({ message, offset }) =>
      offset === null || message.includes(String(offset)) ? message : `${message}, from byte ${offset}`,
    );
  const more = problems.length > NAMED_PROBLEMS ? ` and ${problems.length - NAMED_PROBLEMS} more` : '';
  return {
    code: CODES[category],
    message: `${category}: in ${path} ${named.join(', ')}${more}`,
    hint: `copy these files again, or \`dsr1ctl model pull\`; then \`${check}\``,
  };
}
