/** One deployment for people. Pure. */
import type { DeploymentDetail, RankStatus } from '@dsr1/shared/http-api/resources';
import { renderRejections } from '@dsr1/shared/plan/render';
import { diagnosisLines } from '../diagnose/diagnosis-lines.ts';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { deploymentText } from '../text/deployment.ts';
import { phasesTook } from './phase-times.ts';
import { bar, failureLines, percent, place } from './progress-view.ts';

export function statusLines(detail: DeploymentDetail, style: Style): string[] {
  const { labels } = deploymentText.status;
  const starts = detail.state === 'starting';
  const facts = formatTable([
    [labels.state, deploymentText.stateLine(detail)],
    ...(detail.eta === undefined ? [] : [[labels.left, deploymentText.eta(detail.eta)]]),
    [labels.engine, detail.engine],
    [labels.model, detail.plan?.servedName ?? detail.spec.model?.servedName ?? detail.name],
    [labels.endpoint, detail.endpoint ?? '-'],
    [labels.transport, detail.plan?.transport ?? '-'],
    ...networkLine(detail.ranks).map((line) => [labels.network, line]),
    [labels.attempts, `${detail.attempts} (${deploymentText.epoch(detail.epoch)})`],
    [labels.since, detail.servingSince ?? '-'],
  ]);
  const ranks = formatTable([
    [...deploymentText.status.rankHeader],
    ...detail.ranks.map((rank) => [
      String(rank.rank),
      rank.node,
      rank.nodeState,
      (starts ? `${bar(rank, style)} ` : '') + place(rank) + percent(rank),
      phasesTook(rank),
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

/** What the ranks last said, and what the coordinator makes of all their logs. */
export function endLines({ ranks, failure, diagnoses = [] }: DeploymentDetail, style: Style): string[] {
  return [
    ...(failure?.evidence ?? []).map((line) => `  ${line}`),
    ...failureLines(ranks, style),
    ...(diagnoses.length === 0 ? [] : ['', ...diagnosisLines(diagnoses, style)]),
  ];
}

/** What the ranks really talk over: one sentence where all agree; none when there was nothing to prove. */
export function networkLine(ranks: readonly RankStatus[]): string[] {
  const told = ranks.flatMap(({ rank, network }) =>
    network === undefined ? [] : [{ rank, says: deploymentText.network(network) }],
  );
  const groups = [...Map.groupBy(told, ({ says }) => says)];
  if (groups.length < 2) return groups.map(([says]) => says);
  return [
    groups.map(([says, of]) => `${deploymentText.ranks(of.map(({ rank }) => rank))}: ${says}`).join('; '),
  ];
}

function refusals({ rejections }: DeploymentDetail): string[] {
  return rejections.length === 0 ? [] : ['', ...renderRejections(rejections)];
}
