/** Runs one command line and turns whatever happens into an exit code; nobody ever sees a stack trace unasked. */
import { toDsr1Error } from '@dsr1/shared/errors';
import { CommanderError } from 'commander';
import type { CtlIo } from './io.ts';
import { reportError } from './output/report-error.ts';
import { createProgram } from './program.ts';
import { usageError } from './usage-error.ts';

/** Exit code after Ctrl-C, as shells expect it. */
export const INTERRUPTED_EXIT = 130;

/** `argv` without interpreter and program. Resolves to the exit code (docs/cli.md). */
export async function run(argv: readonly string[], io: CtlIo): Promise<number> {
  try {
    const program = await createProgram(argv, io);
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    if (io.interrupted.aborted) return INTERRUPTED_EXIT;
    const error = thrown instanceof CommanderError ? usageError(thrown) : toDsr1Error(thrown);
    reportError(error, io, wantsJson(argv));
    return error.entry.exit;
  }
}

/** Options after `--` belong to the deployment's own command. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? undefined : end).includes('--json');
}
