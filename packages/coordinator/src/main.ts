/** dsr1-coordinator: `run` (default), `backup`, `version`. */
import { systemClock } from '@dsr1/shared/clock';
import { printConfig } from '@dsr1/shared/config';
import { exitOfUsage, runCommandLine } from '@dsr1/shared/daemon-main';
import { type Flags, settingsOf, withSettings } from '@dsr1/shared/daemon-settings';
import { createLogger } from '@dsr1/shared/logger';
import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';
import { CoordinatorConfig } from './config.ts';
import { startCoordinator } from './coordinator.ts';
import { adminKeyPath } from './first-start.ts';
import { caPath } from './join/ca.ts';
import { backupState } from './store/backup.ts';

const COORDINATOR = { name: 'coordinator', schema: CoordinatorConfig } as const;

const program = new Command('dsr1-coordinator')
  .description('registry, planner and HTTP API of one cluster')
  .exitOverride(exitOfUsage);
withSettings(program.command('run', { isDefault: true }).description('run until SIGTERM'), COORDINATOR)
  .option('--print-join', 'make a new join token at the start and print the join line')
  .option('--print-config', 'print the settings and where each comes from, then end')
  .action(async ({ printJoin, printConfig: print, ...flags }: Flags) => {
    const loaded = settingsOf(COORDINATOR, flags, process.env);
    if (print === true) process.stdout.write(printConfig(loaded));
    else await run(loaded.config, printJoin === true);
  });
withSettings(
  program.command('backup').description('copy database, CA and CA key into a folder; works while it runs'),
  COORDINATOR,
)
  .requiredOption('--to <folder>', 'folder to write')
  .action(async ({ to, ...flags }: Flags) => {
    process.stdout.write(
      `wrote ${backupState(settingsOf(COORDINATOR, flags, process.env).config.stateDir, String(to))}\n`,
    );
  });
program
  .command('version')
  .description('print the version')
  .action(() => void process.stdout.write(`${VERSION}\n`));

await runCommandLine(program);

async function run(config: CoordinatorConfig, printJoin: boolean): Promise<void> {
  const log = createLogger('dsr1-coordinator', config.logLevel);
  const coordinator = await startCoordinator(config, { log, clock: systemClock });
  const { ports, url, clusterId } = coordinator;
  log.info({ ports, url, clusterId, version: VERSION }, 'coordinator is up');
  if (coordinator.firstStart) {
    process.stdout.write(
      `cluster ${clusterId} is new\nAPI ${url}\nCA ${caPath(config.stateDir)}\nadmin key ${adminKeyPath(config.stateDir)}\n`,
    );
  }
  if (coordinator.firstStart || printJoin) {
    const { joinLine, expiresAt } = await coordinator.tokens.create(
      { note: 'printed at the start' },
      'dsr1-coordinator',
    );
    process.stdout.write(`join a node until ${expiresAt}:\n  ${joinLine}\n`);
  }
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  log.info({ signal: await promise }, 'coordinator ends');
  await coordinator.close();
}
