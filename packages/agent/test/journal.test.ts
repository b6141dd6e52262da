import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lockStateDir } from '@dsr1/shared/state-lock';
import { test } from 'tap';
import { openJournal } from '../src/workload/journal.ts';
import { liveStat, membersOf } from '../src/workload/runtimes/proc.ts';
import { aPlan, DEADLINES } from './helpers/a-plan.ts';
import { aWorkload, prepare, stop } from './helpers/a-workload.ts';
import { waitFor } from './helpers/wait-for.ts';

const commit = { kind: 'commit', specHash: 'spec', deadlines: DEADLINES } as const;

test('what was promised is there after the process was killed, and fences never fall', async (t) => {
  const dir = t.testdir();
  const script = `
    import { openJournal } from ${JSON.stringify(join(import.meta.dirname, '../src/workload/journal.ts'))};
    const { journal } = openJournal(${JSON.stringify(dir)}, 0);
    journal.setMaxLeaderEpoch(7); journal.setMaxLeaderEpoch(6);
    journal.setTombstone('dep', 4); journal.setTombstone('dep', 3);
    process.kill(process.pid, 'SIGKILL');`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: 'pipe',
  });
  t.equal(signal, 'SIGKILL');
  const { journal, quarantined } = openJournal(dir, 0);
  t.teardown(() => journal.close());
  t.equal(quarantined, null);
  t.match(journal.load(), { maxLeaderEpoch: 7 });
  t.strictSame([...journal.load().tombstones], [['dep', 4]]);
});

