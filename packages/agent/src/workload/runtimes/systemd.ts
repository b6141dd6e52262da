/**
 * Ranks as transient systemd services in dsr1.slice: own cgroup, so that nothing escapes a stop, and nothing of the
 * agent's unit (limits, OOM score, sandbox) is inherited. Adopted by unit name.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLAN_ALONE_SETS } from '@dsr1/shared/engines/environment';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { ProcessHandle } from '../model.ts';
import { awaitUntil } from './await-until.ts';
import { baseEnvironment } from './base-environment.ts';
import { isSame, liveStat, membersOf, signalSame } from './proc.ts';
import { type Exit, type ProcessStart, RUN_ID_VARIABLE, type Runtime, runtimeMissing } from './runtime.ts';
import { environmentFile, exitFromUnit, parseProperties, unitNameOf } from './systemd-text.ts';

const EXIT_POLL_MS = 250;
const KILL_WAIT_MS = 10_000;

export function systemdRuntime(): Runtime {
  return {
    kind: 'systemd',
    // /run/systemd/system exists exactly when systemd is PID 1: sd_booted(3).
    problem: async () =>
      existsSync('/run/systemd/system') ? null : runtimeMissing('systemd is not PID 1 on this host'),
    async start(request) {
      const unit = unitNameOf(request.runId, request.processId);
      await systemdRun(request, unit);
      return handleOf(unit, Number((await show(unit)).MainPID ?? 0));
    },
    async find(runId, processId) {
      const unit = unitNameOf(runId, processId);
      const pid = Number((await show(unit)).MainPID ?? 0);
      return pid === 0 ? null : handleOf(unit, pid);
    },
    waitForExit,
    stop: stopUnits,
  };
}

const handleOf = (unit: string, pid: number): ProcessHandle => ({
  runtime: 'systemd',
  unit,
  pid,
  startTicks: liveStat(pid)?.startTicks ?? 0,
});

/** Type=exec (systemd 240): the call fails when the program cannot be exec'd. RemainAfterExit keeps the exit status to be read. */
async function systemdRun(start: ProcessStart, unit: string): Promise<void> {
  const { argv, folder, logFile, runId } = start;
  const env = { ...baseEnvironment(argv[0] ?? ''), ...start.env, [RUN_ID_VARIABLE]: runId };
  const foreign = [...PLAN_ALONE_SETS, ...(await managerNames())].filter((name) => !Object.hasOwn(env, name));
  // Variables may be secrets: argv is public, this file is not. systemd reads it when it starts the process.
  const environment = join(folder, `.${unit}.env`);
  writeFileSync(environment, environmentFile(env), { mode: 0o600 });
  const properties = [
    'Type=exec',
    'RemainAfterExit=yes',
    'KillMode=mixed',
    // A shutdown of the host must not wait 90 s for an engine that ignores SIGTERM (SGLang's ranks > 0 do).
    'TimeoutStopSec=10',
    'OOMPolicy=kill',
    'OOMScoreAdjust=0',
    'LimitMEMLOCK=infinity',
    'LimitNOFILE=1048576',
    'TasksMax=infinity',
    ...(start.alone ? privateFiles() : []),
    `WorkingDirectory=${folder}`,
    `EnvironmentFile=${environment}`,
    `UnsetEnvironment=${[...new Set(foreign)].join(' ')}`,
    `StandardOutput=append:${logFile}`,
    `StandardError=append:${logFile}`,
  ];
  // systemd expands $NAME in arguments; "$$" is a plain dollar in every version.
  const program = argv.map((argument) => argument.replaceAll('$', '$$$$'));
  const options = ['--quiet', `--unit=${unit}`, '--slice=dsr1.slice', `--description=dsr1 ${runId}`];
  const answer = await run([
    'systemd-run',
    ...options,
    ...properties.map((text) => `--property=${text}`),
    '--',
    ...program,
  ]);
  if (answer.code === 0) return;
  await run(['systemctl', 'reset-failed', unit]);
  throw new Dsr1Error(
    'LAUNCH_FAILED',
    `systemd could not start ${argv[0]}: ${answer.stderr.trim().split('\n').at(-1) ?? `status ${answer.code}`}`,
  );
}

