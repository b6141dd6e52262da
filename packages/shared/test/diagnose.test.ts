import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { categories } from '@dsr1/shared/diagnose/categories';
import { categoryOfCheck } from '@dsr1/shared/diagnose/checks';
import { createLineCutter } from '@dsr1/shared/diagnose/cut-lines';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import { readLine } from '@dsr1/shared/diagnose/line';
import { createLogReader, type LogReading } from '@dsr1/shared/diagnose/log-reader';
import { rules } from '@dsr1/shared/diagnose/rules';
import { test } from 'tap';
import { nearMisses, samples } from './diagnose-lines/all.ts';
import { mutated, mutatedFacts, randomOf } from './helpers/fuzz-logs.ts';

const DATA = join(import.meta.dirname, '../../../test/data/engine-logs');

function read(log: string, file = 'log.txt'): LogReading {
  const reader = createLogReader(file);
  const cutter = createLineCutter(reader.push);
  cutter.push(log);
  cutter.end();
  return reader.reading();
}

const rulesHit = (log: string): Set<string> => new Set(read(log).hits.map(({ rule }) => rule.id));
const categoryOf = (logs: readonly LogReading[], facts: object | null = null) =>
  diagnose(logs, facts)[0]?.category;

test('every category is told from several wordings of the programs that print it', (t) => {
  for (const [category, logs] of Object.entries(samples)) {
    for (const [log, facts = null] of logs)
      t.equal(categoryOf([read(log)], facts), category, log.slice(0, 200));
  }
  t.same(
    categories.map(({ category }) => category).filter((category) => !(category in samples)),
    ['no-rdma-device-in-container'],
    'which the fabric diagnosis tells',
  );
  t.end();
});

test('the same lines are known late in a long log, where one cheap look comes first', (t) => {
  const logs = Object.values(samples).flatMap((each) => each.map(([log]) => log));
  const healthy = 'INFO 01-01 00:00:00 [loggers.py:80] Running: 3 reqs\n'.repeat(2100);
  const late = rulesHit(`${healthy}${logs.join('\n')}`);
  t.same(
    [...new Set(logs.flatMap((log) => [...rulesHit(log)]))].filter((id) => !late.has(id)),
    [],
  );
  t.end();
});

test('every rule knows a line, and leaves a line alone that looks like it', (t) => {
  const hit = new Set(Object.values(samples).flatMap((logs) => logs.flatMap(([log]) => [...rulesHit(log)])));
  t.equal(new Set(rules.map(({ id }) => id)).size, rules.length, 'ids are unique');
  for (const { id } of rules) {
    t.ok(hit.has(id), `${id} is seen in a sample`);
    const miss = nearMisses[id];
    t.ok(miss !== undefined && !rulesHit(miss).has(id), `${id} leaves alone: ${miss}`);
  }
  t.end();
});

test('logs of our own runs of the real engines', (t) => {
  const expected = Object.entries<{ category: string | null; evidence?: string }>(
    JSON.parse(readFileSync(join(DATA, 'expected.json'), 'utf8')),
  );
  t.ok(expected.length >= 13);
  for (const [name, { category, evidence, ...facts }] of expected) {
    const logs = readdirSync(join(DATA, name)).filter((file) => file.endsWith('.log'));
    const found = diagnose(
      logs.map((file) => read(readFileSync(join(DATA, name, file), 'utf8'), file)),
      facts,
    );
    t.equal(found[0]?.category ?? null, category, name);
    if (evidence !== undefined)
      t.match(
        found[0]?.evidence.map(({ line }) => line).join('\n'),
        evidence,
        `${name}: the line that proves it`,
      );
  }
  t.end();
});

test('logs of runs that went well, access logs with refusals in them, tell of nothing', (t) => {
  const logs = readdirSync(DATA).filter((file) => file.endsWith('.log'));
  t.ok(logs.length >= 6);
  for (const file of logs)
    t.same(diagnose([read(readFileSync(join(DATA, file), 'utf8'), file)], { nodes: 2 }), [], file);
  t.end();
});

test('a cause stands before its consequences, whichever log is read first', (t) => {
  const cause = read('ERROR 01-01 00:00:05 [a.py:1] OSError: [Errno 98] Address already in use', 'rank1.log');
  const witness = read(
    'ERROR 01-01 00:00:06 [a.py:1] RuntimeError: [pair.cc:553] Connection closed by peer [10.0.0.2]:1',
    'rank0.log',
  );
  for (const logs of [
    [cause, witness],
    [witness, cause],
  ]) {
    const found = diagnose(logs, null);
    t.same(
      found.map(({ category }) => category),
      ['port-in-use', 'peer-died'],
    );
    t.equal(found[0]?.where, 'rank1.log');
  }
  t.end();
});

