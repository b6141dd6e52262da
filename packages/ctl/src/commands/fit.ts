/** `dsr1ctl fit MODEL|FOLDER (--nodes a,b | --gpu NAME --count N)`: will it run here, and at which context. */
import { isAbsolute, resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import { answerRequest, imaginedNodes } from '@dsr1/shared/models/answer-request';
import { fit } from '@dsr1/shared/models/fit';
import { type FitRequest, type FitResponse, fitBody } from '@dsr1/shared/models/fit-body';
import { gpuNode } from '@dsr1/shared/models/set-node';
import type { SetNode } from '@dsr1/shared/models/smallest-sets';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { answerLines, setLines } from '../fit/fit-lines.ts';
import { hostsAtHand } from '../fit/hosts.ts';
import { findModel, isFolder } from '../fit/read-model.ts';
import { readRecord } from '../fit/read-record.ts';
import { appendList, parseCount } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { createStyle } from '../output/style.ts';
import { fitText } from '../text/fit.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface FitOptions extends ApiOptions {
  readonly nodes?: readonly string[];
  readonly gpu?: string;
  readonly count: number;
  readonly gpusPerNode: number;
  readonly engine: 'vllm' | 'sglang';
  readonly engineVersion?: string;
  readonly tp?: number;
  readonly pp: number;
  readonly dp: number;
  readonly ep: number;
  readonly contextLength?: number;
  readonly kvCacheDtype: 'auto' | 'fp8';
  readonly memFraction?: number;
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
    return showAnswer(io, options, fitBody(fit(await readRecord(resolve(io.cwd, options.record)))));
  if (model === undefined) throw new Dsr1Error('INVALID_ARGUMENT', fitText.needModel);
  const { nodes, gpu } = options;
  if (nodes === undefined && gpu === undefined)
    throw new Dsr1Error('INVALID_ARGUMENT', fitText.needGpus, { hint: fitText.needGpusHint });
  const request = requestOf(model, options);
  const isHere = !isAbsolute(model) && (await isFolder(model, io.cwd));
  if (nodes === undefined || isHere) {
    const at = gpu === undefined ? await nodesOf(io, options, nodes ?? []) : imaginedNodes(gpu, options);
    return showAnswer(io, options, answerRequest(request, await findModel(model, io.cwd), at));
  }
  const asked = nodes.includes(EVERY_NODE) ? request : { ...request, nodes: [...nodes] };
  showAnswer(io, options, await openApi(io, options).fit(asked));
}

/** A name that no node can have. */
const EVERY_NODE = '*';

const requestOf = (model: string, options: FitOptions): FitRequest => ({
  model,
  engine: options.engine,
  pipeline: options.pp,
  data: options.dp,
  expert: options.ep,
  cache: options.kvCacheDtype,
  ...(options.engineVersion === undefined ? {} : { engineVersion: options.engineVersion }),
  ...(options.tp === undefined ? {} : { tensor: options.tp }),
  ...(options.contextLength === undefined ? {} : { contextTokens: options.contextLength }),
  ...(options.memFraction === undefined ? {} : { fraction: options.memFraction }),
});

/** A folder here on nodes of the cluster: the nodes' facts come from there. @throws NOT_FOUND without GPUs */
async function nodesOf(io: CtlIo, options: FitOptions, names: readonly string[]): Promise<SetNode[]> {
  const api = openApi(io, options);
  if (names.includes(EVERY_NODE)) return (await hostsAtHand(api, {})).map(({ node }) => node);
  return Promise.all(names.map(async (name) => gpuNode(name, (await api.node(name)).facts)));
}

const showAnswer = (io: CtlIo, options: FitOptions, result: FitResponse): void =>
  options.json && 'verdict' in result
    ? void io.stdout.write(`${JSON.stringify(result)}\n`)
    : show(io, options, result, (value) =>
        'verdict' in value
          ? answerLines(value, options.explain === true, createStyle(io.stdout, io.env))
          : setLines(value, MOST_SETS),
      );

const MOST_SETS = 12;