/**
 * Engines leave sockets, locks and shared memory behind, above all when they are killed. In a mount namespace of its own
 * all of it goes with the unit. /dev/shm keeps the size that the host gives it.
 */
const privateFiles = (): readonly string[] => {
  const { blocks, bsize } = statfsSync('/dev/shm');
  return ['PrivateTmp=yes', `TemporaryFileSystem=/dev/shm:mode=1777,size=${blocks * bsize}`];
};

/**
 * Names in systemd's own environment (DefaultEnvironment=, `systemctl set-environment`), which every unit gets:
 * systemd.exec(5), "Environment variables in spawned processes".
 */
async function managerNames(): Promise<readonly string[]> {
  const { stdout } = await run(['systemctl', 'show-environment']);
  return Object.keys(parseProperties(stdout)).filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
}

async function waitForExit(handle: ProcessHandle, signal: AbortSignal): Promise<Exit> {
  while (!signal.aborted && isSame(handle))
    await awaitUntil(() => signal.aborted, EXIT_POLL_MS, EXIT_POLL_MS);
  if (signal.aborted) return new Promise(() => {});
  if (handle.runtime !== 'systemd') return { code: null, signal: null, detail: null };
  return exitFromUnit(await show(handle.unit));
}

async function stopUnits(
  runId: string,
  handles: readonly ProcessHandle[],
  graceMs: number,
): Promise<readonly number[]> {
  const units = handles.flatMap((handle) => (handle.runtime === 'systemd' ? [handle.unit] : []));
  for (const handle of handles) signalSame(handle, 'SIGTERM');
  await awaitUntil(() => !handles.some(isSame), graceMs, EXIT_POLL_MS);
  const groups = (await Promise.all(units.map(async (unit) => (await show(unit)).ControlGroup ?? ''))).filter(
    Boolean,
  );
  const left = (): readonly number[] => [
    ...new Set([
      ...groups.flatMap((group) => pidsIn(group)),
      ...membersOf(runId, handles).map(({ pid }) => pid),
    ]),
  ];
  for (const unit of units) await run(['systemctl', 'kill', '--signal=SIGKILL', unit]);
  const killRest = (): boolean => {
    for (const { pid, startTicks } of left().flatMap((pid) => liveStat(pid) ?? []))
      signalSame({ pid, startTicks }, 'SIGKILL');
    return left().length === 0;
  };
  await awaitUntil(killRest, KILL_WAIT_MS, 50);
  for (const unit of units) {
    // Until systemd has seen the deaths, a unit can still fail, and a failed one stays in its list.
    await run(['systemctl', 'stop', unit]);
    await run(['systemctl', 'reset-failed', unit]);
  }
  return left();
}

/** Live pids of a cgroup and the groups below it, in either cgroup version. */
function pidsIn(controlGroup: string): readonly number[] {
  const root = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']
    .map((mount) => join(mount, controlGroup))
    .find((path) => existsSync(join(path, 'cgroup.procs')));
  if (root === undefined) return [];
  try {
    const below = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const own = readFileSync(join(root, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
    return [
      ...own.filter((pid) => liveStat(pid) !== null),
      ...below.flatMap(({ name }) => pidsIn(join(controlGroup, name))),
    ];
  } catch {
    // The group vanished while it was read: nothing is in it.
    return [];
  }
}

async function show(unit: string): Promise<Readonly<Record<string, string>>> {
  const names = 'MainPID,ControlGroup,ActiveState,SubState,Result,ExecMainCode,ExecMainStatus';
  const { stdout } = await run(['systemctl', 'show', `--property=${names}`, unit]);
  return parseProperties(stdout);
}

function run([program, ...args]: readonly [string, ...string[]]): Promise<{
  code: number;
  stdout: string;
  stderr: string;
}> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: 20_000, env: { PATH: process.env.PATH, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
      },
    );
  });
}
