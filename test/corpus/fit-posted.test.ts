import { test } from 'tap';
import { judgePosted, postedFigures } from './fit-posted.ts';

/** docs/fit.md says of each why no calculator can know it. */
const EXPLAINED = ['sglang-576-refused-4791 verdict', 'sglang-dsv3-dp8-deepep-8x140g weights_gib_per_gpu'];

test('figures that engines printed for people are what the calculator says', (t) => {
  const judged = postedFigures().flatMap(judgePosted);
  t.ok(judged.length >= 190, `${judged.length} figures`);
  const wrong = judged.filter(({ ok }) => !ok);
  t.same(
    wrong.filter(({ what }) => !EXPLAINED.includes(what)),
    [],
  );
  t.same(wrong.map(({ what }) => what).toSorted(), EXPLAINED.toSorted(), 'what is explained is still wrong');
  t.end();
});
