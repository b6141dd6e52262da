/**
 * Everything that a person or a machine may get wrong, against the real programs: a named error that says what was
 * expected and found, the next step, the documented exit code; no stack trace, nothing lost, nothing left running.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_TABLE, type ErrorCode } from '@dsr1/shared/error-table';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { NodeSummary } from '@dsr1/shared/http-api/resources';
import { formatJoinToken, parseJoinToken } from '@dsr1/shared/identity/token';
import { VERSION } from '@dsr1/shared/version';
import { type Test, test } from 'tap';
import { anEnvironment, PYTHON } from '../../packages/agent/test/helpers/an-engine.ts';
import { eventually, livingIn, run, type Said, start } from './programs.ts';

const NEEDS_ROOT = process.getuid?.() === 0 ? false : 'mounts need root';

test('bad input', async (t) => {
  t.setTimeout(170_000);
  const home = mkdtempSync(join(tmpdir(), 'dsr1-bad-input-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const cluster = await clusterIn(t, home);
  const { ctl, join: joinAs } = cluster;

  await t.test('settings: unknown keys and wrong types, in every layer of both daemons', async (t) => {
    const file = (name: string, content: string): string => {
      writeFileSync(join(home, name), content);
      return join(home, name);
    };
    const typo = file('typo.yaml', 'stateDri: /x\n');
    const type = file('type.yaml', 'httpPort: many\n');
    const [key, value, variable, flag] = await Promise.all([
      run('agent', ['run', '--config', typo]),
      run('coordinator', ['run', '--config', type]),
      run('agent', ['facts'], { DSR1_AGENT_NODEIP: '10.0.0.1' }),
      run('coordinator', ['run', '--no-such-flag']),
    ]);
    refused(t, key, 'UNKNOWN_KEY', /typo\.yaml: stateDri is not a known key \(known: stateDir, /);
    refused(t, value, 'CONFIG_INVALID', /type\.yaml: httpPort must be integer, found "many"/);
    refused(t, variable, 'UNKNOWN_KEY', /DSR1_AGENT_NODEIP is not a known variable/);
    t.match(flag, { code: 2, err: /--no-such-flag/ });
    t.notMatch(flag.err, STACK);
  });

  await t.test('deployments: unknown keys, wrong types, unknown and owned flags of the engine', async (t) => {
    const plan = (content: string) => {
      const file = join(home, 'deployment.yaml');
      writeFileSync(file, content);
      return ctl('plan', file);
    };
    const vllm = 'name: bad\nengine: {kind: vllm, args: ["ARG"]}\nmodel: {path: /m}\ngpusPerNode: 0\n';
    refused(
      t,
      await plan('name: bad\nengine: {kind: rehearsal}\nnodez: {count: 2}\n'),
      'UNKNOWN_KEY',
      /nodez .*nodes/,
    );
    refused(
      t,
      await plan('name: bad\nengine: {kind: rehearsal}\nnodes: {count: two}\n'),
      'INVALID_ARGUMENT',
      /nodes\.count: expected an integer from 1 to 1024, found "two"/,
    );
    const unknown = await plan(vllm.replace('ARG', '--tensor-paralel'));
    refused(t, unknown, 'PLAN_INFEASIBLE', /--tensor-paralel/);
    const elsewhere = vllm.replace('"ARG"', '').replace('vllm,', `vllm, python: ${home}/hidden/bin/python,`);
    t.match(
      await plan(elsewhere),
      { code: 0, out: /hidden\/bin\/python/ },
      'a named interpreter is looked for',
    );
    const none = await plan(elsewhere.replace('hidden', 'nowhere'));
    refused(t, none, 'PLAN_INFEASIBLE', /has no vllm in .*nowhere\/bin\/python; found vllm 0\.32\.0/);
    if (existsSync(PYTHON)) {
      const python = anEnvironment(join(home, 'newer'), '0.6.1', ['--device', '--context-length']);
      const newer = `name: bad\nengine: {kind: sglang, python: ${python}, args: [--devise, cpu]}\nmodel: {path: /m}\ngpusPerNode: 0\n`;
      const live = /SGLang 0\.6\.1 has no --devise.*did you mean --device\?/s;
      refused(t, await plan(newer), 'PLAN_INFEASIBLE', live);
      t.match(await plan(newer.replace('--devise', '--device')), { code: 0, out: /sglang 0\.6\.1/ });
    }
    const owned = await plan(vllm.replace('ARG', '--node-rank=1'));
    refused(t, owned, 'PLAN_INFEASIBLE', /--node-rank/);
    refused(t, await ctl('plan', '--engine', 'rehersal'), 'INVALID_ARGUMENT', /rehersal/);
    refused(t, await ctl('ls', '--jsn'), 'INVALID_ARGUMENT', /--jsn/);
    t.same(await ctl('ls'), { code: 0, out: (await ctl('ls')).out, err: '' });
    t.match((await ctl('ls')).out, /no deployment/, 'nothing was stored');
  });

  await t.test('a node name that does not exist', async (t) => {
    refused(
      t,
      await ctl('node', 'show', 'gpu-7'),
      'NODE_NOT_FOUND',
      /no node is called gpu-7 \(there are: gpu-1, gpu-2\)/,
    );
    refused(t, await ctl('facts', 'gpu-7'), 'NODE_NOT_FOUND', /gpu-7/);
    refused(t, await ctl('deploy', ...rehearsal('x', 'gpu-1,gpu-7'), '--yes'), 'PLAN_INFEASIBLE', /gpu-7/);
  });

  await t.test('tokens: expired, used, revoked, unknown, of another cluster; a wrong CA hash', async (t) => {
    const used = cluster.usedToken;
    const short = await cluster.token('--ttl', '1s');
    const revoked = await cluster.token();
    await ctl('token', 'revoke', parseJoinToken(revoked).id);
    const good = parseJoinToken(await cluster.token());
    const unknown = formatJoinToken({ ...good, id: 'abcdefgh' });
    const otherCa = formatJoinToken({ ...good, caHashes: ['0'.repeat(64)] });
    refused(t, await joinAs('gpu-8', used), 'TOKEN_USED', /used 1 of 1 times/);
    refused(t, await joinAs('gpu-8', revoked), 'TOKEN_REVOKED', /was revoked at/);
    refused(t, await joinAs('gpu-8', unknown), 'TOKEN_INVALID', /no such join token/);
    refused(t, await joinAs('gpu-8', otherCa), 'CA_MISMATCH', /expected 0{64}, found [0-9a-f]{64}/);
    refused(t, await joinAs('gpu-8', 'DJ1nonsense'), 'TOKEN_INVALID', /./);
    refused(t, await joinAs('gpu-8', short), 'TOKEN_EXPIRED', /expired at .*, it is /);
    refused(t, await joinAs('gpu-1', otherCa), 'ALREADY_EXISTS', /the token is of another cluster/);
    t.notOk(existsSync(join(home, 'gpu-8/identity/identity.json')), 'no identity was made');
    t.ok(existsSync(join(home, 'token')), 'a token that did no work is still there');
    const tokens: readonly { id: string; uses: number }[] = JSON.parse(
      (await ctl('token', 'list', '--json')).out,
    );
    t.equal(tokens.find(({ id }) => id === good.id)?.uses, 0, 'a wrong CA costs no use');
    t.notMatch((await ctl('node', 'list')).out, /gpu-8/);
  });

  await t.test('an agent of another major version', async (t) => {
    const join_ = await joinAs('gpu-9', await cluster.token(), otherVersion());
    refused(t, join_, 'VERSION_SKEW', new RegExp(`9\\.0\\.0.*${VERSION}`));
    const agent = cluster.agents[1];
    await agent?.end();
    const strange = start(t, 'agent', cluster.agentFlags(2), { env: otherVersion() });
    const said = await eventually(() => /.*VERSION_SKEW.*/.exec(strange.said())?.[0], 'the refusal');
    t.match(JSON.parse(said), { code: 'VERSION_SKEW', hint: /install/ });
    await strange.end();
    cluster.restartAgent(2);
    await cluster.online();
  });

  await t.test('a port in use: of the coordinator, and of an endpoint', async (t) => {
    const server = createServer().listen(0, '127.0.0.31');
    t.teardown(() => server.close());
    await once(server, 'listening');
    const port = String((server.address() as { port: number }).port);
    const second = await run('coordinator', [
      ...['--state-dir', join(home, 'second'), '--listen', '127.0.0.31'],
      ...['--http-port', port, '--join-port', '0', '--session-port', '0'],
    ]);
    refused(t, second, 'PORT_TAKEN', new RegExp(`127\\.0\\.0\\.31:${port}`));
    refused(
      t,
      await run('coordinator', ['--state-dir', join(home, 'coordinator'), '--http-port', '0']),
      'STATE_LOCKED',
      /in use by another dsr1-coordinator/,
    );
    const deploy = await ctl('deploy', ...rehearsal('taken', 'gpu-1,gpu-2'), '--port', port, '--yes');
    refused(t, deploy, 'PORT_TAKEN', new RegExp(`port ${port} .*127\\.0\\.0\\.31 is in use`));
    await gone(t, cluster, 'taken');
  });

  await t.test('a model that is on one node only', { skip: NEEDS_ROOT }, async (t) => {
    // Agent 2 sees an empty folder where agent 1 sees the model.
    const models = join(home, 'models');
    mkdirSync(join(models, 'r1'), { recursive: true });
    await cluster.agents[1]?.end();
    const hidden = `mount -t tmpfs tmpfs ${models} && exec "$@"`;
    const blind = start(t, 'agent', cluster.agentFlags(2), {
      under: ['unshare', '--mount', 'sh', '-c', hidden, 'sh'],
    });
    await cluster.online();
    const flags = [...rehearsal('half', 'gpu-1,gpu-2'), '--model', join(models, 'r1'), '--yes'];
    const deploy = await ctl('deploy', ...flags);
    refused(t, deploy, 'PATH_MISSING', /rank 1 \(gpu-2\).*models\/r1 does not exist on this node/);
    await gone(t, cluster, 'half');
    await blind.end();
    cluster.restartAgent(2);
    await cluster.online();
  });

  await t.test('hosts without nvidia-smi, with an ibdev2netdev that prints garbage or hangs', async (t) => {
    const factsOf = async (name: string): Promise<NodeFacts> =>
      JSON.parse((await ctl('facts', name, '--json')).out);
    const garbage = await factsOf('gpu-1');
    t.match(toolOf(garbage, 'ibdev2netdev'), { answered: false, note: /./ });
    t.match(toolOf(garbage, 'nvidia-smi'), { answered: false, note: 'exit status 9: "no driver here"' });
    t.match(toolOf(garbage, 'ip'), { answered: false });
    t.ok(garbage.netdevs.detected, 'what the tools do not say, the kernel does');
    const hung = await eventually(async () => {
      const tool = toolOf(await factsOf('gpu-2'), 'ibdev2netdev');
      return tool?.note === 'not installed' ? null : tool;
    }, 'the tool to be given up');
    t.match(hung, { answered: false, note: /no answer within \d+ ms/ });
    const doctor = await run('agent', ['doctor'], { PATH: cluster.toolPath(1) });
    t.match(doctor.out, /ip: /);
    t.notMatch(doctor.err, STACK);
  });

  await t.test('a full disk under the agent', { skip: NEEDS_ROOT }, async (t) => {
    const filler = join(home, 'gpu-2', 'filler');
    fill(filler);
    t.equal((await ctl('deploy', ...rehearsal('full', 'gpu-1,gpu-2'), '--yes', '--detach')).code, 0);
    const status = () => ctl('status', 'full');
    await eventually(
      async () => /rank 1 \(gpu-2\) did not prepare: no room left/.test((await status()).out),
      'the refusal',
    );
    t.same(livingIn(home), [], 'no rank runs on either node');
    rmSync(filler);
    refused(t, await ctl('wait', 'full', '--for', 'serving'), 'DISK_FULL', /rank 1 \(gpu-2\)/);
    await gone(t, cluster, 'full');
    t.match(await ctl('deploy', ...rehearsal('full', 'gpu-1,gpu-2'), '--yes'), { code: 0, out: /serves/ });
    await gone(t, cluster, 'full');
  });

  await t.test('a full disk under the coordinator', { skip: NEEDS_ROOT }, async (t) => {
    const filler = join(home, 'coordinator', 'filler');
    fill(filler);
    const big = join(home, 'big.yaml');
    writeFileSync(
      big,
      JSON.stringify({ ...BIG, engine: { kind: 'rehearsal', env: { BIG: 'x'.repeat(7e5) } } }),
    );
    refused(t, await ctl('deploy', big, '--yes'), 'DISK_FULL', /./);
    t.match((await ctl('ls')).out, /no deployment/, 'half a deployment is none');
    t.match(await ctl('node', 'list'), { code: 0, out: /gpu-1 +online[\s\S]*gpu-2 +online/ });
    rmSync(filler);
    t.equal((await ctl('token', 'create')).code, 0, 'goes on once there is room');
  });

  const said = await cluster.end();
  t.notMatch(said, STACK, 'no stack trace in any log');
  t.notMatch(said, /INTERNAL/, 'no defect was met');
  t.same(livingIn(home), [], 'nothing is left running');
});

