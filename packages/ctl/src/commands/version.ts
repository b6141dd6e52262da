import { VERSION } from '@dsr1/shared/version';
import type { Command } from 'commander';
import { contextsPath, readContexts } from '../context/contexts-file.ts';
import type { CtlIo } from '../io.ts';
import { generalText } from '../text/general.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

/** Works without any coordinator; one that is configured and silent is an error. */
export function versionCommand(io: CtlIo): Command {
  return apiCommand('version', generalText.version).action(async (options: ApiOptions) => {
    const configured = options.context ?? io.env.DSR1_CONTEXT ?? readContexts(contextsPath(io.env)).current;
    const coordinator = configured === undefined ? null : await openApi(io, options).version();
    show(io, options, { version: VERSION, coordinator }, () => [
      `dsr1ctl ${VERSION}`,
      coordinator === null
        ? generalText.versionOffline
        : generalText.versionOf(coordinator.version, coordinator.clusterName, coordinator.clusterId),
    ]);
  });
}
