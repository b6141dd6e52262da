import { join } from 'node:path';
import { test } from 'tap';
import { loadCases } from './case.ts';
import { fuzzCorpus, fuzzLongLine, fuzzOnce } from './fuzz.ts';

/** The suite takes a few; `node bench/fuzz-fabric.ts --count 1000000` takes the rest. */
const COUNT = Number(process.env.DSR1_FUZZ_COUNT ?? 1500);

test('mutated dumps: no exception, no hang, no invented device', async (t) => {
  const corpus = fuzzCorpus(await loadCases(join(import.meta.dirname, '../data/fabric-cases')));
  const faults = [];
  for (let number = 0; number < COUNT; number += 1) {
    const fault = fuzzOnce(corpus, number, 2000, () => performance.now());
    if (fault !== null) faults.push(`${fault.number}: ${fault.what}`);
  }
  for (const number of [0, 1]) {
    const fault = fuzzLongLine(corpus, number, 10_000_000, 10_000, () => performance.now());
    if (fault !== null) faults.push(`line of 10 MB: ${fault.what}`);
  }
  t.same(faults, []);
});
