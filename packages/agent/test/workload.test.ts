import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { hashOf } from '@dsr1/shared/hash';
import type { RankPlan } from '@dsr1/shared/plan/model';
import { type Test, test } from 'tap';
import { decide, type RunCommand } from '../src/workload/decide.ts';
import { decideStart } from '../src/workload/decide-start.ts';
import { lineSplitter } from '../src/workload/log/lines.ts';
import { followLines } from '../src/workload/log/log-file.ts';
import { maskSecrets } from '../src/workload/log/mask.ts';
import { tailLog } from '../src/workload/log/tail-log.ts';
import type { AgentState, RunRecord, RunState } from '../src/workload/model.ts';
import { afterHint, deadlineOf, type Progress } from '../src/workload/progress.ts';
import { liveStat, membersOf } from '../src/workload/runtimes/proc.ts';
import { aPlan, DEADLINES, standIn } from './helpers/a-plan.ts';
import { aWorkload, prepare, stop, type TestWorkload } from './helpers/a-workload.ts';
import { waitFor } from './helpers/wait-for.ts';

const commit = { kind: 'commit', specHash: 'spec', deadlines: DEADLINES } as const;

// --- decisions

const aRun = (change: Partial<RunRecord> = {}): RunRecord => ({
  runId: `dep-${change.epoch ?? 3}`,
  deployment: 'dep',
  epoch: 3,
  specHash: 'spec',
  planHash: hashOf(aPlan()),
  plan: aPlan(),
  bootId: 'boot-1',
  state: 'prepared',
  expiresAtMs: 1000,
  deadlines: null,
  committedAtMs: null,
  processes: [],
  phase: 'starting',
  phaseSeconds: {},
  exitCode: null,
  exitSignal: null,
  evidence: [],
  failure: null,
  adopted: false,
  ...change,
});
const aState = (runs: readonly RunRecord[] = [], tombstones: Record<string, number> = {}): AgentState => ({
  maxLeaderEpoch: 5,
  tombstones: new Map(Object.entries(tombstones)),
  runs: new Map(runs.map((run) => [run.runId, run])),
});
/** Steps by name, or the code of the refusal. */
function decided(
  state: AgentState,
  action: RunCommand['action'],
  change: Partial<RunCommand> = {},
  nowMs = 0,
): string {
  const planHash = action.kind === 'prepare' ? hashOf(action.plan) : '';
  const command = {
    leaderEpoch: 5,
    deployment: 'dep',
    epoch: 3,
    commandId: 'c',
    ttlMs: 0,
    ...change,
    action,
  };
  const decision = decide(state, command, { nowMs, planHash });
  return (
    decision.refused?.code ??
    (decision.refused === null ? decision.steps.map(({ kind }) => kind).join(' ') : '')
  );
}
const inState = (state: RunState, change: Partial<RunRecord> = {}) => aState([aRun({ state, ...change })]);

test('fences: older leaders, stopped epochs and older epochs are refused, a newer leader is remembered', async (t) => {
  t.equal(decided(aState(), prepare(aPlan()), { leaderEpoch: 4 }), 'STALE_EPOCH');
  t.equal(
    decided(inState('running'), stop(), { leaderEpoch: 4 }),
    'STALE_EPOCH',
    'an old leader may not even stop',
  );
  t.equal(decided(aState(), prepare(aPlan()), { leaderEpoch: 6 }), 'raiseLeaderEpoch prepare');
  t.equal(decided(aState([], { dep: 3 }), prepare(aPlan())), 'STALE_EPOCH');
  t.equal(decided(aState([], { dep: 3 }), commit), 'STALE_EPOCH', 'a late commit after a stop');
  t.equal(decided(aState([], { dep: 3 }), prepare(aPlan()), { epoch: 4 }), 'prepare');
  t.equal(decided(inState('running', { epoch: 4 }), prepare(aPlan())), 'STALE_EPOCH');
});

