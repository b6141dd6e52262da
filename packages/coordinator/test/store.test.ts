import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@dsr1/shared/clock';
import { toDsr1Error } from '@dsr1/shared/errors';
import { createLogger } from '@dsr1/shared/logger';
import { test } from 'tap';
import { createEventLog } from '../src/events/event-log.ts';
import { caPath, openCa } from '../src/join/ca.ts';
import { remember } from '../src/nodes/bookkeeping.ts';
import { backupState } from '../src/store/backup.ts';
import { MIGRATIONS } from '../src/store/migrations/list.ts';
import { openDatabase } from '../src/store/sqlite/database.ts';
import { migrate } from '../src/store/sqlite/migrate.ts';
import { openSqliteStore } from '../src/store/sqlite/open-store.ts';
import { errorOf, freshDir } from './support/cluster.ts';

test('a state directory is private, has one user at a time, and keeps what was written', async (t) => {
  const dir = join(freshDir(t), 'state');
  const store = openSqliteStore(dir);
  t.equal(statSync(dir).mode & 0o777, 0o700);
  t.throws(() => openSqliteStore(dir), { code: 'STATE_LOCKED', hint: /systemctl stop/ });
  t.equal(await store.meta.raiseLeaderEpoch(0), 1);
  t.equal(await store.meta.raiseLeaderEpoch(7), 8);
  store.close();
  const again = openSqliteStore(dir);
  t.equal(await again.meta.raiseLeaderEpoch(0), 9, 'epochs rise for ever');
  again.close();
});

test('a damaged database is refused with a way out and left as it is', (t) => {
  const dir = join(freshDir(t), 'state');
  openSqliteStore(dir).close();
  const path = join(dir, 'coordinator.db');
  const good = readFileSync(path);
  const damages: readonly (readonly [string, Buffer])[] = [
    ['random bytes', Buffer.alloc(8192, 'no database ')],
    ['a torn page', Buffer.concat([good.subarray(0, 4096), Buffer.alloc(good.length - 4096, 0xa5)])],
  ];
  for (const [name, bytes] of damages) {
    writeFileSync(path, bytes);
    t.throws(() => openSqliteStore(dir), { code: 'STATE_CORRUPT', hint: /backups/ }, name);
    t.ok(readFileSync(path).equals(bytes), `${name}: untouched`);
  }
  writeFileSync(path, good);
  t.doesNotThrow(() => openSqliteStore(dir).close(), 'the lock was released, and a restored file works');
  t.end();
});

test('a full disk is DISK_FULL, loses nothing, and heals', async (t) => {
  const db = openDatabase(join(freshDir(t), 'x.db'));
  t.teardown(() => db.close());
  db.exec('CREATE TABLE x (v TEXT) STRICT');
  db.run('INSERT INTO x VALUES (?)', 'kept');
  db.exec('PRAGMA max_page_count = 5');
  const fill = () => db.transaction(() => db.run('INSERT INTO x VALUES (?)', 'y'.repeat(200_000)));
  let error: unknown;
  try {
    fill();
  } catch (thrown) {
    error = thrown;
  }
  t.match(toDsr1Error(error), { code: 'DISK_FULL', hint: /free some space/ });
  t.same(db.all('SELECT v FROM x'), [{ v: 'kept' }]);
  db.exec('PRAGMA max_page_count = 1000000');
  t.equal(fill(), 1, 'goes on once there is room');
});

test('a full disk of the coordinator cuts no node off', async (t) => {
  const errors: unknown[] = [];
  const log = { error: (entry: unknown) => void errors.push(entry) } as Parameters<typeof remember>[0];
  const noRoom = Object.assign(new Error('database or disk is full'), { errcode: 13 });
  await t.resolves(remember(log, () => Promise.reject(noRoom)));
  t.match(errors, [{ err: { code: 'DISK_FULL' } }]);
  await t.rejects(
    remember(log, () => Promise.reject(new Error('a defect'))),
    { message: 'a defect' },
  );
});

