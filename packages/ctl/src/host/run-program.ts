/** Runs another program and waits for it. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { Dsr1Error } from '@dsr1/shared/errors';
import { hostText } from '../text/host.ts';

export interface Finished {
  /** 128 + signal number is not used: a program ended by a signal has null. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunProgram = (argv: readonly string[], signal: AbortSignal) => Promise<Finished>;

/** Never through a shell. @throws RUNTIME_MISSING when it cannot be started at all */
export const runProgram: RunProgram = async (argv, signal) => {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (cause) => {
      reject(new Dsr1Error('RUNTIME_MISSING', hostText.cannotRun(argv, cause.message), { cause }));
    });
  });
  const [exitCode, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
};
