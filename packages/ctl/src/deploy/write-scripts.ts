/** `--script DIR`: one runnable shell script per rank. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchPlan } from '@dsr1/shared/plan/model';
import { rankScript } from '@dsr1/shared/plan/script';

/** Returns the paths of `rank-0-gpu1.sh` …, private because the plan names hosts and paths. */
export function writeScripts(folder: string, plan: LaunchPlan): string[] {
  mkdirSync(folder, { recursive: true });
  return plan.ranks.map((rank) => {
    const path = join(folder, `rank-${rank.rank}-${rank.nodeName}.sh`);
    writeFileSync(path, rankScript(plan, rank), { mode: 0o700 });
    return path;
  });
}
