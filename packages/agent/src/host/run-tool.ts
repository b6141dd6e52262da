import { spawn } from 'node:child_process';
import type { RunLimits, ToolAnswer } from './host.ts';

const DEFAULT_TIMEOUT_MS = 3000;
const DEFAULT_MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/**
 * Runs one tool in its own process group with a closed stdin and answers with what it printed.
 *
 * A tool that hangs, floods or leaves children behind costs its time limit and nothing else: the whole group gets
 * SIGKILL and the answer does not wait for it to die (a process stuck in the kernel may never do so).
 */
export function runTool(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  limits: RunLimits = {},
): Promise<ToolAnswer> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES } = limits;
  const [file, ...args] = argv;
  const { promise, resolve } = Promise.withResolvers<ToolAnswer>();

  const child = spawn(file, args, { env: { ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.on('error', (error: NodeJS.ErrnoException) => resolve(notStarted(error)));
  // Not started: there are no pipes either when the limit of open files is what stopped it.
  if (child.pid === undefined) return promise;
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[], bytes: 0 };

  const finish = (answer: ToolAnswer) => {
    clearTimeout(timer);
    resolve(answer);
  };
  const giveUp = (why: 'timeout' | 'flood', reason: string) => {
    killGroup(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
    finish({ answered: false, why, reason });
  };
  const timer = setTimeout(() => giveUp('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);

  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      output[stream].push(chunk);
      output.bytes += chunk.length;
      if (output.bytes > maxOutputBytes) giveUp('flood', `printed more than ${maxOutputBytes} bytes`);
    });
    child[stream].on('error', () => {});
  }
  child.on('close', (exitCode, signal) => {
    if (exitCode === null) return finish({ answered: false, why: 'failed', reason: `ended by ${signal}` });
    finish({ answered: true, exitCode, stdout: textOf(output.stdout), stderr: textOf(output.stderr) });
  });
  return promise;
}

const textOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8');

function notStarted(error: NodeJS.ErrnoException): ToolAnswer {
  if (error.code === 'ENOENT') return { answered: false, why: 'missing', reason: 'not installed' };
  return { answered: false, why: 'failed', reason: `cannot be started: ${error.code ?? error.message}` };
}

/** SIGKILL for a process group, if it is still there. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}
