/** `dsr1ctl facts [NODE]`: what a node reports, or what this host would report. */
import { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { renderFacts } from '@dsr1/shared/facts/render';
import type { Command } from 'commander';
import { localFacts } from '../host/local-facts.ts';
import { runProgram } from '../host/run-program.ts';
import type { CtlIo } from '../io.ts';
import { hostText } from '../text/host.ts';
import { type ApiOptions, apiCommand, openApi } from './api-command.ts';

interface FactsOptions extends ApiOptions {
  readonly fresh?: true;
}

export function factsCommand(io: CtlIo): Command {
  return apiCommand('facts', hostText.facts.describe)
    .argument('[node]', hostText.facts.nodeArgument)
    .option('--fresh', hostText.facts.freshFlag)
    .action(async (node: string | undefined, options: FactsOptions) => {
      const facts =
        node === undefined ? await localFacts(io, runProgram) : await nodeFacts(io, node, options);
      io.stdout.write(options.json ? `${JSON.stringify(facts, null, 2)}\n` : renderFacts(facts));
    });
}

async function nodeFacts(io: CtlIo, name: string, options: FactsOptions): Promise<NodeFacts> {
  const api = openApi(io, options);
  const { facts } = options.fresh ? await api.collect(name) : await api.node(name);
  if (facts !== null) return facts;
  throw new Dsr1Error('NOT_FOUND', hostText.facts.none(name), { hint: hostText.facts.noneHint(name) });
}
