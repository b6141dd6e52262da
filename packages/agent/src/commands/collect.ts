import { Command } from 'commander';
import { collectNode } from '../bundle/collect.ts';
import { collectHere, withHostOptions } from './host-options.ts';

/** `dsr1-agent collect [--mask]`: this host's texts of a support bundle as JSON. Needs no coordinator. */
export function collectCommand(): Command {
  return withHostOptions(
    new Command('collect')
      .description('print what this host says of its fabric, for a support bundle')
      .option('--mask', 'hide public addresses, serial numbers and GPU UUIDs'),
  ).action(async ({ mask, ...flags }) => {
    const { facts, host } = await collectHere(flags);
    const node = await collectNode(host, { facts, env: process.env, mask: mask === true });
    process.stdout.write(`${JSON.stringify(node)}\n`);
  });
}
