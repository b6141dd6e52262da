/** The tree of commands. A new command is one file in commands/ and one line in the list. */
import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';
import type { CtlIo } from './io.ts';
import { generalText } from './text/general.ts';

/** Built anew for each run: commander keeps parsed options in its objects. */
export type CommandFactory = (io: CtlIo) => Command;

/** Each loads its own dependencies: `ls` need not wait for the gRPC client of `join`. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandFactory>>> = {
  fabric: async () => (await import('./commands/fabric.ts')).fabricCommand,
  version: async () => (await import('./commands/version.ts')).versionCommand,
  completion: async () => (await import('./commands/completion.ts')).completionCommand,
};

/**
 * The program with the command that `argv` names, or with all of them when it names none (help, completion, typing
 * errors). Parsing throws CommanderError instead of ending the process; `run` turns it into an exit code.
 */
export async function createProgram(argv: readonly string[], io: CtlIo): Promise<Command> {
  const program = new Command('dsr1ctl')
    .description(generalText.description)
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
    });
  const [name = ''] = argv;
  const alone = name === 'completion' ? undefined : COMMANDS[name];
  for (const load of alone ? [alone] : Object.values(COMMANDS)) {
    const command = (await load())(io);
    inheritSettings(program, command);
    program.addCommand(command);
  }
  return program;
}

/** `addCommand` does not hand the parent's settings down. */
function inheritSettings(parent: Command, child: Command): void {
  child.copyInheritedSettings(parent);
  for (const grandchild of child.commands) inheritSettings(child, grandchild);
}
