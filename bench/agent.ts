/**
 * The agent as it is installed (the bundle of `npm run package`, the flags of its unit): from its start to its session
 * (goal 300 ms), resident memory (goal 60 MB, of which Node's own program file takes most) and CPU when idle (goal 0.2 %),
 * facts watched on their schedule. Prints a table. Run: `node_modules/.bin/node bench/agent.ts [SECONDS]` (how long it idles, default 60).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION } from '@dsr1/shared/version';
import { type Cluster, joinHost, startCluster } from '../packages/coordinator/test/support/cluster.ts';

const STARTS = 5;
/** First facts, compilation and the allocator's settling are no idling. */
const SETTLE_MS = 10_000;
const TICKS_PER_SECOND = 100;
const [idleSeconds = 60] = process.argv.slice(2).map(Number);
const root = join(import.meta.dirname, '..');
const program = join(root, `dist/dsr1-${VERSION}/bin/dsr1-agent`);
if (!existsSync(program)) execFileSync(process.execPath, [join(root, 'scripts/package.ts')]);

const folder = mkdtempSync(join(tmpdir(), 'dsr1-agent-bench-'));
const teardowns: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
try {
  const cluster = await startCluster({ teardown: (work) => teardowns.push(work) });
  const stateDir = join(folder, 'agent');
  await joinHost(cluster, await cluster.token(), { name: 'gpu-1', stateDir });
  const toSession: number[] = [];
  for (let run = 0; run < STARTS; run += 1) {
    const { agent, afterMs } = await started(cluster, stateDir);
    toSession.push(afterMs);
    await ended(agent);
  }
  const { agent } = await started(cluster, stateDir);
  await sleep(SETTLE_MS);
  const before = cpuSeconds(agent);
  await sleep(idleSeconds * 1000);
  const cpuPercent = ((cpuSeconds(agent) - before) / idleSeconds) * 100;
  const [residentMB, privateMB] = [memoryMB(agent, 'VmRSS'), memoryMB(agent, 'RssAnon')];
  await ended(agent);
  toSession.sort((a, b) => a - b);
  console.table({
    'start to session, median ms': { measured: Math.round(toSession[STARTS >> 1] ?? 0), goal: 300 },
    'resident memory, MB': { measured: residentMB, goal: 60 },
    '  of it private, MB': { measured: privateMB, goal: '' },
    [`idle CPU over ${idleSeconds} s, %`]: { measured: Number(cpuPercent.toFixed(2)), goal: 0.2 },
  });
} finally {
  for (const work of teardowns.reverse()) await work();
}

/** An agent whose session the coordinator has just seen begin. */
async function started({ coordinator: { hub } }: Cluster, stateDir: string) {
  const seen = Promise.withResolvers<void>();
  const unsubscribe = hub.onChange(() => hub.nodes()[0]?.sessionId != null && seen.resolve());
  const from = performance.now();
  const agent = spawn(program, ['run', '--state-dir', stateDir, '--log-level', 'error'], {
    env: { PATH: process.env.PATH ?? '', ...unitEnvironment(), NODE_COMPILE_CACHE: join(folder, 'cache') },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await seen.promise;
  unsubscribe();
  return { agent, afterMs: performance.now() - from };
}

async function ended(agent: ChildProcess): Promise<void> {
  const exited = once(agent, 'exit');
  agent.kill('SIGTERM');
  await exited;
}

/** `Environment=` of the unit that is installed; the folder for compiled code is the bench's own. */
function unitEnvironment(): Record<string, string> {
  const unit = readFileSync(join(root, 'deploy/systemd/dsr1-agent.service'), 'utf8');
  return Object.fromEntries(
    [...unit.matchAll(/^Environment="([A-Z_]+)=(.*)"$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** A line of /proc/PID/status, in kB there. */
function memoryMB({ pid }: ChildProcess, line: 'VmRSS' | 'RssAnon'): number {
  const kB = new RegExp(`^${line}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round((Number(kB) * 1024) / 1e6);
}

/** Of the agent and of the tools that it ran and waited for (proc(5): utime, stime, cutime, cstime). */
function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}
