import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '@dsr1/shared/version';
import { test } from 'tap';
import { freshDir } from './support/cluster.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

test('the command line: version, settings, and errors without a stack trace', async (t) => {
  const dir = freshDir(t);
  const [version, print, flag, key, clear] = await Promise.all([
    cli('version'),
    cli('--state-dir', dir, '--http-port', '1234', '--print-config'),
    cli('--no-such-flag'),
    cli('--config', '/nonexistent/x.yaml'),
    cli('--state-dir', dir, '--listen', '0.0.0.0', '--http-tls', 'false'),
  ]);
  t.match(version, { code: 0, out: `${VERSION}\n` });
  t.match(print, {
    code: 0,
    out: new RegExp(`stateDir: ${dir} # flag\\n[\\s\\S]*httpPort: 1234 # flag\\njoinPort: 7441 # default`),
  });
  t.match(flag, { code: 2, err: /--no-such-flag/ });
  t.match(key, { code: 2, err: /^error CONFIG_INVALID: .*\/nonexistent\/x\.yaml/ });
  t.match(clear, { code: 2, err: /^error CONFIG_INVALID: .*clear\nhint: / });
  for (const { err } of [flag, key, clear]) t.notMatch(err, /\n {4}at /);
});

test('the first start prints where everything is and a join line, and SIGTERM ends it cleanly', async (t) => {
  const dir = join(freshDir(t), 'state');
  const ports = ['http', 'join', 'session'].flatMap((door) => [`--${door}-port`, '0']);
  const start = async () => {
    const child = spawn(process.execPath, [MAIN, '--state-dir', dir, '--listen', '127.0.0.1', ...ports], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += data));
    const up = Promise.withResolvers<void>();
    child.stderr.on('data', (data) => {
      err += data;
      if (err.includes('coordinator is up')) up.resolve();
    });
    await Promise.race([up.promise, exit]);
    child.kill('SIGTERM');
    t.same(await exit, [0, null], err);
    return { out, err };
  };
  const first = await start();
  t.match(
    first.out,
    /cluster [0-9a-f]{16} is new\nAPI https:\/\/127\.0\.0\.1:\d+\nCA .*ca\.crt\nadmin key .*admin\.key\n/,
  );
  const [, secret] =
    /dsr1ctl join --server 127\.0\.0\.1:\d+ --token DJ1[0-9a-f]{64}::[a-z0-9]{8}\.([\w-]{43})\n/.exec(
      first.out,
    ) ?? [];
  t.ok(secret, 'the join line');
  t.notMatch(first.err, secret ?? 'x', 'which is not in the log');
  for (const name of ['admin.key', 'ca.key']) t.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
  t.equal((await start()).out, '', 'a later start prints nothing');
});

function cli(...args: readonly string[]) {
  const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; err: string }>();
  execFile(
    process.execPath,
    [MAIN, ...args],
    { env: { PATH: '/usr/bin:/bin' }, timeout: 20_000 },
    (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
  );
  return promise;
}