test('repeats decide nothing new, other content under the same epoch is refused', async (t) => {
  t.equal(decided(inState('prepared'), prepare(aPlan())), '');
  t.equal(decided(inState('running'), prepare(aPlan())), '');
  t.equal(decided(inState('running'), commit), '');
  t.equal(decided(inState('exited'), commit), '', 'its exit is reported, not repeated');
  t.equal(decided(inState('prepared'), prepare(aPlan({ address: '127.0.0.2' }))), 'EPOCH_CONFLICT');
  t.equal(decided(inState('prepared'), prepare(aPlan(), { specHash: 'other' })), 'EPOCH_CONFLICT');
  t.equal(decided(inState('prepared'), { ...commit, specHash: 'other' }), 'EPOCH_CONFLICT');
  t.equal(decided(inState('exited'), prepare(aPlan())), 'STALE_EPOCH');
});

test('a commit needs a prepare that is there and has not expired', async (t) => {
  t.equal(decided(inState('prepared'), commit, {}, 999), 'launch');
  t.equal(decided(inState('prepared'), commit, {}, 1000), 'NOT_PREPARED');
  t.equal(decided(inState('void'), commit), 'NOT_PREPARED');
  t.equal(decided(aState(), commit), 'NOT_PREPARED');
  t.equal(
    decided(inState('prepared'), prepare(aPlan()), {}, 1000),
    'forget prepare',
    'an expired one is made anew',
  );
});

test('a stop buries its epoch and all before it, and a newer attempt first clears what the older left', async (t) => {
  t.equal(decided(inState('running'), stop()), 'tombstone stop');
  t.equal(decided(inState('running'), { kind: 'abort', reason: '' }), 'tombstone stop');
  t.equal(decided(inState('running'), stop(), { epoch: 7 }), 'tombstone stop');
  t.equal(
    decided(inState('running', { epoch: 8 }), stop(), { epoch: 7 }),
    'tombstone',
    'a newer run is left alone',
  );
  t.equal(decided(aState([aRun({ state: 'stopped' })], { dep: 3 }), stop()), '', 'a repeat');
  t.equal(
    decided(aState([aRun({ state: 'stopping' })], { dep: 3 }), stop()),
    'stop',
    'a stop that did not finish is tried again',
  );
  t.equal(decided(inState('running'), prepare(aPlan()), { epoch: 4 }), 'stop forget prepare');
});

test('GPUs and ports that another deployment holds here are refused by name', async (t) => {
  const port = { name: 'http', address: '127.0.0.1', port: 8000 };
  const other = (plan: RankPlan, state: RunState = 'running') =>
    inState(state, { deployment: 'other', runId: 'other', plan });
  t.equal(decided(other(aPlan({ gpuIndices: [0, 1] })), prepare(aPlan({ gpuIndices: [1] }))), 'GPU_BUSY');
  t.equal(decided(other(aPlan({ ports: [port] })), prepare(aPlan({ ports: [port] }))), 'PORT_TAKEN');
  t.equal(
    decided(other(aPlan({ ports: [port] })), prepare(aPlan({ ports: [{ ...port, address: '127.0.0.2' }] }))),
    'prepare',
  );
  t.equal(
    decided(other(aPlan({ gpuIndices: [0] }), 'stopped'), prepare(aPlan({ gpuIndices: [0] }))),
    'prepare',
  );
});

test('at its start the agent voids what a reboot ended, adopts what runs and finishes stops', async (t) => {
  const kinds = (state: RunState, bootId: string) =>
    decideStart(inState(state), bootId)
      .map(({ kind }) => kind)
      .join(' ');
  for (const state of ['prepared', 'launching', 'running', 'stopping', 'exited', 'stopped'] as const)
    t.equal(kinds(state, 'boot-2'), 'forget', state);
  t.equal(kinds('prepared', 'boot-1'), 'forget');
  t.equal(kinds('launching', 'boot-1'), 'adopt');
  t.equal(kinds('running', 'boot-1'), 'adopt');
  t.equal(kinds('stopping', 'boot-1'), 'stop');
  t.equal(kinds('exited', 'boot-1'), '', 'kept to be reported');
});

