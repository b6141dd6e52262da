import { test } from 'tap';
import { fuzzConfig } from './helpers/fuzz-configs.ts';

/** The suite takes a few; `node bench/fit.ts --fuzz 500000` takes the rest. */
const COUNT = Number(process.env.DSR1_FUZZ_COUNT ?? 1500);

test('mutated configs: an answer or a refusal with its reason, never an exception', (t) => {
  const faults: string[] = [];
  for (let number = 0; number < COUNT; number += 1) {
    const fault = fuzzConfig(number);
    if (fault !== null) faults.push(`${number}: ${fault}`);
  }
  t.same(faults.slice(0, 5), []);
  t.end();
});
