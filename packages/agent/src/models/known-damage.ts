/** What full checks of this node found wrong in the contents of a model, and nobody has replaced since. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileProblem } from '@dsr1/shared/weights/model';
import { modelRecords } from './records.ts';

/** By size and time of the files: another check, or another file, ends it. @param stateDir of the agent */
export async function knownDamage(stateDir: string, path: string): Promise<readonly FileProblem[]> {
  const record = modelRecords(join(stateDir, 'models')).get(path);
  if (record === null) return [];
  const { hashes, verifiedAtMs } = record;
  const still = record.contentProblems.map(async (problem): Promise<readonly FileProblem[]> => {
    if (problem.file === null) return [problem];
    const now = await stat(join(path, problem.file)).catch(() => null);
    if (now === null) return [];
    const then = hashes[problem.file];
    // A file that could not be read to its end has no hashes.
    const isSame =
      then === undefined
        ? now.mtimeMs <= (verifiedAtMs ?? 0)
        : now.size === then.bytes && now.mtimeMs === then.mtimeMs;
    return isSame ? [problem] : [];
  });
  return (await Promise.all(still)).flat();
}
