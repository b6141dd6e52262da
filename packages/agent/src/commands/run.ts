/** `dsr1-agent run`: the service of a node, in the foreground. */
import { realpathSync } from 'node:fs';
import type { Clock } from '@dsr1/shared/clock';
import { flagNameOf, loadConfig, printConfig } from '@dsr1/shared/config';
import { createLogger } from '@dsr1/shared/logger';
import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';
import { runAgent } from '../agent.ts';
import { AgentConfig } from '../config/config.ts';
import { thisAgent } from '../facts/agent-identity.ts';
import { linuxHost } from '../host/linux.ts';

const DEFAULT_CONFIG_FILE = '/etc/dsr1/agent.yaml';

/** Since boot, not since this process: durations go on over a restart of the agent. */
const bootClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
};

type Flags = Readonly<Record<string, unknown>>;

export function runCommand(): Command {
  const command = new Command('run')
    .description('run until SIGTERM; ranks run on')
    .option('--config <file>', `settings in YAML (default: ${DEFAULT_CONFIG_FILE} when it exists)`)
    .option('--print-config', 'print the settings and where each comes from, then end');
  for (const [key, property] of Object.entries(AgentConfig.properties)) {
    const { description = '', default: value } = property as { description?: string; default?: unknown };
    command.option(`${flagNameOf(key)} <value>`, `${description} [${JSON.stringify(value)}]`);
  }
  return command.action(run);
}

async function run({ config: file, printConfig: print, ...flags }: Flags): Promise<void> {
  const loaded = loadConfig(AgentConfig, {
    defaultFile: DEFAULT_CONFIG_FILE,
    file: typeof file === 'string' ? realpathSync(file) : undefined,
    envPrefix: 'DSR1_AGENT_',
    env: process.env,
    flags,
  });
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
  const host = linuxHost(config.hostOverlay === '' ? {} : { overlay: realpathSync(config.hostOverlay) });
  log.info({ version: VERSION, stateDir: config.stateDir }, 'agent starts');
  await runAgent(config, { host, program: thisAgent(process), clock: bootClock, log }, ending.signal);
}
