import { toDsr1Error } from './errors.ts';

/** Of a wrong command line, as everywhere in dsr1. */
const USAGE_EXIT = 2;

/** commander's `exitOverride`: help and version end with 0, a wrong command line with 2. */
export const exitOfUsage = ({ exitCode }: { readonly exitCode: number }): never =>
  process.exit(exitCode === 0 ? 0 : USAGE_EXIT);

/** Runs a daemon's command line; what it throws becomes words for people and the exit code of the table. */
export async function runCommandLine(program: { parseAsync(): Promise<unknown> }): Promise<void> {
  try {
    await program.parseAsync();
  } catch (thrown) {
    const { code, message, hint, entry } = toDsr1Error(thrown);
    process.stderr.write(`error ${code}: ${message}\n${hint === null ? '' : `hint: ${hint}\n`}`);
    process.exitCode = entry.exit;
  }
}