const BIG = { name: 'big', nodes: { count: 2 }, gpusPerNode: 0 };
const STACK = /\n {4}at /;

/** A named error: code, exit status, words, next step, and no stack. */
function refused(t: Test, { code, out, err }: Said, name: ErrorCode, says: RegExp): void {
  const where = err.slice(err.search(/^error\b/m));
  t.match(where, new RegExp(`^error: .*\\[${name}\\]|^error ${name}: `, 's'), name);
  t.match(where, says, `${name} says ${says}`);
  t.match(where, /\n(hint|next): +\S/, `${name} names the next step`);
  t.equal(code, ERROR_TABLE[name].exit, `exit code of ${name}`);
  t.notMatch(out + err, STACK);
}

/** Removed, and no rank of it lives. */
async function gone(t: Test, { ctl, home }: Cluster, name: string): Promise<void> {
  t.equal((await ctl('rm', '--force', name)).code, 0);
  await eventually(() => livingIn(home).length === 0, `the ranks of ${name} to end`);
}

const rehearsal = (name: string, nodes: string): string[] => [
  ...['--name', name, '--engine', 'rehearsal', '--nodes', nodes, '--gpus-per-node', '0'],
];

const toolOf = ({ tools }: NodeFacts, name: string) => tools.find(({ tool }) => tool === name);

