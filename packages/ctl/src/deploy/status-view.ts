/** One deployment for people. Pure. */
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import { renderRejections } from '@dsr1/shared/plan/render';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { deploymentText } from '../text/deployment.ts';
import { place } from './progress-view.ts';

export function statusLines(detail: DeploymentDetail, style: Style): string[] {
  const { labels } = deploymentText.status;
  const facts = formatTable([
    [labels.state, deploymentText.stateLine(detail)],
    [labels.engine, detail.engine],
    [labels.model, detail.plan?.servedName ?? detail.spec.model?.servedName ?? detail.name],
    [labels.endpoint, detail.endpoint ?? '-'],
    [labels.transport, detail.plan?.transport ?? '-'],
    [labels.attempts, `${detail.attempts} (${deploymentText.epoch(detail.epoch)})`],
    [labels.since, detail.servingSince ?? '-'],
  ]);
  const ranks = formatTable([
    [...deploymentText.status.rankHeader],
    ...detail.ranks.map((rank) => [
      String(rank.rank),
      rank.node,
      rank.nodeState,
      place(rank),
      rank.pid === null ? '-' : String(rank.pid),
      rank.detail ?? '',
    ]),
  ]);
  return [
    style.bold(detail.name),
    ...facts,
    ...(detail.ranks.length > 0 ? ['', ...ranks] : []),
    ...refusals(detail),
  ];
}

function refusals({ rejections }: DeploymentDetail): string[] {
  return rejections.length === 0 ? [] : ['', ...renderRejections(rejections)];
}
