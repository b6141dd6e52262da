/** A host that was off for longer than its certificate lives comes back by itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { eventually, run, start } from './programs.ts';

const TTL_SECONDS = 3;

test('an agent whose certificate expired meanwhile renews it by its key', async (t) => {
  const home = t.testdir();
  const coordinator = start(t, 'coordinator', [
    ...['--state-dir', join(home, 'coordinator'), '--listen', '127.0.0.1', '--http-port', '0'],
    ...['--join-port', '0', '--session-port', '0', '--certificate-ttl-seconds', String(TTL_SECONDS)],
  ]);
  const [, server = '', token = ''] = await eventually(
    () => /--server (\S+) --token (\S+)/.exec(coordinator.said()),
    'the join line',
  );
  writeFileSync(join(home, 'token'), token);
  const state = ['--state-dir', join(home, 'agent')];
  const where = ['--server', server, '--token-file', join(home, 'token'), '--name', 'gpu-1'];
  const joined = await run('ctl', ['join', '--no-service', ...where, ...state], { HOME: home });
  t.equal(joined.code, 0, joined.err);
  await sleep(TTL_SECONDS * 1000 + 500);
  const agent = start(t, 'agent', state);
  await eventually(() => agent.said().includes('session is up'), 'the session');
  t.match(agent.said(), /the certificate of this node was renewed/);
});
