import { realpathSync } from 'node:fs';
import { type Flags, settingsOf, withSettings } from '@dsr1/shared/daemon-settings';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { Command } from 'commander';
import { AGENT, type AgentConfig, factsOptionsOf } from '../config/config.ts';
import { thisAgent } from '../facts/agent-identity.ts';
import { collectFacts } from '../facts/collect.ts';
import type { Host } from '../host/host.ts';
import { linuxHost } from '../host/linux.ts';

/** Flags of every command that looks at this host; file and environment are those of the agent itself. */
export const withHostOptions = (command: Command): Command =>
  withSettings(command.option('--json', 'print JSON'), AGENT, ['engineRoots', 'nodeIp', 'hostOverlay']);

export const hostOf = ({ hostOverlay }: AgentConfig): Host =>
  linuxHost(hostOverlay === '' ? {} : { overlay: realpathSync(hostOverlay) });

/** Facts of this host, collected now as the agent would. */
export async function collectHere({
  json,
  ...flags
}: Flags): Promise<{ readonly facts: NodeFacts; readonly config: AgentConfig; readonly host: Host }> {
  const { config } = settingsOf(AGENT, flags, process.env);
  const host = hostOf(config);
  return { config, host, facts: await collectFacts(host, thisAgent(process), factsOptionsOf(config)) };
}
