/** `dsr1ctl ls`: the deployments. */
import type { DeploymentSummary } from '@dsr1/shared/http-api/resources';
import type { Command } from 'commander';
import type { CtlIo } from '../io.ts';
import { since } from '../output/ago.ts';
import { formatTable } from '../output/table.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

export function lsCommand(io: CtlIo): Command {
  return apiCommand('ls', deploymentText.ls).action(async (options: ApiOptions) => {
    const lines = (deployments: readonly DeploymentSummary[]) =>
      deploymentLines(deployments, io.clock.wallMs());
    show(io, options, await openApi(io, options).deployments(), lines);
  });
}

function deploymentLines(deployments: readonly DeploymentSummary[], nowMs: number): string[] {
  if (deployments.length === 0) return [deploymentText.empty];
  const rows = deployments.map((each) => [
    each.name,
    each.engine,
    each.state,
    each.nodes.join(','),
    each.endpoint ?? '-',
    since(each.createdAt, nowMs),
    each.state === 'serving' ? '' : each.message,
  ]);
  return formatTable([[...deploymentText.header], ...rows]);
}
