/** `dsr1-agent run`: the service of a node, in the foreground. */
import type { Clock } from '@dsr1/shared/clock';
import { printConfig } from '@dsr1/shared/config';
import { type Flags, settingsOf, withSettings } from '@dsr1/shared/daemon-settings';
import { createLogger } from '@dsr1/shared/logger';
import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';
import { runAgent } from '../agent.ts';
import { AGENT } from '../config/config.ts';
import { thisAgent } from '../facts/agent-identity.ts';
import { hostOf } from './host-options.ts';

/** Since boot, not since this process: durations go on over a restart of the agent. */
const bootClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
};

export function runCommand(): Command {
  const command = new Command('run').description('run until SIGTERM; ranks run on');
  return withSettings(command, AGENT)
    .option('--print-config', 'print the settings and where each comes from, then end')
    .action(run);
}

async function run({ printConfig: print, ...flags }: Flags): Promise<void> {
  const loaded = settingsOf(AGENT, flags, process.env);
  if (print === true) return void process.stdout.write(printConfig(loaded));
  const { config } = loaded;
  const log = createLogger('dsr1-agent', config.logLevel);
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'agent ends; its ranks run on');
      ending.abort();
    });
  }
  log.info({ version: VERSION, stateDir: config.stateDir }, 'agent starts');
  const deps = { host: hostOf(config), program: thisAgent(process), clock: bootClock, log };
  await runAgent(config, deps, ending.signal);
}