test('of equal causes the first in wall time wins, and the exception handled before the one that followed', (t) => {
  const early = read('ERROR 01-01 00:00:05 [a.py:1] OSError: [Errno 24] Too many open files', 'z.log');
  const late = read('ERROR 01-01 00:00:09 [a.py:1] OSError: [Errno 98] Address already in use', 'a.log');
  t.equal(categoryOf([late, early]), 'fd-limit');
  const chained = read(
    [
      'Traceback (most recent call last):',
      'OSError: [Errno 24] Too many open files',
      '',
      'During handling of the above exception, another exception occurred:',
      '',
      'Traceback (most recent call last):',
      'OSError: [Errno 98] Address already in use',
    ].join('\n'),
  );
  t.equal(categoryOf([chained]), 'fd-limit');
  t.end();
});

test('a wait that another rank explains stands behind it, and one without a cause before it stays', (t) => {
  const waited = (clock: string): string =>
    `[rank0]:[E101 ${clock}.1 ProcessGroupNCCL.cpp:632] Watchdog caught collective operation timeout: ran for 600000 milliseconds before timing out.`;
  const cause = read(
    'ERROR 01-01 00:00:05 [a.py:1] OSError: frob.so: undefined symbol: _ZN5torch1x',
    'rank1.log',
  );
  const hint = read("ERROR 01-01 00:00:05 [a.py:1] ModuleNotFoundError: No module named 'frob'", 'rank1.log');
  t.equal(categoryOf([read(waited('00:10:05'), 'rank0.log'), hint]), 'plugin-missing');
  t.equal(categoryOf([read(waited('00:10:05'), 'rank0.log'), cause]), 'version-mismatch');
  t.equal(
    categoryOf([read(waited('00:00:04'), 'rank0.log'), hint]),
    'timeout',
    'what came after explains nothing',
  );
  t.end();
});

test('who waits in vain for a rank that still loads has set the limit too low; when that rank failed, it has not', (t) => {
  const shards = (percent: number): string =>
    `Loading safetensors checkpoint shards: ${percent}% Completed | ${percent}/100 [01:00<01:00, 1.00s/it]\n`;
  const loaded = read(
    `${shards(1)}${shards(40)}${shards(70)}${shards(100)}ValueError: TP rank 0 could finish the model loading, but there are other ranks that didn't finish loading.`,
    'rank0.log',
  );
  t.equal(categoryOf([loaded, read([3, 20, 50, 71].map(shards).join(''), 'rank1.log')]), 'timeout');
  t.equal(categoryOf([loaded, read(shards(100), 'rank1.log')]), 'peer-died');
  const ended = read(`${shards(71)}Connection closed by peer [10.0.0.3]`, 'rank1.log');
  t.equal(categoryOf([loaded, ended]), 'peer-died');
  t.end();
});

test('prefixes of processes, ranks, Ray, collectors and journals come off, and say who and when', (t) => {
  for (const [line, text, who] of [
    [
      '(Worker_TP8 pid=110) ERROR 08-10 23:02:38 [multiproc_executor.py:898] OSError: x',
      'OSError: x',
      'Worker_TP8',
    ],
    [
      '(RayWorkerWrapper pid=7106, ip=10.0.0.2) ERROR 08-10 23:02:38 [worker.py:1] OSError: x',
      'OSError: x',
      'RayWorkerWrapper',
    ],
    [
      '\u001b[36m(RayWorkerProc pid=253)\u001b[0m (Worker_TP0 pid=253) OSError: x',
      'OSError: x',
      'Worker_TP0',
    ],
    ['[2025-04-21 04:13:43 TP3] OSError: x', 'OSError: x', 'TP3'],
    ['[2025-04-21 04:13:43 DP1 TP3] OSError: x', 'OSError: x', 'DP1 TP3'],
    ['[rank3]:[E421 04:13:43.426633564 ProcessGroupGloo.cpp:143] OSError: x', 'OSError: x', 'rank3'],
    ['2025-03-03 22:56:06,173 ERROR worker.py:1636 -- OSError: x', 'OSError: x', null],
    ['engine-1  | OSError: x', 'OSError: x', null],
    ['    | OSError: x', 'OSError: x', null],
    ['Aug 12 11:27:28 gpu1 dsr1-run[123]: OSError: x', 'OSError: x', null],
    ['2026-08-12T11:27:28.123456789Z stderr F OSError: x', 'OSError: x', null],
    ['[1,3]<stderr>:OSError: x', 'OSError: x', null],
    ['3: OSError: x', 'OSError: x', null],
    ['train-worker-1: OSError: x', 'OSError: x', 'train-worker-1'],
    ['[12-11 17:52:54] OSError: x', 'OSError: x', null],
    ['2026-08-12 11:27:28.690352+08:00 - engine.backends.base - ERROR - OSError: x', 'OSError: x', null],
    ['time="2026-08-12T11:27:28Z" level=error msg="OSError: x', 'OSError: x', null],
    ['(Worker_TP1 pid=9)   File "x.py", line 1, in f', 'File "x.py", line 1, in f', 'Worker_TP1'],
    ['node1:91:102 [3] OSError: x', 'OSError: x', 'node1'],
    [JSON.stringify({ log: "KeyError: 'a'\n", stream: 'stderr' }), "KeyError: 'a'", null],
  ] as const) {
    const read = readLine(line);
    t.equal(read.text.trim(), text, line);
    t.equal(read.who?.trim() ?? null, who, line);
  }
  t.equal(readLine('(A pid=1) WARNING 08-10 23:02:38 [a.py:1] x').level, 'warning');
  t.ok(
    (readLine('[2025-04-21 04:13:43] x').seconds ?? 0) <
      (readLine('ERROR 04-21 04:13:44 [a.py:1] x').seconds ?? 0),
  );
  t.end();
});

