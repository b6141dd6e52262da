/** What a command sees of the machine: nothing in ctl reads process.* besides `processIo`. */
import { type Clock, systemClock } from '@dsr1/shared/clock';

export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Size of the terminal, or a fair one for files and pipes. */
  readonly columns: number;
  readonly rows: number;
}

export interface CtlIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C; every wait takes it. */
  readonly interrupted: AbortSignal;
  readonly clock: Clock;
  /** Absolute path of the running program (`main.ts` of a checkout, or the bundle). */
  readonly programPath: string;
  /** Interpreter that runs it. */
  readonly execPath: string;
}

/** The real machine. `programPath` must be absolute and free of symbolic links. */
export function processIo(programPath: string): CtlIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdout: streamOutput(process.stdout),
    stderr: streamOutput(process.stderr),
    stdin: process.stdin,
    interrupted: interruption(),
    clock: systemClock,
    programPath,
    execPath: process.execPath,
  };
}

/** A reader that went away (`dsr1ctl ls | head -1`) is no error. */
function streamOutput(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 160;
    },
    get rows() {
      return stream.rows ?? 50;
    },
  };
}

/** First Ctrl-C (or SIGTERM) asks, the second one ends the program. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  process.once('SIGTERM', () => controller.abort());
  return controller.signal;
}
