import { createLineCutter } from '@dsr1/shared/diagnose/cut-lines';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import { createLogReader, type LogReading } from '@dsr1/shared/diagnose/log-reader';
import { test } from 'tap';
import { samples } from './diagnose-lines.ts';

function read(log: string, file = 'log.txt'): LogReading {
  const reader = createLogReader(file);
  const cutter = createLineCutter(reader.push);
  cutter.push(log);
  cutter.end();
  return reader.reading();
}

test('every category is told from several wordings of the programs that print it', (t) => {
  for (const [category, logs] of Object.entries(samples)) {
    for (const [log, facts = null] of logs) {
      const [first] = diagnose([read(log)], facts);
      t.equal(first?.category, category, log.slice(0, 200));
    }
  }
  t.end();
});
