import { renderFacts } from '@dsr1/shared/facts/render';
import { Command } from 'commander';
import { collectHere, withHostOptions } from './host-options.ts';

/** `dsr1-agent facts [--json]`: what this host reports of itself. Needs no coordinator. */
export function factsCommand(): Command {
  return withHostOptions(new Command('facts').description('show what this host reports of itself')).action(
    async (flags) => {
      const { facts } = await collectHere(flags);
      process.stdout.write(flags.json === true ? `${JSON.stringify(facts, null, 2)}\n` : renderFacts(facts));
    },
  );
}
