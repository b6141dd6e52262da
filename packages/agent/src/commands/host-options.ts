import { resolve } from 'node:path';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { type Command, Option } from 'commander';
import { thisAgent } from '../facts/agent-identity.ts';
import { collectFacts } from '../facts/collect.ts';
import { DEFAULT_FACTS_OPTIONS } from '../facts/parts.ts';
import { linuxHost } from '../host/linux.ts';

export interface HostOptions {
  readonly json?: boolean;
  readonly engineRoot?: readonly string[];
  readonly hostOverlay?: string;
}

/** Flags of every command that looks at this host. */
export function withHostOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON')
    .option(
      '--engine-root <dir...>',
      'where to look for Python environments with engines (`*` = any one name)',
    )
    .addOption(
      new Option(
        '--host-overlay <dir>',
        'folder whose files stand in for the host’s (`<dir>/sys/…`), for tests',
      ),
    );
}

export const engineRootsOf = ({ engineRoot }: HostOptions): readonly string[] =>
  engineRoot ?? DEFAULT_FACTS_OPTIONS.engineRoots;

/** Facts of this host, collected now. */
export function collectHere(options: HostOptions): Promise<NodeFacts> {
  const host = linuxHost(options.hostOverlay === undefined ? {} : { overlay: resolve(options.hostOverlay) });
  return collectFacts(host, thisAgent(process), {
    ...DEFAULT_FACTS_OPTIONS,
    engineRoots: engineRootsOf(options),
  });
}
