/** `dsr1ctl wait NAME --for serving|stopped --timeout 30m`: for scripts. */
import { Dsr1Error } from '@dsr1/shared/errors';
import { type Command, Option } from 'commander';
import { follow, type Goal } from '../deploy/follow.ts';
import { parseDuration } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface WaitOptions extends ApiOptions {
  readonly for: Goal;
  readonly timeout: number;
}

export function waitCommand(io: CtlIo): Command {
  const text = deploymentText.wait;
  return apiCommand('wait', text.describe)
    .argument('<name>', deploymentText.nameArgument)
    .addOption(new Option('--for <state>', text.forFlag).choices(['serving', 'stopped']).default('serving'))
    .option('--timeout <duration>', text.timeoutFlag, parseDuration, 1800)
    .action(async (name: string, options: WaitOptions) => {
      const until = io.clock.monotonicMs() + options.timeout * 1000;
      const detail = await follow(
        io,
        openApi(io, options),
        name,
        options.for,
        ({ detail: { state, message } }) => {
          if (io.clock.monotonicMs() < until) return;
          throw new Dsr1Error('TIMEOUT', text.timedOut(name, options.for, options.timeout, state, message), {
            hint: deploymentText.lookAgain(name),
          });
        },
      );
      show(io, options, detail, () => [deploymentText.stateLine(detail)]);
    });
}
