/** scripts/score-fit [-v]: prints how many of the posted figures the calculator gives; `-v` also those that it does not. */
import { judgePosted, postedFigures } from './fit-posted.ts';

const judged = postedFigures().flatMap(judgePosted);
if (process.argv.includes('-v'))
  for (const { what, wanted, got } of judged.filter(({ ok }) => !ok))
    console.log(`${what}: posted ${wanted}, computed ${got}`);
for (const name of ['verdict', 'weights_gib_per_gpu', 'kv_bytes_per_token', 'kv_tokens']) {
  const of = judged.filter(({ what }) => what.endsWith(` ${name}`));
  if (of.length > 0) console.log(`${name} ${of.filter(({ ok }) => ok).length}/${of.length}`);
}
const right = judged.filter(({ ok }) => ok).length;
console.log(`all ${right}/${judged.length} = ${(right / judged.length).toFixed(3)}`);
