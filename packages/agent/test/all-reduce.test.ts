import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AllReduceAnswer,
  type AllReduceRequest,
  ENDED_BY_CHECK,
} from '@dsr1/shared/fabric/check/all-reduce';
import { type Test, test } from 'tap';
import { createChecks } from '../src/checks/checks.ts';
import { createExcerpt } from '../src/checks/excerpt.ts';
import { linuxHost } from '../src/host/linux.ts';
import { waitFor } from './helpers/wait-for.ts';

/** An interpreter that does what `body` says instead of the script; `ask` is what the script would be asked. */
function interpreter(t: Test, body: string): { readonly python: string; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'all-reduce-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const python = join(folder, 'python');
  const program = `#!${process.execPath}
const fs = require('node:fs');
const [script, text] = process.argv.slice(3);
const ask = JSON.parse(text);
const say = (news) => fs.writeSync(ask.fd, JSON.stringify(news) + '\\n');
${body}`;
  writeFileSync(python, program, { mode: 0o755 });
  return { python, folder };
}

const request = (python: string): AllReduceRequest => ({
  id: 'one',
  python,
  backend: 'gloo',
  env: { GLOO_SOCKET_IFNAME: 'lo' },
  world: 2,
  ranks: [
    { rank: 0, gpu: null },
    { rank: 1, gpu: null },
  ],
  address: '127.0.0.1',
  port: 24_000,
  meetSeconds: 20,
  connectSeconds: 10,
  sizesBytes: [8],
});

const newChecks = () => createChecks({ host: linuxHost(), wallMs: () => 0 });

test('every rank is started with its part, and its news and its words come back', async (t) => {
  const { python } = interpreter(
    t,
    `say({ phase: 'loading' });
fs.writeSync(ask.fd, 'no JSON\\n{"phase":"nowhere"}\\n');
console.log('NCCL INFO of rank', ask.rank, process.env.GLOO_SOCKET_IFNAME, fs.existsSync(script));
console.error('and an error');
say({ phase: 'done', sizes: [{ bytes: ask.sizesBytes[0], seconds: 0.5, correct: true }] });`,
  );
  const { ranks } = (await newChecks().answer('check.all-reduce', request(python))) as AllReduceAnswer;
  t.strictSame(
    ranks.map(({ rank, phase, untested, ended, sizes }) => ({ rank, phase, untested, ended, sizes })),
    [0, 1].map((rank) => ({
      rank,
      phase: 'done',
      untested: null,
      ended: 'exit status 0',
      sizes: [{ bytes: 8, seconds: 0.5, correct: true }],
    })),
  );
  t.strictSame(ranks[1]?.lines.toSorted(), ['NCCL INFO of rank 1 lo true', 'and an error']);
});

test('ranks that hang end with the check, with what they started', async (t) => {
  const { python, folder } = interpreter(
    t,
    `const child = require('node:child_process').spawn('sleep', ['300'], { stdio: 'ignore' });
fs.writeFileSync(__dirname + '/pids-' + ask.rank, process.pid + ' ' + child.pid);
say({ phase: 'meeting' });
setInterval(() => {}, 1000);`,
  );
  const checks = newChecks();
  const both = [0, 1].map((rank) => join(folder, `pids-${rank}`));
  const started = async (): Promise<void> => {
    for (let tries = 0; tries < 500 && !both.every((path) => existsSync(path)); tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const pids = () => both.flatMap((path) => readFileSync(path, 'utf8').split(' ').map(Number));
  for (const end of [() => checks.answer('check.end', { id: 'one' }), async () => checks.close()]) {
    const running = checks.answer('check.all-reduce', request(python)) as Promise<AllReduceAnswer>;
    await started();
    await end();
    const { ranks } = await running;
    t.ok(ranks.every(({ phase, ended }) => phase === 'meeting' && ended === ENDED_BY_CHECK));
    t.ok(await waitFor('the ranks and their children to end', () => pids().every(isGone), 2_000));
    for (const path of both) rmSync(path);
  }
});

test('what a rank left behind keeps nobody waiting', async (t) => {
  const { python, folder } = interpreter(
    t,
    `const child = require('node:child_process').spawn('sleep', ['300'], { stdio: 'inherit' });
fs.writeFileSync(__dirname + '/pid-' + ask.rank, String(child.pid));
process.exit(1);`,
  );
  const checks = newChecks();
  const running = checks.answer('check.all-reduce', request(python)) as Promise<AllReduceAnswer>;
  const both = [0, 1].map((rank) => join(folder, `pid-${rank}`));
  for (let tries = 0; tries < 500 && !both.every((path) => existsSync(path)); tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await checks.answer('check.end', { id: 'one' });
  const { ranks } = await running;
  t.ok(
    ranks.every(({ ended }) => ended === 'exit status 1'),
    JSON.stringify(ranks),
  );
  t.ok(both.every((path) => isGone(Number(readFileSync(path, 'utf8')))));
});

test('an interpreter that is not there is an answer', async (t) => {
  const { ranks } = (await newChecks().answer(
    'check.all-reduce',
    request('/nonexistent/python'),
  )) as AllReduceAnswer;
  t.ok(ranks.every(({ phase, ended }) => phase === 'starting' && /ENOENT/.test(ended)));
  await t.rejects(newChecks().answer('check.all-reduce', request('python')), { code: 'INVALID_ARGUMENT' });
});

test('of a long log the beginning, the end, and what tells the network are kept', (t) => {
  const excerpt = createExcerpt();
  for (let i = 0; i < 64; i++) excerpt.take(`gpu-1:1:1 [0] NCCL INFO Channel ${i}/64 :    0   1`);
  excerpt.take('gpu-1:1:1 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM');
  excerpt.take('gpu-1:1:1 [0] NCCL INFO Channel 00/0 : 0[0] -> 8[0] [send] via NET/IB/0/GDRDMA');
  t.strictSame(excerpt.lines(), [
    'gpu-1:1:1 [0] NCCL INFO Channel 00/0 : 0[0] -> 8[0] [send] via NET/IB/0/GDRDMA',
  ]);
  for (let i = 0; i < 1_000; i++) excerpt.take(`${i} ${'x'.repeat(1_000)}`);
  const lines = excerpt.lines();
  t.equal(lines.length, 181);
  t.equal(lines[120], '… 821 lines left out …');
  t.match(lines.at(-1), /^999 /);
  t.ok(lines.every(({ length }) => length <= 400));
  t.end();
});

/** A killed child of a killed process may wait for its new parent to take notice. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
