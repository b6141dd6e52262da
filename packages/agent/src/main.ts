/** dsr1-agent: `run` (default), `facts`, `doctor`, `collect`, `rehearse-rank`, `hash-files`, `version`. Each loads only what it needs. */
import { exitOfUsage, runCommandLine } from '@dsr1/shared/daemon-main';
import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';

/** Commands by name, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).runCommand(),
  facts: async () => (await import('./commands/facts.ts')).factsCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  collect: async () => (await import('./commands/collect.ts')).collectCommand(),
  'rehearse-rank': async () => (await import('./rehearsal/command.ts')).rehearseRankCommand(),
  'hash-files': async () => (await import('./models/hash-command.ts')).hashFilesCommand(),
};

const program = new Command('dsr1-agent')
  .description('facts and ranks of one GPU host')
  .version(VERSION)
  .exitOverride(exitOfUsage);
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

await runCommandLine(program);
