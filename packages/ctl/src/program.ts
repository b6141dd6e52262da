/** The tree of commands. A new command is one file in commands/ and one line in the list. */
import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';
import type { CtlIo } from './io.ts';
import { generalText } from './text/general.ts';

/** Built anew for each run: commander keeps parsed options in its objects. */
export type CommandFactory = (io: CtlIo) => Command;

/** Each loads its own dependencies: `ls` need not wait for the gRPC client of `join`. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandFactory>>> = {
  init: async () => (await import('./commands/init.ts')).initCommand,
  join: async () => (await import('./commands/join.ts')).joinCommand,
  leave: async () => (await import('./commands/leave.ts')).leaveCommand,
  token: async () => (await import('./commands/token.ts')).tokenCommand,
  node: async () => (await import('./commands/node.ts')).nodeCommand,
  facts: async () => (await import('./commands/facts.ts')).factsCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  plan: async () => (await import('./commands/plan.ts')).planCommand,
  deploy: async () => (await import('./commands/deploy.ts')).deployCommand,
  ls: async () => (await import('./commands/ls.ts')).lsCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  access: async () => (await import('./commands/access.ts')).accessCommand,
  logs: async () => (await import('./commands/logs.ts')).logsCommand,
  events: async () => (await import('./commands/events.ts')).eventsCommand,
  wait: async () => (await import('./commands/wait.ts')).waitCommand,
  start: async () => (await import('./commands/lifecycle.ts')).startCommand,
  stop: async () => (await import('./commands/lifecycle.ts')).stopCommand,
  rm: async () => (await import('./commands/lifecycle.ts')).rmCommand,
  model: async () => (await import('./commands/model.ts')).modelCommand,
  fit: async () => (await import('./commands/fit.ts')).fitCommand,
  fabric: async () => (await import('./commands/fabric.ts')).fabricCommand,
  diagnose: async () => (await import('./commands/diagnose.ts')).diagnoseCommand,
  context: async () => (await import('./commands/context.ts')).contextCommand,
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
