/** `dsr1ctl node list|show|cordon|uncordon|remove`. */
import type { NodeDetail, NodeSummary } from '@dsr1/shared/http-api/resources';
import { Command } from 'commander';
import type { CtlIo } from '../io.ts';
import { since, until } from '../output/ago.ts';
import { confirm } from '../output/confirm.ts';
import { formatTable } from '../output/table.ts';
import { nodeText } from '../text/node.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

export function nodeCommand(io: CtlIo): Command {
  const text = nodeText.node;
  const list = apiCommand('list', text.list).action(async (options: ApiOptions) => {
    const lines = (nodes: readonly NodeSummary[]) => nodeLines(nodes, io.clock.wallMs());
    show(io, options, await openApi(io, options).nodes(), lines);
  });
  const showOne = apiCommand('show', text.show)
    .argument('<node>', text.nodeArgument)
    .action(async (name: string, options: ApiOptions) => {
      const lines = (node: NodeDetail) => detailLines(node, io.clock.wallMs());
      show(io, options, await openApi(io, options).node(name), lines);
    });
  const cordon = apiCommand('cordon', text.cordon)
    .argument('<node>', text.nodeArgument)
    .action(async (name: string, options: ApiOptions) => {
      show(io, options, await openApi(io, options).cordon(name), (node) => [text.cordoned(node.name)]);
    });
  const uncordon = apiCommand('uncordon', text.uncordon)
    .argument('<node>', text.nodeArgument)
    .action(async (name: string, options: ApiOptions) => {
      show(io, options, await openApi(io, options).uncordon(name), (node) => [text.uncordoned(node.name)]);
    });
  const command = new Command('node').description(text.describe);
  for (const each of [list, showOne, cordon, uncordon, removeCommand(io)]) command.addCommand(each);
  return command;
}

function removeCommand(io: CtlIo): Command {
  const text = nodeText.node;
  return apiCommand('remove', text.remove)
    .argument('<node>', text.nodeArgument)
    .option('--force', text.forceFlag)
    .option('-y, --yes', text.yesFlag)
    .action(async (name: string, options: ApiOptions & { force?: true; yes?: true }) => {
      const api = openApi(io, options);
      if (!options.yes && !(await confirm(io, text.removeQuestion(name)))) return;
      show(io, options, await api.removeNode(name, options.force === true), (node) => [
        text.removed(node.name),
      ]);
    });
}

function nodeLines(nodes: readonly NodeSummary[], nowMs: number): string[] {
  if (nodes.length === 0) return [nodeText.node.empty];
  const rows = nodes.map((node) => [
    node.name,
    stateOf(node),
    node.address ?? '-',
    node.gpus ?? '-',
    node.hcaCount === null ? '-' : String(node.hcaCount),
    node.deployments.join(',') || '-',
    since(node.lastSeenAt, nowMs),
    node.agentVersion ?? '-',
  ]);
  return formatTable([[...nodeText.node.header], ...rows]);
}

function detailLines(node: NodeDetail, nowMs: number): string[] {
  const { labels } = nodeText.node;
  return formatTable([
    [labels.name, node.name],
    [labels.id, node.id],
    [labels.state, stateOf(node)],
    [labels.address, node.address ?? '-'],
    [labels.gpus, node.gpus ?? '-'],
    [labels.hcas, node.hcaCount === null ? '-' : String(node.hcaCount)],
    [labels.deployments, node.deployments.join(', ') || '-'],
    [labels.agent, node.agentVersion ?? '-'],
    [labels.joined, node.joinedAt],
    [labels.seen, since(node.lastSeenAt, nowMs)],
    [labels.certificate, node.certificateExpiresAt === null ? '-' : until(node.certificateExpiresAt, nowMs)],
    [
      labels.facts,
      node.factsAt === null ? '-' : nodeText.node.factsAge(since(node.factsAt, nowMs), node.name),
    ],
  ]);
}

const stateOf = (node: NodeSummary): string =>
  node.cordoned ? nodeText.node.withCordon(node.state) : node.state;
