/** `dsr1ctl fabric`: explain works from text alone; the others ask the coordinator (collect: of nodes). */
import { resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { type Explanation, explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { showsNothing } from '@dsr1/shared/fabric/hosts-of-texts';
import { Command, InvalidArgumentError, Option } from 'commander';
import { explanationLines } from '../fabric/explain-lines.ts';
import { dumpOf, readSources, type Sources } from '../fabric/read-dump.ts';
import type { CtlIo } from '../io.ts';
import { createStyle } from '../output/style.ts';
import { fabricText } from '../text/fabric.ts';
import { generalText } from '../text/general.ts';
import { show } from './api-command.ts';
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
    .option('--nccl <version>', fabricText.ncclFlag, parseVersion)
    .addHelpText('after', fabricText.explainHelp)
    .action(async (given: string, options: ExplainOptions) => {
      const path = given === '-' ? given : resolve(io.cwd, given);
      const sources = await readSources(path, io);
      const explanation = explainDump(dumpOf(sources, given), {
        transport: options.transport,
        ncclVersion: options.nccl ?? null,
        gpuRanks: true,
        overrides: {},
      });
      const nothing = foundNothing(explanation);
      // A program reads one object whatever is in the texts; a person needs no empty one.
      if (options.json || !nothing)
        show(io, options, explanationJson(explanation), () =>
          explanationLines(explanation, createStyle(io.stdout, io.env)),
        );
      if (nothing)
        throw new Dsr1Error('INVALID_ARGUMENT', fabricText.nothingFound(given, readOf(sources)), {
          hint: fabricText.nothingFoundHint,
        });
      const refusal = explanation.groups.find(({ verdict }) => verdict.verdict === 'refuse');
      if (refusal !== undefined)
        throw new Dsr1Error('PLAN_INFEASIBLE', fabricText.refused(refusal.verdict.because.join('; ')), {
          hint: fabricText.refusedHint,
        });
    });
}

function parseVersion(text: string): string {
  if (!/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/.test(text)) throw new InvalidArgumentError(fabricText.ncclExpected);
  return text;
}

function foundNothing({ dump, groups }: Explanation): boolean {
  return (
    dump.nodes.every((node) => node.facts === null && node.evidence.every(showsNothing)) &&
    groups.every(({ diagnoses }) => diagnoses.length === 0)
  );
}

const SHOWN_FILES = 5;

function readOf({ files }: Sources): string {
  const shown = files
    .slice(0, SHOWN_FILES)
    .map(({ path, bytes, what }) => fabricText.sourceFile(path, bytes, what));
  const more = files.length > SHOWN_FILES ? [fabricText.moreFiles(files.length - SHOWN_FILES)] : [];
  return [...shown, ...more].join(', ') || fabricText.noFiles;
}
