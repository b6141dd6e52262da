/** dsr1-agent: `run` (default), `facts`, `doctor`, `rehearse-rank`, `hash-files`, `version`. Each loads only what it needs. */
import { toDsr1Error } from '@dsr1/shared/errors';
import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';

/** Commands by name, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).runCommand(),
  facts: async () => (await import('./commands/facts.ts')).factsCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  'rehearse-rank': async () => (await import('./rehearsal/command.ts')).rehearseRankCommand(),
  'hash-files': async () => (await import('./models/hash-command.ts')).hashFilesCommand(),
};

/** Of a wrong command line, as everywhere in dsr1. */
const USAGE_EXIT = 2;

const program = new Command('dsr1-agent')
  .description('facts and ranks of one GPU host')
  .version(VERSION)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_EXIT));
const named = process.argv
  .slice(2)
  .filter((argument) => Object.hasOwn(COMMANDS, argument))
  .slice(0, 1);
const needed = named.length > 0 ? named : Object.keys(COMMANDS);
for (const name of needed) {
  const command = await COMMANDS[name]?.();
  if (command === undefined) continue;
  program.addCommand(command.copyInheritedSettings(program), {
    isDefault: name === 'run' && named.length === 0,
  });
}
program
  .command('version')
  .description('print the version')
  .action(() => void process.stdout.write(`${VERSION}\n`));

try {
  await program.parseAsync();
} catch (thrown) {
  const error = toDsr1Error(thrown);
  process.stderr.write(
    `error ${error.code}: ${error.message}\n${error.hint === null ? '' : `hint: ${error.hint}\n`}`,
  );
  process.exitCode = error.entry.exit;
}
