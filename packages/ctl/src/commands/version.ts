import { VERSION } from '@dsr1/shared/version';
import { Command } from 'commander';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';

export function versionCommand(io: CtlIo): Command {
  return new Command('version')
    .description(generalText.version)
    .option('--json', generalText.jsonFlag)
    .action(() => {
      io.stdout.write(`dsr1ctl ${VERSION}\n`);
    });
}
