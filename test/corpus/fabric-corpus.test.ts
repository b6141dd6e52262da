import { join } from 'node:path';
import { test } from 'tap';
import { loadCases } from './case.ts';
import { scoreCase } from './score.ts';

const cases = await loadCases(join(import.meta.dirname, '../data/fabric-cases'));

test('the corpus is there', async (t) => {
  t.equal(cases.length, 55);
});

for (const item of cases) {
  test(`case ${item.expected.id} is explained as its thread was settled`, async (t) => {
    const failed = scoreCase(item).filter((check) => !check.ok && !check.soft);
    t.same(
      failed.map((check) => `${check.part}: ${check.what}`),
      [],
    );
  });
}
