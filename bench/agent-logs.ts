/** node --expose-gc bench/agent-logs.ts: what following ranks' logs costs an agent: CPU and memory of 100 MB each, and of logs at rest. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { followLines } from '../packages/agent/src/workload/log/log-file.ts';
import { createRankReader } from '../packages/agent/src/workload/log/rank-reader.ts';

const BYTES = 100e6;
const IDLE_MS = 20_000;
const POLL_MS = 2000;
const logs: Readonly<Record<string, (i: number) => string>> = {
  'access log': (i) => `INFO:     10.0.0.${i % 250}:5000 - "POST /v1/chat/completions HTTP/1.1" 200 OK\n`,
  'NCCL channels': (i) =>
    `gpu1:26:27 [${i % 8}] NCCL INFO Channel ${i % 16}/0 : 8[0] -> 0[0] via NET/IB/0/GDRDMA\n`,
  'flood of errors': (i) => `ERROR 11-23 10:00:00 [a.py:7] OSError number ${i} happened\n`,
  'no newline': () => 'x'.repeat(100),
};
const folder = mkdtempSync(join(tmpdir(), 'dsr1-bench-'));
const path = join(folder, 'log');
try {
  for (const [name, line] of Object.entries(logs)) {
    write(line);
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    let peak = before;
    const cpu = process.cpuUsage();
    const reader = createRankReader({
      rank: 0,
      processes: ['main'],
      apiKey: 'k'.repeat(20),
      seconds: () => 0,
    });
    for await (const lines of followLines(path, 0, () => true, new AbortController().signal)) {
      reader.push('main', lines);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    console.log(
      `100 MB of ${name.padEnd(16)} ${cpuSeconds(cpu).toFixed(1).padStart(5)} s CPU  ${((peak - before) / 1e6).toFixed(0).padStart(4)} MB more memory (goal: bounded)`,
    );
  }
  const abort = new AbortController();
  const rest = () => sleep(POLL_MS, undefined, { signal: abort.signal });
  const following = [1, 2].map(async () => {
    for await (const _ of followLines(path, BYTES, () => false, abort.signal, rest));
  });
  const cpu = process.cpuUsage();
  await sleep(IDLE_MS);
  const percent = (cpuSeconds(cpu) * 100_000) / IDLE_MS;
  console.log(`two logs at rest  ${percent.toFixed(3)} % of a core (goal of the whole agent: 0.2 %)`);
  abort.abort();
  await Promise.all(following);
} finally {
  rmSync(folder, { recursive: true });
}

function write(line: (i: number) => string): void {
  const file = openSync(path, 'w');
  for (let size = 0, i = 0; size < BYTES; ) {
    const block = Array.from({ length: 10_000 }, () => line(i++)).join('');
    size += writeSync(file, block);
  }
  closeSync(file);
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