test('migrations run once, in order, after a backup; a newer schema is refused', (t) => {
  const dir = freshDir(t);
  const path = join(dir, 'coordinator.db');
  const backups = join(dir, 'backups');
  const db = openDatabase(path);
  migrate(db, MIGRATIONS, backups);
  t.notOk(existsSync(backups), 'a new database has nothing to lose');
  const next = (MIGRATIONS.at(-1)?.version ?? 0) + 1;
  const more = [...MIGRATIONS, { version: next, name: 'more', sql: 'CREATE TABLE more (x INTEGER) STRICT' }];
  db.run("INSERT INTO meta (key, value) VALUES ('a', 'b')");
  migrate(db, more, backups);
  migrate(db, more, backups);
  const files = readdirSync(backups);
  t.equal(files.length, 1);
  const copy = new DatabaseSync(join(backups, files[0] ?? ''));
  t.same(
    { ...copy.prepare('SELECT value FROM meta').get() },
    { value: 'b' },
    'the backup holds the data of before',
  );
  copy.close();

  const broken = [
    ...more,
    {
      version: next + 1,
      name: 'broken',
      sql: 'CREATE TABLE half (x INTEGER) STRICT; CREATE TABLE more (x INTEGER)',
    },
  ];
  t.throws(() => migrate(db, broken, backups));
  t.equal(
    db.get("SELECT count(*) AS n FROM sqlite_master WHERE name = 'half'")?.n,
    0,
    'a failed one leaves nothing',
  );
  t.throws(() => migrate(db, MIGRATIONS, backups), { code: 'VERSION_SKEW', hint: /newer/ });
  db.close();
  t.end();
});

test('versions of migrations are 1, 2, 3 …', (t) => {
  t.same(
    MIGRATIONS.map((migration) => migration.version),
    MIGRATIONS.map((_, i) => i + 1),
  );
  t.end();
});

test('a backup is taken while the coordinator runs, and starts as a state directory', async (t) => {
  const dir = join(freshDir(t), 'state');
  const to = join(freshDir(t), 'copy');
  const store = openSqliteStore(dir);
  const ca = await openCa(dir, Date.now());
  await store.meta.set('clusterId', ca.clusterId);
  backupState(dir, to);
  store.close();
  t.equal(statSync(join(to, 'ca.key')).mode & 0o777, 0o600);
  const restored = openSqliteStore(to);
  t.equal(await restored.meta.get('clusterId'), (await openCa(to, Date.now())).clusterId);
  restored.close();
  t.ok(existsSync(caPath(to)));
  t.throws(() => backupState(join(dir, 'none'), to), { code: 'NOT_FOUND' });
});

test('events rise by one, are filtered, pruned, and told only once they are kept', async (t) => {
  const store = openSqliteStore(join(freshDir(t), 'state'));
  t.teardown(() => store.close());
  const log = createEventLog({
    store: store.events,
    clock: systemClock,
    log: createLogger('test', 'silent'),
    keep: 100,
  });
  const told: number[] = [];
  const stop = log.subscribe((event) => told.push(event.sequence));
  for (let i = 1; i <= 600; i++)
    log.record({
      kind: 'node.facts',
      message: `${i}`,
      ...(i % 2 === 0 ? { node: 'a' } : { deployment: 'd' }),
    });
  await log.close();
  stop();
  t.same(
    told,
    Array.from({ length: 600 }, (_, i) => i + 1),
  );
  t.same(
    (await log.after(597, {}, 10)).map((event) => event.sequence),
    [598, 599, 600],
  );
  t.same(
    (await log.newest({ node: 'a' }, 2)).map((event) => event.message),
    ['598', '600'],
  );
  const kept = await log.after(0, {}, 1000);
  t.ok(kept.length >= 100 && kept.length < 600 && kept.at(-1)?.sequence === 600, `${kept.length} are kept`);
});

test('an event that cannot be kept harms nobody, and none is tried after the end', async (t) => {
  const store = openSqliteStore(join(freshDir(t), 'state'));
  const errors: unknown[] = [];
  const log = createEventLog({
    store: store.events,
    clock: systemClock,
    log: Object.assign(createLogger('test', 'silent'), { error: (entry: unknown) => errors.push(entry) }),
    keep: 100,
  });
  store.close();
  t.doesNotThrow(() => log.record({ kind: 'node.facts', message: 'lost' }));
  await t.resolves(log.close());
  t.equal(errors.length, 1);
  log.record({ kind: 'node.facts', message: 'after the end' });
  await log.close();
  t.equal(errors.length, 1);
  t.ok(await errorOf(store.meta.get('x')), 'the store is really gone');
});
