/** Commander's complaints about a command line, in the shape of every other error. */
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CommanderError } from 'commander';
import { generalText } from './text/general.ts';

/** INVALID_ARGUMENT (exit 2); commander's nearest name becomes the hint. */
export function usageError(error: CommanderError): Dsr1Error {
  if (error.code === 'commander.help') {
    return new Dsr1Error('INVALID_ARGUMENT', generalText.subcommandMissing, {
      hint: generalText.seeHelpAbove,
    });
  }
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  return new Dsr1Error('INVALID_ARGUMENT', message, {
    hint: suggestion?.replace(/^\(|\)$/g, '') ?? generalText.seeHelp,
  });
}