test('where no rule knows the words, the module that raised the exception tells the family', (t) => {
  const raisedIn = (path: string): string =>
    `Traceback (most recent call last):\n  File "/opt/${path}", line 7, in f\n    g()\nValueError: the frob is red`;
  t.equal(categoryOf([read(raisedIn('vllm/config/cache.py'))]), 'bad-flag');
  t.equal(categoryOf([read(raisedIn('flashinfer/jit/core.py'))]), 'toolchain-missing');
  t.equal(categoryOf([read(raisedIn('sglang/srt/managers/scheduler.py'))]), 'engine-bug');
  t.equal(categoryOf([read(raisedIn('my/own/code.py'))]), 'unknown');
  const witness = 'RuntimeError: [pair.cc:553] Connection closed by peer [10.0.0.2]:1\n';
  t.equal(categoryOf([read(witness + raisedIn('vllm/v1/engine/core.py'))]), 'peer-died', 'after a witness');
  t.equal(categoryOf([read(`${raisedIn('vllm/v1/engine/core.py')}\n${witness}`)]), 'engine-bug', 'before it');
  t.end();
});

test('a line that a terminal broke in two is read as one, and quoted as it stands', (t) => {
  const [first] = diagnose(
    [read(`${'x '.repeat(50)}RuntimeError: failed: No space le\nft on device\n`)],
    null,
  );
  t.equal(first?.category, 'disk-full');
  t.match(first?.evidence[0], { number: 1, line: /No space le$/ });
  t.end();
});

test('nothing wrong gives nothing, and what no rule knows is unknown with its lines', (t) => {
  t.same(diagnose([read('INFO 01-01 00:00:00 [a.py:1] all is well')], { symptom: null }), []);
  const [first] = diagnose([read('x\nOddError: the frob is not a nicate\ny')], null);
  t.match(first, { category: 'unknown', evidence: [{ number: 2, line: /frob/ }] });
  t.end();
});

test('what the doctor warns of bears the name that it would have as a failure', (t) => {
  t.equal(categoryOfCheck('shm-small'), 'shm-too-small');
  t.equal(categoryOfCheck('peermem-missing'), null);
  t.end();
});

test('the fix names figures and settings of the line', (t) => {
  const sample = samples['kv-cache-too-small']?.find(([log]) => log.includes('15808'));
  t.match(diagnose([read(sample?.[0] ?? '')], null)[0]?.fix, /--max-model-len 15808/);
  t.end();
});

/** The suite takes a few; DSR1_FUZZ_COUNT=500000 takes the rest, DSR1_FUZZ_FROM begins elsewhere. */
const FUZZ_COUNT = Number(process.env.DSR1_FUZZ_COUNT ?? 1000);
const FUZZ_FROM = Number(process.env.DSR1_FUZZ_FROM ?? 0);

test('mutated logs and facts: no exception, no hang, evidence only of lines that are there', (t) => {
  const seeds = Object.values(samples).flatMap((logs) => logs.map(([log]) => log));
  const faults: string[] = [];
  for (let number = FUZZ_FROM; number < FUZZ_FROM + FUZZ_COUNT; number++) {
    const random = randomOf(number);
    const log = mutated(seeds, random);
    const started = process.cpuUsage();
    const reading = read(log);
    const found = diagnose([reading], mutatedFacts(random));
    const lines = log.split('\n');
    if (process.cpuUsage(started).user > 1_000_000) faults.push(`${number}: slow`);
    if (found.some(({ confidence }) => !(confidence >= 0 && confidence <= 1)))
      faults.push(`${number}: confidence`);
    if (found.some(({ evidence }) => evidence.some((each) => lines[each.number - 1] === undefined)))
      faults.push(`${number}: no such line`);
  }
  t.same(faults, []);
  t.end();
});

test('a line without an end, bytes that are no text, and endless repeats take bounded memory', (t) => {
  const reader = createLogReader('big');
  const cutter = createLineCutter(reader.push);
  const chunk = '\0\u0001(((([[[[ error: '.repeat(3000);
  for (let count = 0; count < 200; count++) cutter.push(chunk);
  cutter.push('\n');
  for (let count = 0; count < 20_000; count++)
    cutter.push(`ERROR number ${count} OSError: [Errno 98] Address already in use\n`);
  cutter.end();
  const reading = reader.reading();
  t.ok(JSON.stringify(reading).length < 1_000_000, 'what is kept stays small');
  t.equal(categoryOf([reading]), 'port-in-use');
  t.end();
});
