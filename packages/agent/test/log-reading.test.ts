/** What an agent reads of its ranks' logs while they grow. */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import { type PackedReading, unpackReading } from '@dsr1/shared/diagnose/packed';
import { type Test, test } from 'tap';
import { followLines } from '../src/workload/log/log-file.ts';
import { createRankReader } from '../src/workload/log/rank-reader.ts';
import { aPlan, DEADLINES, standIn } from './helpers/a-plan.ts';
import { aWorkload, prepare, stop } from './helpers/a-workload.ts';
import { waitFor } from './helpers/wait-for.ts';

const LOGS = join(import.meta.dirname, '../../../test/data/engine-logs');
const KEY = 'attempt-key-0123456789';

/** Last readings of a log that grows by `pieces` while it is followed. */
async function readGrowing(
  t: Test,
  rank: number,
  pieces: Iterable<Uint8Array>,
): Promise<readonly PackedReading[]> {
  const path = join(t.testdir(), `rank-${rank}-main.log`);
  writeFileSync(path, '');
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  let written = false;
  let readings: readonly PackedReading[] = [];
  const reader = createRankReader({ rank, processes: ['main'], apiKey: KEY, seconds: () => 7 });
  const following = (async () => {
    for await (const lines of followLines(path, 0, () => written, new AbortController().signal, turn))
      readings = reader.push('main', lines) ?? readings;
  })();
  for (const piece of pieces) {
    appendFileSync(path, piece);
    await turn();
  }
  written = true;
  await following;
  return readings;
}

function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('real logs, read as they grow, tell the same cause as the whole logs', async (t) => {
  const cases: Record<
    string,
    { category: string | null; evidence?: string; engine?: string; nodes: number }
  > = JSON.parse(readFileSync(join(LOGS, 'expected.json'), 'utf8'));
  for (const [name, { category, evidence = '', ...facts }] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const readings: PackedReading[] = [];
      for (const file of readdirSync(join(LOGS, name)).sort())
        readings.push(
          ...(await readGrowing(t, readings.length, inPieces(readFileSync(join(LOGS, name, file)), 3001))),
        );
      const wire = JSON.stringify(readings);
      t.ok(wire.length < 60_000, `${wire.length} bytes on the wire`);
      const [first] = diagnose(JSON.parse(wire).map(unpackReading), facts);
      t.equal(first?.category ?? null, category);
      if (category === null) return;
      t.match(first?.evidence.map(({ line }) => line).join('\n'), evidence);
      const at = first?.evidence[0];
      const source = join(
        LOGS,
        name,
        at?.file === 'rank1' ? 'rank1.log' : (readdirSync(join(LOGS, name))[0] ?? ''),
      );
      const line = existsSync(source) ? readFileSync(source, 'utf8').split('\n')[(at?.number ?? 0) - 1] : '';
      t.ok(line?.includes(at?.line.slice(0, 60) ?? '?'), `line ${at?.number} is the one that is quoted`);
    });
  }
});

test('what no engine prints: bytes, an endless line, the same error for ever, the key', async (t) => {
  let seed = 1;
  const noise = Buffer.alloc(2_000_000).map(() => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed >> 16;
  });
  await readGrowing(t, 0, inPieces(noise, 64 * 1024));

  const endless = Buffer.alloc(1024 * 1024, 'RuntimeError: CUDA out of memory ');
  const after = Buffer.from(
    '\nHello\nRuntimeError: The NVIDIA driver on your system is too old (found version 11040).\n',
  );
  const [told] = await readGrowing(t, 0, [endless, endless, endless, after]);
  t.match(
    diagnose(told === undefined ? [] : [unpackReading(told)], {}).map(({ category }) => category),
    ['oom', 'driver-too-old'],
  );

  const errors = Array.from(
    { length: 50_000 },
    (_, i) => `ERROR 11-23 10:00:00 [a.py:${i}] OSError number ${i} with key ${KEY}\n`,
  );
  const readings = await readGrowing(t, 0, [Buffer.from(errors.join(''))]);
  t.ok(JSON.stringify(readings).length < 60_000);
  t.notMatch(JSON.stringify(readings), KEY, 'the key is masked');
  t.match(readings, [{ file: 'rank0', newsSeconds: 7 }]);
});

test('a rank reports what its logs say: while it hangs, with its end, and of every process', async (t) => {
  const workload = await aWorkload(t.testdir());
  t.teardown(async () => {
    await workload.stopAll('test is over');
    await workload.close();
  });
  const tooOld = `say:RuntimeError: The NVIDIA driver on your system is too old (found version 11040). ${KEY}`;
  const processes = [
    { id: 'ray', argv: standIn('say:NCCL version 2.28.9+cuda13.0', 'stay'), env: {}, reasons: {} },
    {
      id: 'main',
      argv: standIn('say:rendezvous', 'wait:300', tooOld, 'wait:1500', 'exit:1'),
      env: {},
      reasons: {},
    },
  ];
  await workload.command(1, prepare(aPlan({ processes })));
  await workload.command(1, { kind: 'commit', specHash: 'spec', deadlines: DEADLINES });
  const hanging = await waitFor(
    'a cause',
    () => workload.latest()?.readings?.some(({ file }) => file === 'rank0') && workload.latest(),
  );
  t.match(hanging, { state: 'running', failure: null });
  t.match(
    hanging?.readings?.find(({ file }) => file === 'rank0'),
    { hits: [{ number: 2, line: /driver on your system is too old.*\*\*\*/ }] },
  );
  t.match(hanging?.readings?.find(({ file }) => file === 'rank0-ray')?.nccl, [{ version: '2.28.9' }]);
  const ended = await waitFor('its end', () => workload.latest()?.state === 'exited' && workload.latest());
  t.ok(ended?.readings?.some(({ hits }) => hits.length > 0));
  await workload.command(1, stop());
  t.match(workload.latest(), { state: 'stopped' });
  t.strictSame(workload.latest()?.readings, ended?.readings, 'also after the stop');
});
