/** A machine for one command: a home folder, captured output, typed input, Ctrl-C at will. */
import { Readable } from 'node:stream';
import { systemClock } from '@dsr1/shared/clock';
import type { CtlIo } from '../../src/io.ts';
import { run } from '../../src/run.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface FakeIoOptions {
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; a person at a terminal when `tty`. */
  readonly input?: string;
  readonly tty?: boolean;
  readonly programPath?: string;
  readonly interrupted?: AbortSignal;
  /** Sees every piece of output as it is written. */
  readonly onWrite?: (text: string) => void;
}

export async function runCtl(argv: readonly string[], options: FakeIoOptions): Promise<Ran> {
  const written = { out: '', err: '' };
  const output = (to: 'out' | 'err') => ({
    isTTY: options.tty ?? false,
    columns: 120,
    rows: 40,
    write(text: string) {
      written[to] += text;
      options.onWrite?.(text);
    },
  });
  const io: CtlIo = {
    env: { HOME: options.home, ...options.env },
    cwd: options.home,
    stdout: output('out'),
    stderr: output('err'),
    stdin: Object.assign(Readable.from(options.input === undefined ? [] : [options.input]), {
      isTTY: options.tty ?? false,
    }),
    interrupted: options.interrupted ?? new AbortController().signal,
    clock: systemClock,
    programPath: options.programPath ?? '/nonexistent/packages/ctl/src/main.ts',
    execPath: process.execPath,
  };
  return { code: await run(argv, io), ...written };
}
