/** `dsr1ctl fit MODEL|FOLDER (--nodes a,b | --gpu NAME --count N)`: will it run here, and at which context. */
import { resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { type FitAnswer, fit } from '@dsr1/shared/models/fit';
import { gpuByName } from '@dsr1/shared/models/gpus';
import { type ModelSets, type SetNode, smallestSets } from '@dsr1/shared/models/smallest-sets';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { answerJson } from '../fit/answer-json.ts';
import { answerLines, setLines } from '../fit/fit-lines.ts';
import { type Division, placement } from '../fit/placement.ts';
import { findModel } from '../fit/read-model.ts';
import { readRecord } from '../fit/read-record.ts';
import { setNode } from '../fit/set-node.ts';
import { appendList, parseCount } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { createStyle } from '../output/style.ts';
import { fitText } from '../text/fit.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface FitOptions extends ApiOptions, Division {
  readonly nodes?: readonly string[];
  readonly gpu?: string;
  readonly count: number;
  readonly gpusPerNode: number;
  readonly engine: 'vllm' | 'sglang';
  readonly engineVersion?: string;
  readonly tp?: number;
  readonly explain?: true;
  readonly record?: string;
}

export function fitCommand(io: CtlIo): Command {
  return apiCommand('fit', fitText.describe)
    .argument('[model]', fitText.modelArgument)
    .option('--nodes <names>', fitText.nodesFlag, appendList)
    .option('--gpu <name>', fitText.gpuFlag)
    .option('--count <number>', fitText.countFlag, parseCount, 1)
    .option('--gpus-per-node <number>', fitText.perNodeFlag, parseCount, 8)
    .addOption(
      new Option('--engine <engine>', fitText.engineFlag).choices(['sglang', 'vllm']).default('sglang'),
    )
    .option('--engine-version <version>', fitText.versionFlag)
    .option('--tp <size>', fitText.tensorFlag, parseCount)
    .option('--pp <size>', fitText.pipelineFlag, parseCount, 1)
    .option('--dp <size>', fitText.dataFlag, parseCount, 1)
    .option('--ep <size>', fitText.expertFlag, parseCount, 1)
    .option('--context-length <tokens>', fitText.contextFlag, parseCount)
    .addOption(
      new Option('--kv-cache-dtype <dtype>', fitText.cacheFlag).choices(['auto', 'fp8']).default('auto'),
    )
    .option('--mem-fraction <share>', fitText.fractionFlag, parseShare)
    .option('--explain', fitText.explainFlag)
    .option('--record <file>', fitText.recordFlag)
    .action((model: string | undefined, options: FitOptions) => answer(io, model, options));
}

function parseShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share <= 1) return share;
  throw new InvalidArgumentError(fitText.expectedShare);
}

async function answer(io: CtlIo, model: string | undefined, options: FitOptions): Promise<void> {
  if (options.record !== undefined)
    return showAnswer(io, options, fit(await readRecord(resolve(io.cwd, options.record))));
  if (model === undefined) throw new Dsr1Error('INVALID_ARGUMENT', fitText.needModel);
  const shape = await findModel(model, io.cwd);
  const nodes = await nodesAtHand(io, options);
  const asked = {
    engine: options.engine,
    version: options.engineVersion ?? null,
    contextTokens: options.contextLength ?? null,
  };
  if (options.tp === undefined) return showSets(io, options, smallestSets(shape, nodes, asked));
  showAnswer(io, options, fit({ shape, ...asked, ...placement(options, options.tp, nodes) }));
}

async function nodesAtHand(io: CtlIo, options: FitOptions): Promise<SetNode[]> {
  if (options.nodes !== undefined) {
    const api = openApi(io, options);
    return Promise.all(options.nodes.map(async (name) => nodeOf(name, (await api.node(name)).facts)));
  }
  if (options.gpu === undefined) throw new Dsr1Error('INVALID_ARGUMENT', fitText.needGpus);
  const gpu = gpuByName(options.gpu);
  if (gpu === null)
    throw new Dsr1Error('INVALID_ARGUMENT', fitText.unknownGpu(options.gpu), {
      hint: fitText.unknownGpuHint,
    });
  const nodes = Math.ceil(options.count / options.gpusPerNode);
  return Array.from({ length: nodes }, (_, index) => ({
    name: `node${index + 1}`,
    gpus: Math.min(options.gpusPerNode, options.count - index * options.gpusPerNode),
    gpu,
  }));
}

/** @throws NOT_FOUND when the node shows no GPU with its memory */
function nodeOf(name: string, facts: NodeFacts | null): SetNode {
  const node = setNode(name, facts);
  if (node.gpu !== null) return node;
  throw new Dsr1Error('NOT_FOUND', fitText.noFacts(name), { hint: fitText.noFactsHint(name) });
}

const showAnswer = (io: CtlIo, options: FitOptions, result: FitAnswer): void =>
  options.json
    ? void io.stdout.write(`${JSON.stringify(answerJson(result))}\n`)
    : show(io, options, result, (value) =>
        answerLines(value, options.explain === true, createStyle(io.stdout, io.env)),
      );

const showSets = (io: CtlIo, options: FitOptions, sets: ModelSets): void =>
  show(io, options, sets, (value) => setLines(value, MOST_SETS));

const MOST_SETS = 12;