test('phases only go forward, and what the engine says of itself does not make it serving', async (t) => {
  const start: Progress = {
    phase: 'starting',
    phaseSeconds: { starting: 0 },
    progress: null,
    detail: null,
    claimedSeconds: null,
  };
  const head = { donePhase: 'serving', provenByHealth: true } as const;
  const weights = afterHint(start, { phase: 'weights', progress: 0.5 }, 12, head);
  t.match(weights, { phase: 'weights', progress: 0.5, phaseSeconds: { weights: 12 } });
  t.equal(afterHint(weights, { phase: 'rendezvous' }, 13, head), weights);
  t.match(deadlineOf(start, DEADLINES, head), { seconds: 60, waitingFor: /find each other/ });
  t.match(deadlineOf(weights, DEADLINES, head), { seconds: 72, waitingFor: /weights/ });
  const claimed = afterHint(weights, { phase: 'serving' }, 40, head);
  t.match(claimed, { phase: 'listening', claimedSeconds: 40 });
  t.match(deadlineOf(claimed, DEADLINES, head), { seconds: 100, waitingFor: /answer/ });
  const follower = { donePhase: 'graphs', provenByHealth: false } as const;
  t.equal(deadlineOf(afterHint(weights, { phase: 'graphs' }, 20, follower), DEADLINES, follower), null);
});

// --- logs

test('lines: progress bars split, an endless line costs a bounded amount of memory', async (t) => {
  const splitter = lineSplitter(100);
  t.strictSame(splitter.push(Buffer.from('one\r10%\r20%\r\n\ntw')), [
    { text: 'one', number: 1 },
    { text: '10%', number: 1 },
    { text: '20%', number: 1 },
  ]);
  t.strictSame(splitter.push(Buffer.from('o\nüni')), [{ text: 'two', number: 3 }]);
  t.equal(splitter.rest(), 'üni');
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let lines = 0;
  for (let i = 0; i < 1600; i++) lines += splitter.push(chunk).length;
  t.equal(lines, 0);
  t.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
  const [long, next] = splitter.push(Buffer.from('\nnext\n'));
  t.equal(long?.text.length, 99, 'a hundred bytes of it, one of them half of nothing');
  t.equal(next?.text, 'next');
});

test('secrets that engines print are masked', async (t) => {
  const line =
    "server_args={'api_key': 'abcdefgh123', 'tp': 8} Authorization: Bearer zyxwvut98765 hf_abcdefghijklmnopqrst my-own-key";
  const masked = maskSecrets(line, ['my-own-key', '']);
  t.equal(masked, "server_args={'api_key': '***', 'tp': 8} Authorization: *** *** ***");
});

// --- real processes

async function opened(
  t: Test,
  name = 'state',
  change: Parameters<typeof aWorkload>[1] = {},
): Promise<TestWorkload> {
  const workload = await aWorkload(join(t.testdir(), name), change);
  const alive = setInterval(() => {}, 1000);
  t.teardown(async () => {
    clearInterval(alive);
    await workload.stopAll('test is over').catch(() => {});
    await workload.close();
  });
  return workload;
}

