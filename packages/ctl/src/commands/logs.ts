/** `dsr1ctl logs NAME [--rank N] [-f] [-n LINES]`. */
import type { Command } from 'commander';
import { linesOf } from '../client/lines.ts';
import { parseCount, parseWhole } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi } from './api-command.ts';

interface LogsOptions extends ApiOptions {
  readonly rank?: number;
  readonly follow?: true;
  readonly lines: number;
}

/** With `--json` every line is an object {"rank": 0, "line": "…"}. */
export function logsCommand(io: CtlIo): Command {
  const text = deploymentText.logs;
  return apiCommand('logs', text.describe)
    .argument('<name>', deploymentText.nameArgument)
    .option('--rank <n>', text.rankFlag, parseWhole)
    .option('-f, --follow', text.followFlag)
    .option('-n, --lines <n>', text.linesFlag, parseCount, 200)
    .action(async (name: string, options: LogsOptions) => {
      const api = openApi(io, options);
      const all = options.rank === undefined;
      const ranks =
        options.rank === undefined
          ? (await api.deployment(name)).ranks.map(({ rank }) => rank)
          : [options.rank];
      if (ranks.length === 0) io.stderr.write(`${text.noRanks(name)}\n`);
      const print = async (rank: number) => {
        const query = { rank, lines: options.lines, follow: options.follow === true };
        for await (const line of linesOf(api.logs(name, query))) {
          io.stdout.write(
            `${options.json ? JSON.stringify({ rank, line }) : all ? text.prefixed(rank, line) : line}\n`,
          );
        }
      };
      if (options.follow) await Promise.all(ranks.map(print));
      else for (const rank of ranks) await print(rank);
    });
}
