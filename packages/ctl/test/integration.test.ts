/** dsr1ctl against the real coordinator and the real agent, as processes of this machine. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Test, test } from 'tap';

const root = join(import.meta.dirname, '../../..');
const main = (name: string) => join(root, `packages/${name}/src/main.ts`);

test('init, join, deploy, ask the model, stop, leave: as an operator types them', async (t) => {
  const home = t.testdir();
  const dsr1ctl = ctlIn(home);
  const { port } = await startCoordinator(t, join(home, 'coordinator'));
  const init = JSON.parse(
    await dsr1ctl(
      'init',
      '--no-service',
      '--json',
      '--listen',
      '127.0.0.1',
      '--http-port',
      port,
      '--state-dir',
      join(home, 'coordinator'),
    ),
  );
  const [, server = ''] = /--server (\S+)/.exec(init.joinLine) ?? [];
  writeFileSync(join(home, 'token'), init.token);

  const state = ['--no-service', '--state-dir', join(home, 'agent')];
  const joinLine = [
    'join',
    '--server',
    server,
    '--token-file',
    join(home, 'token'),
    '--name',
    'alpha',
    ...state,
  ];
  t.match(JSON.parse(await dsr1ctl(...joinLine, '--json')), { nodeName: 'alpha', clusterId: init.clusterId });
  t.equal(statSync(join(home, 'agent/identity/identity.json')).mode & 0o777, 0o600);
  t.notOk(existsSync(join(home, 'token')), 'a token that did its work is not left behind');
  await start(t, [main('agent'), 'run', '--state-dir', join(home, 'agent')]);
  t.match(await waitFor(() => dsr1ctl('node', 'list'), /alpha +online/), /alpha +online/);
  t.match(await dsr1ctl(...joinLine), /Network/, 'a second join checks the live agent and shows the facts');
  t.match(await dsr1ctl('facts', 'alpha', '--json'), '"schema": 1');

  const deployed = await dsr1ctl(
    'deploy',
    '--name',
    'demo',
    '--engine',
    'rehearsal',
    '--nodes',
    'alpha',
    '--gpus-per-node',
    '0',
    '--yes',
  );
  t.match(deployed, /rank 0 \(alpha\): serving/);
  const { url, model, apiKey } = JSON.parse(await dsr1ctl('access', 'demo', '--json', '--key'));
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  t.equal(answer.status, 200);
  t.match(await dsr1ctl('status', 'demo'), /state +serving/);
  const bundle = join(home, 'demo.tar.gz');
  t.match(await dsr1ctl('fabric', 'collect', '--deployment', 'demo', '--mask', '-o', bundle), /1 node;/);
  const explained = JSON.parse(await dsr1ctl('fabric', 'explain', bundle, '--json'));
  t.match(explained.nodes, { alpha: { socket_ifname: /./ } }, 'its own facts are in the bundle');
  t.same(explained.rejected_env, [], 'what the plan sets stands');
  t.match(execFileSync('tar', ['tzf', bundle]).toString(), /alpha\/facts\.json\n[\s\S]*alpha\/rank0\.log/);
  t.match(await dsr1ctl('diagnose', bundle), /nothing wrong/);
  await dsr1ctl('stop', 'demo');
  t.match(await dsr1ctl('wait', 'demo', '--for', 'stopped', '--timeout', '30s'), /stopped/);
  t.match(await dsr1ctl('events', '-n', '100'), /deployment\.serving/);

  const following = spawn(join(root, 'scripts/dsr1ctl'), ['events', '-f'], {
    env: homeEnv(home),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  following.stdout.once('data', () => following.kill('SIGINT'));
  t.strictSame(await once(following, 'exit'), [130, null], 'Ctrl-C');

  await dsr1ctl('node', 'remove', 'alpha', '--yes');
  t.match(await dsr1ctl('leave', '--yes', '--state-dir', join(home, 'agent')), /left cluster|in no cluster/);
  t.match(await dsr1ctl('node', 'list'), /no node yet/);
});

test('scripts/dsr1ctl runs through a link, from anywhere, into a pipe that closes early', async (t) => {
  const folder = t.testdir({ link: t.fixture('symlink', join(root, 'scripts/dsr1ctl')) });
  // The reader is gone long before the first byte is written.
  const script = './link version; ./link completion bash | true; echo "$PIPESTATUS"';
  const env = homeEnv(folder);
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env });
  t.match(stdout, /^dsr1ctl \d.*\n.*\n0\n$/);
  t.equal(stderr, '');
});

/** Runs `scripts/dsr1ctl` with its own home folder; rejects when it fails, with what it said. */
function ctlIn(home: string) {
  return async (...args: string[]): Promise<string> => {
    return (await promisify(execFile)(join(root, 'scripts/dsr1ctl'), args, { env: homeEnv(home) })).stdout;
  };
}

const homeEnv = (home: string) => ({ ...process.env, HOME: home, XDG_CONFIG_HOME: '' });

async function startCoordinator(t: Test, stateDir: string): Promise<{ port: string }> {
  const ports = ['--http-port', '0', '--join-port', '0', '--session-port', '0'];
  const child = await start(t, [
    main('coordinator'),
    'run',
    '--state-dir',
    stateDir,
    '--listen',
    '127.0.0.1',
    ...ports,
  ]);
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^API https:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
    if (port !== undefined) return { port };
  }
  throw new Error('the coordinator ended before it said its port');
}

async function start(t: Test, argv: readonly string[]) {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return child;
}

/** The first look that fits, or the last one. */
async function waitFor(look: () => Promise<string>, pattern: RegExp): Promise<string> {
  for (let tries = 0; tries < 15; tries += 1) {
    const seen = await look();
    if (pattern.test(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return look();
}
