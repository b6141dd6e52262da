/** Real processes with the names of an engine's workers; a parent that is stopped reaps nobody. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { sglang } from '@dsr1/shared/engines/sglang/sglang';
import { type Test, test } from 'tap';
import { liveStat, statOf, treeOf } from '../src/workload/runtimes/proc.ts';
import { createWorkerLook } from '../src/workload/workers.ts';
import { aPlan, DEADLINES } from './helpers/a-plan.ts';
import { aWorkload, prepare, testEngine } from './helpers/a-workload.ts';
import { waitFor } from './helpers/wait-for.ts';

const STAND_IN = join(import.meta.dirname, 'helpers/stand-in-workers.mjs');
const TITLES = ['sglang::scheduler_TP0', 'sglang::scheduler_TP1', 'python'];
const PERIOD_MS = 2_000;

const pidsIn = (text: string): number[] | null =>
  /^up (.*)$/m.exec(text)?.[1]?.split(' ').map(Number) ?? null;

/** The stand-in's main process, its workers, and a look at them as the monitor has it. */
async function anEngine(t: Test) {
  const child = spawn(process.execPath, [STAND_IN, 'main', ...TITLES]);
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  const workers = await waitFor('the workers', () => pidsIn(said));
  const main = liveStat(child.pid ?? 0);
  if (main === null) throw new Error('the main process has ended');
  const all = treeOf(main.pid);
  t.equal(all.length, 1 + 2 * TITLES.length, 'workers and helpers descend from it');
  t.teardown(() => {
    for (const { pid } of all) if (liveStat(pid) !== null) process.kill(pid, 'SIGKILL');
  });
  const end = async (pid: number): Promise<void> => {
    process.kill(pid, 'SIGKILL');
    await waitFor('its end', () => liveStat(pid) === null);
  };
  return { main, workers, look: createWorkerLook(main, sglang.workerTitles, PERIOD_MS), end };
}

test('a dead worker that its parent does not reap is told by its title, after a while', async (t) => {
  const { main, workers, look, end } = await anEngine(t);
  const [first = 0, second = 0, other = 0] = workers;
  t.equal(look(false), null, 'all live');
  process.kill(main.pid, 'SIGSTOP');
  await end(second);
  await end(other);
  t.match(statOf(second), { state: 'Z', comm: 'sglang::schedul' });
  for (let s = 0; s < 6; s += 2) t.equal(look(true), null, 'the parent has time to notice');
  const told = `worker sglang::scheduler_TP1 (pid ${second}) is dead, and its parent has not noticed for over 6 s`;
  t.equal(look(true), told);
  const adopting = createWorkerLook(main, sglang.workerTitles, PERIOD_MS);
  for (let s = 0; s < 6; s += 2) t.equal(adopting(true), null);
  t.match(adopting(true), `worker sglang::schedul (pid ${second})`, 'an agent that has just started');
  t.ok(liveStat(first), 'the other one lives');
  await end(main.pid);
  t.equal(look(true), null, 'no news of the workers of an ended rank');
});

test('a worker that was reaped is told only when the main process makes nothing of it', async (t) => {
  const { workers, look, end } = await anEngine(t);
  const [first = 0] = workers;
  t.equal(look(true), null);
  await end(first);
  await waitFor('its burial', () => statOf(first) === null);
  for (let s = 0; s < 20; s += 2) t.equal(look(true), null);
  t.match(look(true), new RegExp(`scheduler_TP0 \\(pid ${first}\\) is gone, and the main process lives on`));
});

test('helpers come and go, whatever they are called, and so do workers that are not the engine’s', async (t) => {
  const { main, workers, look, end } = await anEngine(t);
  const [first = 0, , other = 0] = workers;
  t.equal(look(false), null);
  const helper = treeOf(first).find(({ pid }) => pid !== first);
  t.equal(helper?.comm, 'sglang::schedul', 'it has the name of its parent');
  process.kill(first, 'SIGSTOP');
  await end(helper?.pid ?? 0);
  await end(other);
  for (let s = 0; s < 60; s += 2) t.equal(look(s > 30), null);
  t.equal(createWorkerLook(main, [], PERIOD_MS)(true), null);
});

test('a rank whose worker is dead has failed, though it serves', async (t) => {
  const dir = t.testdir();
  const engine = { ...testEngine, workerTitles: sglang.workerTitles };
  const workload = await aWorkload(join(dir, 'state'), { engineOf: async () => engine });
  const alive = setInterval(() => {}, 1000);
  t.teardown(async () => {
    clearInterval(alive);
    await workload.stopAll('test is over');
    await workload.close();
  });
  const argv = [process.execPath, STAND_IN, 'main', ...TITLES];
  await workload.command(1, prepare(aPlan({ processes: [{ id: 'main', argv, env: {}, reasons: {} }] })));
  await workload.command(1, { kind: 'commit', specHash: 'spec', deadlines: DEADLINES });
  const main = workload.latest()?.pid ?? 0;
  const worker = await waitFor('a worker', () =>
    treeOf(main).find(({ comm, parent }) => comm === 'sglang::schedul' && parent === main),
  );
  process.kill(main, 'SIGSTOP');
  process.kill(worker.pid, 'SIGKILL');
  const report = await waitFor('the failure', () => workload.latest()?.failure && workload.latest(), 15_000);
  t.match(report, {
    state: 'running',
    failure: {
      code: 'WORKER_DEAD',
      message: new RegExp(`worker sglang::schedul\\S* \\(pid ${worker.pid}\\) is dead`),
      hint: /dmesg/,
    },
  });
});
