/** What both demos share: telling each step in one line, running programs, and taking everything down again. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../..');

export interface Stage {
  /** Prints one line of the story with the time since the start. */
  say(line: string): void;
  /** Prints a block of output, indented. */
  show(text: string): void;
  /** Starts a program that runs until the end of the demo; its output goes to `logFile`. */
  start(argv: readonly string[], logFile: string): ChildProcess;
  /** Runs a program to its end and returns its output; throws with all of it when it fails. */
  run(argv: readonly string[], env?: Readonly<Record<string, string>>, timeoutMs?: number): Promise<string>;
  /** Does this when the demo ends, last first. */
  atEnd(cleanup: () => void | Promise<void>): void;
  /** Undoes everything; safe to call twice. */
  end(): Promise<void>;
}

export function openStage(startedMs: number): Stage {
  const cleanups: (() => void | Promise<void>)[] = [];
  const seconds = (): string => ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
  return {
    say: (line) => void process.stdout.write(`${seconds()} s  ${line}\n`),
    show: (text) => void process.stdout.write(`${text.trimEnd().replace(/^/gm, '         ')}\n`),
    start: (argv, logFile) => {
      const [command = '', ...args] = argv;
      const log = openSync(logFile, 'a', 0o600);
      const child = spawn(command, args, { stdio: ['ignore', log, log] });
      cleanups.push(() => stopped(child));
      return child;
    },
    run: (argv, env = {}, timeoutMs = 120_000) =>
      new Promise((done, fail) => {
        const [command = '', ...args] = argv;
        const options = { env: { ...process.env, ...env }, timeout: timeoutMs, maxBuffer: 16 << 20 };
        execFile(command, args, options, (error, stdout, stderr) => {
          if (error) fail(new Error(`${argv.join(' ')}\n${stdout}${stderr}`));
          else done(stdout);
        });
      }),
    atEnd: (cleanup) => void cleanups.push(cleanup),
    end: async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    },
  };
}

/** TERM, then KILL after five seconds. */
export function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.once('exit', () => {
      clearTimeout(timer);
      done();
    });
    child.kill('SIGTERM');
  });
}

/** Asks `probe` every 50 ms until it answers something else than null. */
export async function until<T>(what: string, timeoutMs: number, probe: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== null) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not in ${timeoutMs / 1000} s`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}
