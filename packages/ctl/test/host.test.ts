import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentStatus, agentStatusPath } from '@dsr1/shared/agent-status';
import { systemClock } from '@dsr1/shared/clock';
import { formatJoinToken } from '@dsr1/shared/identity/token';
import { test } from 'tap';
import { runningAgent, waitForFacts } from '../src/host/agent-status.ts';
import { writeDaemonConfig } from '../src/host/daemon-config.ts';
import { findInstallation } from '../src/host/installation.ts';
import { forgetToken, readTokenText } from '../src/host/join-token.ts';
import { type RunProgram, runProgram } from '../src/host/run-program.ts';
import { withWriteAccess } from '../src/host/state-dir.ts';
import { createSystemd, unitText } from '../src/host/systemd.ts';
import { processIo } from '../src/io.ts';
import { runCtl } from './helpers/fake-io.ts';

const never = new AbortController().signal;

test('units are written once, started from where the installation is, and removed again', async (t) => {
  const unitDir = join(t.testdir(), 'system');
  const calls: string[] = [];
  const run: RunProgram = async (argv) => {
    calls.push(argv.join(' '));
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const shipped = join(import.meta.dirname, '../../../deploy/systemd');
  const unit = unitText(shipped, 'dsr1-agent', ['/srv/my node', '/srv/100%/main.ts']);
  t.match(unit, /^ExecStart="\/srv\/my node" "\/srv\/100%%\/main\.ts" run$/m);
  const systemd = createSystemd(run, unitDir, never);
  await systemd.install('dsr1-agent', unit, { restart: true });
  await systemd.install('dsr1-agent', unit, { restart: false });
  t.strictSame(calls.splice(0), [
    'systemctl daemon-reload',
    'systemctl enable --quiet dsr1-agent',
    'systemctl restart dsr1-agent',
    'systemctl enable --quiet dsr1-agent',
    'systemctl start dsr1-agent',
  ]);
  await systemd.remove('dsr1-agent');
  await systemd.remove('dsr1-agent');
  t.strictSame(calls, ['systemctl disable --quiet --now dsr1-agent', 'systemctl daemon-reload']);
  t.notOk(existsSync(join(unitDir, 'dsr1-agent.service')));
  const failing = createSystemd(
    async () => ({ exitCode: 1, stdout: '', stderr: 'Unit is masked.\n' }),
    unitDir,
    never,
  );
  await t.rejects(failing.install('dsr1-agent', unit, { restart: true }), {
    code: 'LAUNCH_FAILED',
    message: /systemctl daemon-reload ended with code 1: Unit is masked/,
  });
});

test('the other programs are found beside this one, in a checkout and in a package', async (t) => {
  t.match(findInstallation({ programPath: '/co/packages/ctl/src/main.ts', execPath: '/n/node' }), {
    agent: ['/n/node', '/co/packages/agent/src/main.ts'],
    unitsDir: '/co/deploy/systemd',
  });
  t.match(findInstallation({ programPath: '/opt/dsr1/1.0.0/lib/ctl.mjs', execPath: '/n/node' }), {
    coordinator: ['/opt/dsr1/1.0.0/bin/dsr1-coordinator'],
    unitsDir: '/opt/dsr1/1.0.0/systemd',
  });
  await t.rejects(runProgram(['/nonexistent/dsr1-agent'], never), {
    code: 'RUNTIME_MISSING',
    message: /cannot be started/,
  });
});

test('settings are added to a configuration file without losing what a person wrote', async (t) => {
  const folder = t.testdir({ 'agent.yaml': '# ours\nlogLevel: debug # loud\n' });
  writeDaemonConfig('agent', { stateDir: '/data/agent' }, folder);
  t.equal(
    readFileSync(join(folder, 'agent.yaml'), 'utf8'),
    '# ours\nlogLevel: debug # loud\nstateDir: /data/agent\n',
  );
  writeDaemonConfig('coordinator', { advertise: ['a', 'b'] }, folder);
  t.match(readFileSync(join(folder, 'coordinator.yaml'), 'utf8'), /advertise:\n {2}- a\n {2}- b\n/);
});

test('the token comes from the first source there is, and only the command line warns', async (t) => {
  const home = t.testdir({ token: 'from-file\n', credentials: { 'dsr1-join-token': 'from-credential' } });
  const said: string[] = [];
  const io = (env: Record<string, string> = {}) => ({
    ...processIo('/nonexistent'),
    cwd: home,
    env,
    stderr: { isTTY: false, columns: 80, rows: 24, write: (text: string) => void said.push(text) },
  });
  t.equal(await readTokenText(io({ DSR1_JOIN_TOKEN: 'from-env' }), { tokenFile: 'token' }), 'from-file\n');
  t.equal(
    await readTokenText(
      io({ DSR1_JOIN_TOKEN: 'from-env', CREDENTIALS_DIRECTORY: join(home, 'credentials') }),
      {},
    ),
    'from-env',
  );
  t.equal(
    await readTokenText(io({ CREDENTIALS_DIRECTORY: join(home, 'credentials') }), {}),
    'from-credential',
  );
  t.equal(await readTokenText(io(), {}), null);
  await t.rejects(readTokenText(io(), { tokenFile: 'none' }), {
    code: 'TOKEN_INVALID',
    message: /cannot be read \(ENOENT\)/,
  });
  t.strictSame(said, []);
  t.equal(await readTokenText(io(), { token: 'from-argv' }), 'from-argv');
  t.match(said.splice(0).join(''), /readable by every user/);
  for (const tokenFile of ['-', 'credentials']) forgetToken(io(), { tokenFile });
  t.strictSame(said, [], 'only a file is deleted');
  forgetToken(io(), { tokenFile: 'token' });
  t.notOk(existsSync(join(home, 'token')));
  forgetToken(io(), { tokenFile: 'token' });
  t.match(said.join(''), /deleted .*token: [\s\S]*warning: .*token could not be deleted \(ENOENT\)/);
});

test('join waits for the live agent of this node and hands its refusal on', async (t) => {
  const stateDir = t.testdir();
  const io = { ...processIo('/nonexistent'), interrupted: never, clock: systemClock };
  const status: AgentStatus = {
    pid: process.pid,
    version: '0.1.0',
    nodeId: 'n-1',
    nodeName: 'gpu1',
    clusterId: 'c0ffee',
    session: 'connecting',
    server: null,
    factsSeenAt: null,
    problem: { code: 'COORDINATOR_UNREACHABLE', message: 'no connection to h:7442', hint: null },
  };
  const write = (values: Partial<AgentStatus>) =>
    writeFileSync(agentStatusPath(stateDir), JSON.stringify({ ...status, ...values }));
  await t.rejects(waitForFacts(io, stateDir, 'n-1', 0), {
    code: 'TIMEOUT',
    message: /has written no status yet/,
  });
  write({});
  await t.rejects(waitForFacts(io, stateDir, 'n-1', 0), {
    code: 'TIMEOUT',
    message: /no connection to h:7442/,
  });
  write({ pid: 2 ** 22 + 1, session: 'connected', factsSeenAt: 'now' });
  t.equal(runningAgent(stateDir, 'n-1'), null, 'a file that a dead agent left does not count');
  write({
    session: 'refused',
    problem: { code: 'NODE_REMOVED', message: 'gpu1 was removed', hint: 'join again' },
  });
  await t.rejects(waitForFacts(io, stateDir, 'n-1', 1000), { code: 'NODE_REMOVED', hint: 'join again' });
  write({ nodeId: 'n-2', session: 'connected', factsSeenAt: 'now' });
  await t.rejects(waitForFacts(io, stateDir, 'n-1', 0), { code: 'TIMEOUT' }, 'another identity');
  setTimeout(() => write({ session: 'connected', factsSeenAt: 'now', problem: null }), 50);
  await waitForFacts(io, stateDir, 'n-1', 5000);
});

test('joining with nothing, with rubbish, or where one may not write is explained', async (t) => {
  const home = t.testdir({ bin: {}, lib: {}, rubbish: 'DJ1nonsense' });
  const agent = join(home, 'bin/dsr1-agent');
  writeFileSync(agent, '#!/bin/sh\necho "no /sys here" >&2\nexit 3\n', { mode: 0o755 });
  const join_ = (...args: string[]) =>
    runCtl(['join', '--server', '127.0.0.1:1', '--state-dir', join(home, 'state'), '--no-service', ...args], {
      home,
      programPath: join(home, 'lib/ctl.mjs'),
    });
  t.match(await runCtl(['join'], { home }), { code: 2, err: /required option '--server/ });
  t.match(await join_(), { code: 4, err: /expected a join token, found none[\s\S]*DSR1_JOIN_TOKEN/ });
  t.match(await join_('--token-file', 'rubbish'), { code: 4, err: /TOKEN_INVALID/ });
  const token = formatJoinToken({ caHashes: ['0'.repeat(64)], id: 'abcd1234', secret: 'A'.repeat(43) });
  const failed = await join_('--token', token);
  t.match(failed, { code: 1, err: /dsr1-agent facts --json ended with code 3: no \/sys here/ });
  t.notMatch(failed.err.replace(/^warning.*\n/, ''), 'AAAA', 'the secret is never repeated');
  writeFileSync(agent, '#!/bin/sh\necho "{}"\n', { mode: 0o755 });
  t.match(await join_('--token', token), { code: 4, err: /VERSION_SKEW/ });
  t.match(await runCtl(['leave', '--state-dir', join(home, 'state')], { home }), {
    code: 0,
    out: /in no cluster/,
  });
  const refused = Object.assign(new Error('no'), { code: 'EACCES', path: '/var/lib/dsr1-agent' });
  await t.rejects(
    withWriteAccess('/x', () => Promise.reject(refused)),
    {
      code: 'FORBIDDEN',
      message: /allowed to write \/var\/lib\/dsr1-agent/,
      hint: /sudo/,
    },
  );
});
