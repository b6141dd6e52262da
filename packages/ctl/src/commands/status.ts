/** `dsr1ctl status NAME [-w]`. */
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import type { Command } from 'commander';
import { type Observation, observe } from '../deploy/observation.ts';
import { createReporter } from '../deploy/reporter.ts';
import { endLines, statusLines } from '../deploy/status-view.ts';
import type { CtlIo } from '../io.ts';
import { createStyle } from '../output/style.ts';
import { pause } from '../pause.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

const POLL_MS = 1000;

export function statusCommand(io: CtlIo): Command {
  return apiCommand('status', deploymentText.status.describe)
    .argument('<name>', deploymentText.nameArgument)
    .option('-w, --watch', deploymentText.status.watchFlag)
    .action(async (name: string, options: ApiOptions & { watch?: true }) => {
      const api = openApi(io, options);
      const style = createStyle(io.stdout, io.env);
      const lines = (detail: DeploymentDetail) => [...statusLines(detail, style), ...endLines(detail, style)];
      if (!options.watch) return show(io, options, await api.deployment(name), lines);
      const report = createReporter(io, io.stdout);
      let seen: Observation | null = null;
      for (;;) {
        seen = observe(seen, await api.deployment(name), io.clock.monotonicMs());
        if (options.json) io.stdout.write(`${JSON.stringify(seen.detail)}\n`);
        else report(seen);
        await pause(POLL_MS, io.interrupted);
      }
    });
}
