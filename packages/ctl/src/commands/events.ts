/** `dsr1ctl events [-f]`: what happened in the cluster, oldest first. */
import { toDsr1Error } from '@dsr1/shared/errors';
import type { ClusterEvent } from '@dsr1/shared/http-api/resources';
import type { Command } from 'commander';
import type { Api, EventFilter } from '../client/api.ts';
import { parseCount, parseWhole } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { createStyle, type Style } from '../output/style.ts';
import { pause } from '../pause.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi } from './api-command.ts';

interface EventsOptions extends ApiOptions {
  readonly follow?: true;
  readonly lines: number;
  readonly after?: number;
  readonly deployment?: string;
  readonly node?: string;
}

const RECONNECT_MS = 1000;

/** With `--json` every event is one line of JSON. */
export function eventsCommand(io: CtlIo): Command {
  const text = deploymentText.events;
  return apiCommand('events', text.describe)
    .option('-f, --follow', text.followFlag)
    .option('-n, --lines <n>', text.linesFlag, parseCount, 50)
    .option('--after <sequence>', text.afterFlag, parseWhole)
    .option('--deployment <name>', text.deploymentFlag)
    .option('--node <name>', text.nodeFlag)
    .action(async (options: EventsOptions) => {
      const api = openApi(io, options);
      const style = createStyle(io.stdout, io.env);
      const print = (event: ClusterEvent) =>
        io.stdout.write(`${options.json ? JSON.stringify(event) : eventLine(event, style)}\n`);
      const filter: EventFilter = {
        ...(options.after === undefined ? {} : { after: options.after }),
        ...(options.deployment === undefined ? {} : { deployment: options.deployment }),
        ...(options.node === undefined ? {} : { node: options.node }),
      };
      const past = await api.events(filter);
      for (const event of past.slice(-options.lines)) print(event);
      if (options.follow)
        await follow(io, api, { ...filter, after: past.at(-1)?.sequence ?? options.after ?? 0 }, print);
    });
}

/** Until Ctrl-C; a coordinator that restarts is waited for and no event is shown twice or lost. */
async function follow(
  io: CtlIo,
  api: Api,
  filter: EventFilter,
  print: (event: ClusterEvent) => void,
): Promise<never> {
  let after = filter.after ?? 0;
  for (;;) {
    try {
      for await (const event of api.followEvents({ ...filter, after })) {
        if (event.sequence <= after) continue;
        print(event);
        after = event.sequence;
      }
    } catch (thrown) {
      const { code } = toDsr1Error(thrown);
      if (io.interrupted.aborted || (code !== 'COORDINATOR_UNREACHABLE' && code !== 'TIMEOUT')) throw thrown;
    }
    await pause(RECONNECT_MS, io.interrupted);
  }
}

function eventLine(event: ClusterEvent, style: Style): string {
  const mark = { info: style.dim, warning: style.yellow, error: style.red }[event.level];
  return `${style.dim(event.at)}  ${mark(event.kind)}  ${event.message}`;
}
