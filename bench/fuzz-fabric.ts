/** node bench/fuzz-fabric.ts [--count 1000000] [--from 0]: mutated dumps, now and then one with a line of 100 MB; prints the first faults and a rate. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCases } from '../test/corpus/case.ts';
import { fuzzCorpus, fuzzLongLine, fuzzOnce } from '../test/corpus/fuzz.ts';

const LONG_LINE_EVERY = 50_000;
const LONG_LINE_CHARACTERS = 100_000_000;

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, from: { type: 'string', default: '0' } },
});
const [count, from] = [Number(values.count), Number(values.from)];
const corpus = fuzzCorpus(await loadCases(join(import.meta.dirname, '../test/data/fabric-cases')));
const startedMs = performance.now();
let faults = 0;
for (let number = from; number < from + count; number += 1) {
  const long = number % LONG_LINE_EVERY === 0;
  const fault =
    fuzzOnce(corpus, number, 1000, cpuMs) ??
    (long ? fuzzLongLine(corpus, number / LONG_LINE_EVERY, LONG_LINE_CHARACTERS, 20_000, cpuMs) : null);
  if (fault === null) continue;
  faults += 1;
  if (faults <= 10) console.log(`${fault.number}: ${fault.what}`);
}
const seconds = (performance.now() - startedMs) / 1000;
console.log(
  `${count} mutated dumps, ${faults} faults, ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second`,
);
process.exitCode = faults > 0 ? 1 : 0;

/** Of this process alone, so that a busy machine makes no fault. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