/** The programs of this checkout, calling themselves 9.0.0. */
function otherVersion(): Record<string, string> {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith('/shared/src/version.ts')) return loaded;
      return { ...loaded, source: String(loaded.source).replace('${VERSION}', '9.0.0') };
    } });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
}

/** Until nothing fits any more. */
function fill(path: string): void {
  for (const size of [65_536, 4_096, 512]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

type Cluster = Awaited<ReturnType<typeof clusterIn>>;

/** One coordinator and two agents; as root, the folders of the coordinator and of agent 2 are small file systems. */
async function clusterIn(t: Test, home: string) {
  for (const name of ['coordinator', 'gpu-2']) {
    const folder = join(home, name);
    mkdirSync(folder, { mode: 0o700 });
    if (NEEDS_ROOT) continue;
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', folder]);
    t.teardown(() => execFileSync('umount', ['--lazy', folder]));
  }
  const ctl = (...args: string[]) => run('ctl', args, { HOME: home });
  const coordinator = start(t, 'coordinator', [
    ...['--state-dir', join(home, 'coordinator'), '--listen', '127.0.0.1'],
    ...['--http-port', '0', '--join-port', '0', '--session-port', '0'],
  ]);
  const [, port = ''] = await eventually(
    () => /^API https:\/\/127\.0\.0\.1:(\d+)/m.exec(coordinator.said()),
    'the coordinator',
  );
  const init = await ctl(
    ...['init', '--no-service', '--json', '--listen', '127.0.0.1', '--http-port', port],
    ...['--state-dir', join(home, 'coordinator')],
  );
  const { token: usedToken, joinLine }: { token: string; joinLine: string } = JSON.parse(init.out);
  const [, server = ''] = /--server (\S+)/.exec(joinLine) ?? [];

  const token = async (...flags: string[]): Promise<string> =>
    JSON.parse((await ctl('token', 'create', '--json', ...flags)).out).token;
  const joinAs = (name: string, secret: string, env: Record<string, string> = {}): Promise<Said> => {
    writeFileSync(join(home, 'token'), secret);
    const where = ['--server', server, '--token-file', join(home, 'token')];
    const how = ['--name', name, '--state-dir', join(home, name), '--no-service'];
    return run('ctl', ['join', ...where, ...how], { HOME: home, ...env });
  };
  const agentFlags = (index: number): string[] => [
    ...['--state-dir', join(home, `gpu-${index}`), '--node-ip', `127.0.0.3${index}`],
    ...['--engine-roots', join(home, 'venv')],
  ];
  const toolPath = (index: number) => `${join(home, `tools-${index}`)}:${process.env.PATH}`;
  const startAgent = (index: number) =>
    start(t, 'agent', agentFlags(index), { env: { PATH: toolPath(index) } });

  for (const prefix of ['venv', 'hidden']) fakeVllm(join(home, prefix));
  fakeTools(home);
  await joinAs('gpu-1', usedToken);
  await joinAs('gpu-2', await token());
  const agents = [startAgent(1), startAgent(2)];
  const online = () =>
    eventually(async () => {
      const nodes: readonly NodeSummary[] = JSON.parse((await ctl('node', 'list', '--json')).out);
      return nodes.filter(({ state, address }) => state === 'online' && address !== null).length === 2;
    }, 'both nodes with their facts');
  await online();
  return {
    home,
    ctl,
    token,
    join: joinAs,
    usedToken,
    agents,
    agentFlags,
    toolPath,
    online,
    restartAgent(index: number) {
      agents[index - 1] = startAgent(index);
    },
    /** Ends all three and answers with what they said. */
    async end(): Promise<string> {
      const said = await Promise.all(agents.map((agent) => agent.end()));
      return [...said, await coordinator.end()].join('\n');
    },
  };
}

/** What the agent reads of an environment with vLLM; it is never started. */
function fakeVllm(prefix: string): void {
  const packages = join(prefix, 'lib/python3.12/site-packages');
  mkdirSync(join(packages, 'vllm-0.32.0.dist-info'), { recursive: true });
  mkdirSync(join(prefix, 'bin'), { recursive: true });
  writeFileSync(join(prefix, 'bin/python'), '#!/bin/false\n', { mode: 0o755 });
}

/** Tools as they are on hosts without the drivers they want, or with broken ones. */
function fakeTools(home: string): void {
  const tool = (index: number, name: string, script: string): void => {
    const folder = join(home, `tools-${index}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  for (const index of [1, 2]) {
    tool(index, 'nvidia-smi', 'echo "no driver here" >&2; exit 9');
    tool(index, 'ip', 'exit 1');
  }
  tool(1, 'ibdev2netdev', 'head -c 3000 /dev/urandom');
  tool(2, 'ibdev2netdev', 'sleep 100');
}
