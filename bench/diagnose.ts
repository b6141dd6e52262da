/** node bench/diagnose.ts: MB/s of diagnosis beside `grep -E` with as many patterns, on engine logs and on an access log. */
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import { rules } from '@dsr1/shared/diagnose/rules';
import { readStream } from '../packages/ctl/src/diagnose/read-logs.ts';

const BYTES = 16 * 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'dsr1-bench-'));
try {
  const patterns = join(folder, 'patterns');
  writeFileSync(patterns, rules.map(({ line }) => grepPattern(line)).join('\n'));
  console.log(`${rules.length} patterns      dsr1 MB/s  grep -E MB/s  answer`);
  for (const [name, text] of [
    ['engine logs', engineLogs()],
    ['access log', accessLog()],
    ['one line', 'error: '],
  ] as const) {
    const file = join(folder, 'log');
    writeFileSync(file, text.repeat(Math.ceil(BYTES / text.length)).slice(0, BYTES));
    const startedMs = performance.now();
    const [first] = diagnose([await readStream('log', createReadStream(file))], null);
    const ownMs = performance.now() - startedMs;
    console.log(
      `${name.padEnd(16)} ${rate(ownMs)}  ${rate(grepMs(patterns, file))}        ${first?.category ?? 'nothing wrong'}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The pattern without what POSIX does not know: its groups count, not its assertions. */
function grepPattern({ source }: RegExp): string {
  return source
    .replace(/\(\?<?[!=](?:[^()]|\([^()]*\))*\)/g, '')
    .replaceAll('(?:', '(')
    .replace(/([*+?}])\?/g, '$1')
    .replaceAll('\\/', '/')
    .replaceAll('\\d', '[0-9]')
    .replaceAll('[\\w', '[[:alnum:]_');
}

function grepMs(patterns: string, file: string): number {
  const startedMs = performance.now();
  try {
    execFileSync('grep', ['-E', '-c', '-f', patterns, file], {
      stdio: 'ignore',
      timeout: 300_000,
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
  } catch (error) {
    if ((error as { status?: number }).status !== 1) return Number.NaN;
  }
  return performance.now() - startedMs;
}

function rate(ms: number): string {
  return (BYTES / 1e6 / (ms / 1000)).toFixed(1).padStart(9);
}

function engineLogs(): string {
  const root = join(import.meta.dirname, '../test/data/engine-logs');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.log'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

function accessLog(): string {
  return [
    '(APIServer pid=1) INFO:     10.40.4.194:60062 - "POST /v1/chat/completions HTTP/1.1" 200 OK',
    '(APIServer pid=1) INFO 04-15 10:00:00 [loggers.py:80] Engine 000: Avg prompt throughput: 10.0 tokens/s, Avg generation throughput: 20.0 tokens/s, Running: 3 reqs, Waiting: 0 reqs',
    '',
  ].join('\n');
}
