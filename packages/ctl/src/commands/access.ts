/** `dsr1ctl access NAME`: where clients send requests, and the key, which is shown only when asked for. */
import type { Command } from 'commander';
import { curlLine } from '../deploy/curl-line.ts';
import type { CtlIo } from '../io.ts';
import { formatTable } from '../output/table.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface AccessOptions extends ApiOptions {
  readonly key?: true;
  readonly header?: true;
}

export function accessCommand(io: CtlIo): Command {
  const text = deploymentText.access;
  return apiCommand('access', text.describe)
    .argument('<name>', deploymentText.nameArgument)
    .option('--key', text.keyFlag)
    .option('--header', text.headerFlag)
    .action(async (name: string, options: AccessOptions) => {
      const { url, model, apiKey } = await openApi(io, options).access(name);
      if (options.header) return io.stdout.write(apiKey === null ? '' : `Authorization: Bearer ${apiKey}\n`);
      if (options.key && !options.json) return io.stdout.write(apiKey === null ? '' : `${apiKey}\n`);
      show(io, options, { url, model, ...(options.key ? { apiKey } : {}) }, () => [
        ...formatTable([
          [text.labels.url, url],
          [text.labels.model, model],
          [text.labels.key, apiKey === null ? text.noKey : text.hiddenKey(name)],
        ]),
        curlLine(name, { url, model, hasKey: apiKey !== null }),
      ]);
    });
}