test('a journal of a newer version is refused and left as it is', async (t) => {
  const dir = t.testdir();
  openJournal(dir, 0).journal.close();
  const database = new DatabaseSync(join(dir, 'journal.sqlite'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  t.throws(() => openJournal(dir, 0), { code: 'STATE_CORRUPT', message: /newer dsr1 \(schema 99/ });
  t.notOk(readdirSync(dir).some((name) => name.includes('corrupt')));
});

test('one agent per state directory, and a killed one leaves no lock behind', async (t) => {
  const dir = t.testdir();
  const script = `
    import { lockStateDir } from ${JSON.stringify(join(import.meta.dirname, '../../shared/src/state-lock.ts'))};
    lockStateDir(${JSON.stringify(dir)}, 'dsr1-agent'); console.log('locked'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  t.throws(() => lockStateDir(dir, 'dsr1-agent'), {
    code: 'STATE_LOCKED',
    hint: /systemctl stop dsr1-agent/,
  });
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.once('exit', resolve));
  lockStateDir(dir, 'dsr1-agent')();
});

test('the next agent process adopts the same pid, whatever it finds written', async (t) => {
  const dir = join(t.testdir(), 'state');
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const first = await aWorkload(dir);
  await first.command(1, prepare(aPlan({}, 'say:weights 10%', 'stay')));
  await first.command(1, commit);
  const { pid } = (await waitFor('weights', () => first.latest()?.phase === 'weights' && first.latest())) as {
    pid: number;
  };
  await first.close();

  const second = await aWorkload(dir);
  t.match(second.reports(), [{ state: 'running', pid, adopted: true, phase: 'weights' }]);
  t.equal(await second.command(1, commit), null, 'the commit again: nothing is started twice');
  t.equal(second.reports()[0]?.pid, pid);
  await second.close();

  // Killed between spawn and record: only the intent was written.
  const database = new DatabaseSync(join(dir, 'journal.sqlite'));
  const row = database.prepare('SELECT record FROM run').get() as { record: string };
  database
    .prepare('UPDATE run SET record = ?')
    .run(JSON.stringify({ ...JSON.parse(row.record), state: 'launching', processes: [] }));
  database.close();
  const third = await aWorkload(dir);
  t.match(third.reports(), [{ state: 'running', pid, adopted: true }]);
  await third.close();

  // The journal is destroyed: set aside, and rebuilt from what runs.
  writeFileSync(
    join(dir, 'journal.sqlite'),
    'no database at all, but long enough to be looked at as one'.repeat(100),
  );
  const fourth = await aWorkload(dir);
  t.match(fourth.reports(), [{ state: 'running', pid, adopted: true, epoch: 1 }]);
  t.equal(readdirSync(dir).filter((name) => /^journal\.sqlite\.corrupt-.*Z$/.test(name)).length, 1);
  t.equal(await fourth.command(1, stop()), null);
  t.equal(liveStat(pid), null);
  await fourth.close();

  // Stopped stays stopped.
  const fifth = await aWorkload(dir);
  t.match(fifth.reports(), [{ state: 'stopped' }]);
  t.equal(await fifth.command(1, prepare(aPlan())), 'STALE_EPOCH');
  await fifth.close();
});

test('a rank that ended while no agent ran is reported as failed, an intent that was never carried out too', async (t) => {
  const dir = join(t.testdir(), 'state');
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const first = await aWorkload(dir);
  await first.command(1, prepare(aPlan({}, 'say:last words', 'stay')));
  await first.command(1, commit);
  const { pid } = first.latest() as { pid: number };
  await waitFor('its words', async () =>
    (await import('node:fs'))
      .readFileSync(first.logOf('dep', 1, 'main')?.path ?? '', 'utf8')
      .includes('last'),
  );
  await first.close();
  process.kill(pid, 'SIGKILL');
  await waitFor('its end', () => liveStat(pid) === null);
  const second = await aWorkload(dir);
  const report = await waitFor(
    'the report',
    () => second.reports()[0]?.state === 'exited' && second.reports()[0],
  );
  t.match(report, {
    failure: { code: 'LAUNCH_FAILED', message: /exit status unknown/ },
    evidence: ['last words'],
  });
  await second.close();

  const database = new DatabaseSync(join(dir, 'journal.sqlite'));
  const row = database.prepare('SELECT record FROM run').get() as { record: string };
  database
    .prepare('UPDATE run SET record = ?')
    .run(JSON.stringify({ ...JSON.parse(row.record), state: 'launching', processes: [], failure: null }));
  database.close();
  const third = await aWorkload(dir);
  t.match(third.reports(), [{ state: 'exited', failure: { message: /ended while it was starting/ } }]);
  await third.close();

  const rebooted = await aWorkload(dir, { bootId: 'boot-2' });
  t.strictSame(rebooted.reports(), [], 'another boot: nothing of it can be true');
  await rebooted.close();
});

const isRoot = process.getuid?.() === 0;

test('a full state disk: launches are refused by name, what runs is untouched, stops work and are written down later', {
  skip: isRoot ? false : 'only root may mount a small file system',
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'dsr1-small-'));
  const runId = `dep-1-r0-t${process.pid}`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'dsr1-test', dir]);
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => {
    clearInterval(alive);
    for (const { pid } of membersOf(runId, [])) process.kill(pid, 'SIGKILL');
    execFileSync('umount', ['--lazy', dir]);
    rmSync(dir, { recursive: true });
  });
  const fill = (): void => {
    try {
      writeFileSync(join(dir, 'filling'), Buffer.alloc(2 * 1024 * 1024));
    } catch (error) {
      t.match(error, { code: 'ENOSPC' });
    }
  };
  const first = await aWorkload(dir);
  t.equal(await first.command(1, prepare(aPlan())), null);
  t.equal(await first.command(1, commit), null);
  const { pid } = first.latest() as { pid: number };
  fill();
  t.equal(await first.command(1, prepare(aPlan()), { deployment: 'other' }), 'DISK_FULL');
  t.equal(first.reports().length, 1, 'nothing was promised');
  t.ok(liveStat(pid));
  // Enough stops that the journal's already allocated pages run out.
  for (let n = 0; n < 200; n++)
    await first.command(1, stop(), { deployment: `filler-${n}-${'x'.repeat(200)}` });
  t.equal(await first.command(1, stop()), 'DISK_FULL', 'said, but done');
  t.equal(liveStat(pid), null);
  t.equal(await first.command(1, prepare(aPlan())), 'STALE_EPOCH', 'and it counts');
  rmSync(join(dir, 'filling'));
  t.equal(await first.command(1, stop()), null, 'written down once there is room');
  await first.close();
  const second = await aWorkload(dir);
  t.match(second.reports(), [{ state: 'stopped' }]);
  t.equal(await second.command(1, prepare(aPlan())), 'STALE_EPOCH');
  await second.close();
});