test('prepare → commit → phases → serving → stop, with everything in its place', async (t) => {
  const free = createServer().listen(0, '127.0.0.1');
  const { port } = await new Promise<{ port: number }>((resolve) =>
    free.once('listening', () => resolve(free.address() as { port: number })),
  );
  await new Promise((resolve) => free.close(resolve));
  const dir = t.testdir();
  const workload = await opened(t);
  const plan = aPlan({
    ports: [{ name: 'http', address: '127.0.0.1', port }],
    files: [{ name: 'engine.conf', content: 'key={apiKey} dir={runDir}' }],
    health: {
      url: `http://127.0.0.1:${port}`,
      timeoutSeconds: 2,
      healthPath: '/health',
      modelsPath: '/v1/models',
    },
    processes: [
      {
        id: 'main',
        argv: standIn(
          'say:rendezvous',
          'progress:weights 40%',
          'say:weights 80%',
          'say:attempt-key-0123456789',
          'env:HERE',
          'say:serving now',
          'wait:150',
          `http:${port}`,
          'stay',
        ),
        env: { HERE: '{runDir}/x {cacheDir}/y', EXPECTED_KEY: 'attempt-key-0123456789' },
        reasons: {},
      },
    ],
  });
  t.equal(await workload.command(1, prepare(plan)), null);
  t.match(workload.latest(), { state: 'prepared', deployment: 'dep', epoch: 1, rank: 0, pid: null });
  const [folder] = await waitFor('the run folder', () => readdirOf(join(dir, 'state/runs')));
  const runDir = join(dir, 'state/runs', folder ?? '');
  t.equal(readFileSync(join(runDir, 'engine.conf'), 'utf8'), `key=attempt-key-0123456789 dir=${runDir}`);
  t.equal(statSync(join(runDir, 'engine.conf')).mode & 0o777, 0o600);
  t.equal(statSync(runDir).mode & 0o777, 0o700);
  const rival = createServer();
  await t.rejects(
    new Promise((_, reject) => rival.once('error', reject).listen(port, '127.0.0.1')),
    { code: 'EADDRINUSE' },
    'the port is held',
  );

  t.equal(await workload.command(1, commit), null);
  const serving = await waitFor('serving', () => workload.latest()?.phase === 'serving' && workload.latest());
  t.match(serving, { state: 'running', failure: null, adopted: false });
  t.ok(liveStat(serving?.pid ?? 0));
  const order = Object.entries(serving?.phaseSeconds ?? {})
    .sort(([, a], [, b]) => a - b)
    .map(([phase]) => phase);
  t.equal(order[0], 'starting');
  t.equal(order.at(-1), 'serving');
  t.ok(
    (serving?.phaseSeconds.serving ?? 0) >= (serving?.phaseSeconds.listening ?? 9),
    'serving was proven after it was said',
  );

  const log = workload.logOf('dep', 1, 'main');
  if (log === null) throw new Error('no log');
  const tail: string[] = [];
  for await (const chunk of tailLog(log, { lastLines: 3, follow: false }, new AbortController().signal))
    tail.push(Buffer.from(chunk).toString());
  const [build = ''] = (await readdirOf(join(dir, 'state/cache'))) ?? [];
  const cacheDir = join(dir, 'state/cache', build);
  t.equal(
    tail.join(''),
    `***\nHERE=${runDir}/x ${cacheDir}/y\nserving now\n`,
    'the last lines, the key masked',
  );

  t.equal(await workload.command(1, stop()), null);
  t.match(workload.latest(), { state: 'stopped', failure: null });
  t.equal(liveStat(serving?.pid ?? 0), null);
  t.equal(statSync(cacheDir).mode & 0o777, 0o700, 'what was compiled stays');
  t.equal(await workload.command(1, stop()), null, 'a repeat');
  t.equal(await workload.command(1, commit), 'STALE_EPOCH', 'the tombstone holds');
});

async function readdirOf(path: string): Promise<string[] | null> {
  const { readdir } = await import('node:fs/promises');
  return readdir(path).then(
    (names) => (names.length > 0 ? names : null),
    () => null,
  );
}

test('every exit that nobody asked for is a failure with evidence, status 0 too', async (t) => {
  const workload = await opened(t);
  await workload.command(
    1,
    prepare(aPlan({}, 'say:weights 10%', 'say:RuntimeError: peer gone', 'wait:50', 'exit:0')),
  );
  await workload.command(1, commit);
  const report = await waitFor('its end', () => workload.latest()?.state === 'exited' && workload.latest());
  t.match(report, {
    exitCode: 0,
    exitSignal: null,
    failure: { code: 'LAUNCH_FAILED', message: /ended with status 0 in phase weights/ },
  });
  t.strictSame(report?.evidence, ['weights 10%', 'RuntimeError: peer gone']);
  t.equal(await workload.command(2, prepare(aPlan({}, 'stay'))), null, 'the next attempt');
  await workload.command(2, commit);
  const pid = workload.latest()?.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  t.match(await waitFor('its end', () => workload.latest()?.state === 'exited' && workload.latest()), {
    epoch: 2,
    exitSignal: 'SIGKILL',
  });
});

