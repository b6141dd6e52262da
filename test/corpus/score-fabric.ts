/** scripts/score-fabric [-v] [CASE]: prints the score; exit status 1 when a hard assertion fails. */
import { join } from 'node:path';
import { loadCases } from './case.ts';
import { scoreCase, scoreLines } from './score.ts';

const args = process.argv.slice(2);
const verbose = args.includes('-v');
const only = args.find((arg) => arg !== '-v') ?? '';
const cases = await loadCases(join(import.meta.dirname, '../data/fabric-cases'));
const judged = cases
  .filter(({ expected }) => expected.id.startsWith(only))
  .map((item) => ({ id: item.expected.id, checks: scoreCase(item) }));
for (const { id, checks } of judged) {
  for (const check of checks)
    if (verbose && !check.ok) console.log(`${id} ${check.part}${check.soft ? ' (soft)' : ''}: ${check.what}`);
}
const all = judged.flatMap(({ checks }) => checks);
for (const line of scoreLines(all)) console.log(line);
process.exitCode = all.some((check) => !check.ok && !check.soft) ? 1 : 0;
