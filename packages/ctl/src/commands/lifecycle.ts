/** `dsr1ctl stop|start|rm NAME`. */
import type { Command } from 'commander';
import type { CtlIo } from '../io.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

export function stopCommand(io: CtlIo): Command {
  return apiCommand('stop', deploymentText.stop)
    .argument('<name>', deploymentText.nameArgument)
    .action(async (name: string, options: ApiOptions) => {
      show(io, options, await openApi(io, options).stop(name), () => [deploymentText.stopping(name)]);
    });
}

export function startCommand(io: CtlIo): Command {
  return apiCommand('start', deploymentText.start)
    .argument('<name>', deploymentText.nameArgument)
    .action(async (name: string, options: ApiOptions) => {
      show(io, options, await openApi(io, options).start(name), () => [deploymentText.starting(name)]);
    });
}

export function rmCommand(io: CtlIo): Command {
  return apiCommand('rm', deploymentText.rm)
    .argument('<name>', deploymentText.nameArgument)
    .option('--force', deploymentText.rmForceFlag)
    .action(async (name: string, options: ApiOptions & { force?: true }) => {
      const removed = await openApi(io, options).removeDeployment(name, options.force === true);
      show(io, options, removed, () => [deploymentText.removed(name)]);
    });
}
