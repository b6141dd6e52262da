/** `dsr1ctl fabric`: explain and collect work from text alone; check and show ask the coordinator. */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { Command, Option } from 'commander';
import { collectTexts } from '../fabric/collect.ts';
import { explanationLines } from '../fabric/explain-lines.ts';
import { readDump } from '../fabric/read-dump.ts';
import { packTexts } from '../fabric/tar.ts';
import type { CtlIo } from '../io.ts';
import { createStyle } from '../output/style.ts';
import { fabricText } from '../text/fabric.ts';
import { generalText } from '../text/general.ts';
import { fabricCheckCommand, fabricShowCommand } from './fabric-check.ts';

interface ExplainOptions {
  readonly json?: true;
  readonly transport: 'auto' | 'rdma' | 'tcp';
  readonly nccl?: string;
}

export function fabricCommand(io: CtlIo): Command {
  return new Command('fabric')
    .description(fabricText.describe)
    .addCommand(explainCommand(io))
    .addCommand(collectCommand(io))
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

function collectCommand(io: CtlIo): Command {
  return new Command('collect')
    .description(fabricText.collect)
    .option('-o, --out <file>', fabricText.outFlag)
    .option('--mask', fabricText.maskFlag)
    .action(async (options: { readonly out?: string; readonly mask?: true }) => {
      const host = hostname();
      const { texts, missing } = await collectTexts({
        host,
        env: io.env,
        mask: options.mask === true,
        timeoutMs: TOOL_TIMEOUT_MS,
      });
      const path = options.out ?? `dsr1-fabric-${host}.tar.gz`;
      await writeFile(resolve(io.cwd, path), packTexts(texts, io.clock.wallMs() / 1000), { mode: 0o600 });
      io.stdout.write(`${fabricText.collected(path, texts.size)}\n`);
      for (const { tool, reason } of missing) io.stdout.write(`${fabricText.missing(tool, reason)}\n`);
    });
}

const TOOL_TIMEOUT_MS = 10_000;
