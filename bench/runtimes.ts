/**
 * What a runtime costs: a prepared rank → its program has said its first word → nothing of it is left. The same small
 * program as a plain process and in a container of a real Docker engine. Run as root: `node_modules/.bin/node bench/runtimes.ts`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerRuntime } from '../packages/agent/src/workload/runtimes/docker.ts';
import { processRuntime } from '../packages/agent/src/workload/runtimes/process.ts';
import type { Runtime } from '../packages/agent/src/workload/runtimes/runtime.ts';
import { aPlan } from '../packages/agent/test/helpers/a-plan.ts';
import { importImage, startDaemon } from '../test/docker/daemons.ts';

const RUNS = 7;
const program = join(import.meta.dirname, '../packages/agent/test/helpers/stand-in-rank.mjs');
const folder = mkdtempSync(join(tmpdir(), 'dsr1-bench-'));
const daemon = await startDaemon();
try {
  const image = await importImage(daemon, program);
  console.table({
    process: await measured(processRuntime(), null, [process.execPath, program]),
    docker: await measured(dockerRuntime(daemon.socketPath), image, ['/usr/bin/node', '/rank.mjs']),
  });
} finally {
  await daemon.stop();
  rmSync(folder, { recursive: true });
}

async function measured(runtime: Runtime, image: string | null, argv: readonly string[]) {
  const started: number[] = [];
  const spoke: number[] = [];
  const gone: number[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    const runId = `bench-${i}-${runtime.kind}`;
    const logFile = join(folder, `${runId}.log`);
    mkdirSync(join(folder, runId, 'cache'), { recursive: true });
    writeFileSync(logFile, '');
    const beganMs = performance.now();
    const handle = await runtime.start({
      runId,
      processId: 'main',
      argv: [...argv, 'say:here', 'stay'],
      env: {},
      folder: join(folder, runId),
      cacheDir: join(folder, runId, 'cache'),
      logFile,
      alone: true,
      deployment: 'bench',
      epoch: 1,
      plan: aPlan({ image }),
    });
    started.push(performance.now() - beganMs);
    while (!readFileSync(logFile, 'utf8').includes('here')) await sleep(2);
    spoke.push(performance.now() - beganMs);
    const stoppingMs = performance.now();
    await runtime.stop(runId, [handle], 10_000);
    gone.push(performance.now() - stoppingMs);
  }
  return { 'start ms': median(started), 'first line ms': median(spoke), 'stop ms': median(gone) };
}

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}
