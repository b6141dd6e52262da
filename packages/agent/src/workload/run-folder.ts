/** The folder of one run (0700): files of the plan, and a copy of its record for the case that the journal is lost. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RankPlan } from '@dsr1/shared/plan/model';
import type { RunKeys, RunRecord } from './model.ts';

export interface Run {
  readonly runId: string;
  readonly deployment: string;
  readonly epoch: number;
  readonly plan: RankPlan;
}

export interface RunFolders {
  pathOf(runId: string): string;
  /** For what an engine compiles: stays over attempts, one for each image or Python environment, so that builds do not mix. */
  cacheOf(plan: RankPlan): string;
  logFileOf(run: Omit<Run, 'runId'>, processId: string): string;
  /** Makes the folder anew with the plan's files, `{apiKey}`, `{gangKey}` and `{runDir}` filled in. */
  create(run: Run, keys: RunKeys): void;
  /** The key that the attempt's logs may hold, for masking; it outlives the folder beside them. Empty when it is gone. */
  apiKeyOf(run: Omit<Run, 'runId'>): string;
  keepRecord(run: RunRecord): void;
  /** Records found in run folders; damaged ones are left out. */
  keptRecords(): readonly RunRecord[];
  remove(runId: string): void;
}

/** Names begin with a dot: those of plan files cannot. */
const KEY_FILE = '.api-key';
const RECORD_FILE = '.run.json';
/** Attempts of a deployment whose logs stay. */
const KEPT_ATTEMPTS = 5;

export function runFolders(options: {
  readonly runsDir: string;
  readonly logsDir: string;
  readonly cacheDir: string;
}): RunFolders {
  const pathOf = (runId: string): string => join(options.runsDir, runId);
  const logsOf = ({ deployment, epoch }: Omit<Run, 'runId'>): string =>
    join(options.logsDir, deployment, String(epoch));
  return {
    pathOf,
    cacheOf: (plan) => join(options.cacheDir, buildOf(plan)),
    logFileOf: (run, processId) => join(logsOf(run), `rank-${run.plan.rank}-${processId}.log`),
    create(run, { apiKey, gangKey }) {
      const { plan } = run;
      const folder = pathOf(run.runId);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      mkdirSync(logsOf(run), { recursive: true, mode: 0o750 });
      writeFileSync(join(logsOf(run), KEY_FILE), apiKey, { mode: 0o600 });
      for (const { name, content } of plan.files) {
        const filled = withRunDir(content, folder)
          .replaceAll('{apiKey}', apiKey)
          .replaceAll('{gangKey}', gangKey);
        writeFileSync(join(folder, name), filled, { mode: 0o600 });
      }
    },
    apiKeyOf: (run) => readOr(join(logsOf(run), KEY_FILE), ''),
    keepRecord(run) {
      writeFileSync(join(pathOf(run.runId), RECORD_FILE), JSON.stringify(run), { mode: 0o600 });
    },
    keptRecords: () =>
      foldersIn(options.runsDir).flatMap((runId) =>
        parseRecord(readOr(join(pathOf(runId), RECORD_FILE), '')),
      ),
    remove: (runId) => rmSync(pathOf(runId), { recursive: true, force: true }),
  };
}

/** Makes a process's log, for its owner only (engines print their API key), and lets the oldest attempts go. */
export function makeLogFile(logFile: string): void {
  const attempt = join(logFile, '..');
  mkdirSync(attempt, { recursive: true, mode: 0o750 });
  closeSync(openSync(logFile, 'a', 0o600));
  const attempts = foldersIn(join(attempt, '..')).filter((name) => /^\d+$/.test(name));
  const old = attempts.sort((a, b) => Number(b) - Number(a)).slice(KEPT_ATTEMPTS);
  for (const name of old) rmSync(join(attempt, '..', name), { recursive: true, force: true });
}

export const withRunDir = (text: string, folder: string): string => text.replaceAll('{runDir}', folder);

/** What is compiled fits one build of an engine: an image by the digest that it is named by, else version and folder of the program. */
function buildOf({ engine, engineVersion, image, processes }: RankPlan): string {
  if (image !== null) return `image-${image.slice(-64, -48)}`;
  const program = processes[0]?.argv[0] ?? '';
  const words = [engine, engineVersion ?? '', ...dirname(program).split('/')].filter(Boolean);
  return words
    .join('-')
    .replace(/[^\w.-]/g, '-')
    .slice(-200);
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}

function parseRecord(text: string): readonly RunRecord[] {
  try {
    return text === '' ? [] : [JSON.parse(text) as RunRecord];
  } catch {
    return [];
  }
}
