import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';

test('docs/errors.md, docs/config.md and docs/diagnosis.md are what scripts/gen-docs.ts makes of the code', (t) => {
  const script = join(import.meta.dirname, '../scripts/gen-docs.ts');
  t.doesNotThrow(() => execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' }));
  t.end();
});