test('a phase over its deadline is a failure that says what was waited for', async (t) => {
  const workload = await opened(t);
  await workload.command(1, prepare(aPlan({}, 'say:rendezvous with 10.0.0.2', 'stay')));
  await workload.command(1, { ...commit, deadlines: { ...DEADLINES, rendezvousSeconds: 1 } });
  const report = await waitFor('the deadline', () => workload.latest()?.failure && workload.latest());
  t.match(report, {
    state: 'running',
    failure: {
      code: 'PHASE_DEADLINE',
      message:
        /waited 1 s in phase rendezvous for all ranks to find each other \(last: rendezvous with 10.0.0.2\)/,
    },
  });
});

test('a prepare expires: its port is free again and a commit comes too late', async (t) => {
  const workload = await opened(t);
  const probe = createServer().listen(0, '127.0.0.1');
  const port = await new Promise<number>((resolve) =>
    probe.once('listening', () => resolve((probe.address() as { port: number }).port)),
  );
  await new Promise((resolve) => probe.close(resolve));
  t.equal(
    await workload.command(
      1,
      prepare(aPlan({ ports: [{ name: 'http', address: '127.0.0.1', port }] }), { expiresMs: 60 }),
    ),
    null,
  );
  await waitFor(
    'the port',
    () =>
      new Promise<boolean>((resolve) => {
        const server = createServer()
          .once('error', () => resolve(false))
          .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
      }),
  );
  t.equal(await workload.command(1, commit), 'NOT_PREPARED');
  const late = {
    leaderEpoch: 1,
    deployment: 'dep',
    epoch: 2,
    commandId: 'c',
    ttlMs: 10,
    action: prepare(aPlan()),
  } as const;
  t.match(await workload.handle(late, 0), { code: 'COMMAND_EXPIRED' }, 'a command past its time to live');
});

test('a program that cannot be started leaves nothing running', async (t) => {
  const workload = await opened(t);
  const plan = aPlan({
    processes: [
      { id: 'side', argv: standIn('stay'), env: {}, reasons: {} },
      { id: 'main', argv: [join(t.testdir({ text: 'no program' }), 'text')], env: {}, reasons: {} },
    ],
  });
  t.equal(await workload.command(1, prepare(plan)), 'PATH_MISSING', 'a file that is no program');
  const gone = { id: 'main', argv: [process.execPath, '--no-such-flag-of-node'], env: {}, reasons: {} };
  t.equal(await workload.command(2, prepare(aPlan({ processes: [gone] }))), null);
  await workload.command(2, commit);
  t.match(await waitFor('its end', () => workload.latest()?.state === 'exited' && workload.latest()), {
    exitCode: 9,
    evidence: [/bad option/],
  });
});

test('a log of 100 MB in one line, and the agent stays small', async (t) => {
  const workload = await opened(t);
  const before = process.memoryUsage().rss;
  await workload.command(1, prepare(aPlan({}, 'flood:100000000', 'say:', 'say:weights done', 'stay')));
  await workload.command(1, commit);
  await waitFor('the line after it', () => workload.latest()?.phase === 'weights');
  t.ok(process.memoryUsage().rss - before < 40 * 1024 * 1024);
  const { path } = workload.logOf('dep', 1, 'main') ?? { path: '' };
  t.ok(existsSync(path) && statSync(path).size > 100_000_000);
  const abort = new AbortController();
  for await (const lines of followLines(path, statSync(path).size, () => true, abort.signal))
    t.fail(`nothing is new, got ${lines}`);
  t.equal(membersOf('nothing', []).length, 0);
});
