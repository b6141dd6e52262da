/** `dsr1ctl fabric`: explain works from text alone; the others ask the coordinator (collect: of nodes). */
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { Command, Option } from 'commander';
import { explanationLines } from '../fabric/explain-lines.ts';
import { readDump } from '../fabric/read-dump.ts';
import type { CtlIo } from '../io.ts';
import { createStyle } from '../output/style.ts';
import { fabricText } from '../text/fabric.ts';
import { generalText } from '../text/general.ts';
import { fabricCheckCommand, fabricShowCommand } from './fabric-check.ts';
import { fabricCollectCommand } from './fabric-collect.ts';

interface ExplainOptions {
  readonly json?: true;
  readonly transport: 'auto' | 'rdma' | 'tcp';
  readonly nccl?: string;
}

export function fabricCommand(io: CtlIo): Command {
  return new Command('fabric')
    .description(fabricText.describe)
    .addCommand(explainCommand(io))
    .addCommand(fabricCollectCommand(io))
    .addCommand(fabricCheckCommand(io))
    .addCommand(fabricShowCommand(io));
}

function explainCommand(io: CtlIo): Command {
  return new Command('explain')
    .description(fabricText.explain)
    .argument('<dumps>', fabricText.dumpsArgument)
    .option('--json', generalText.jsonFlag)
    .addOption(
      new Option('--transport <transport>', fabricText.transportFlag)
        .choices(['auto', 'rdma', 'tcp'])
        .default('auto'),
    )
    .option('--nccl <version>', fabricText.ncclFlag)
    .action(async (path: string, options: ExplainOptions) => {
      const dump = await readDump(path, io.stdin);
      const explanation = explainDump(dump, {
        transport: options.transport,
        ncclVersion: options.nccl ?? null,
        gpuRanks: true,
        overrides: {},
      });
      if (options.json) io.stdout.write(`${JSON.stringify(explanationJson(explanation))}\n`);
      else
        for (const line of explanationLines(explanation, createStyle(io.stdout, io.env)))
          io.stdout.write(`${line}\n`);
    });
}
