/** `dsr1ctl model pull|ls|verify|rm`. */
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { ModelOnNode, ModelReport, ModelRequest } from '@dsr1/shared/weights/api';
import type { HubKind } from '@dsr1/shared/weights/model';
import { Command, Option } from 'commander';
import type { Api } from '../client/api.ts';
import { appendList } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { followModel } from '../model/follow.ts';
import { listLines, reportLines } from '../model/lines.ts';
import { confirm } from '../output/confirm.ts';
import { modelText as text } from '../text/model.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface NodesOptions extends ApiOptions {
  readonly nodes?: readonly string[];
}

interface PullOptions extends NodesOptions {
  readonly to?: string;
  readonly revision?: string;
  readonly hub: HubKind;
  readonly endpoint?: string;
  readonly tokenFile?: string;
  readonly detach?: true;
}

export function modelCommand(io: CtlIo): Command {
  const command = new Command('model').description(text.describe);
  for (const each of [pullCommand(io), lsCommand(io), verifyCommand(io), rmCommand(io)])
    command.addCommand(each);
  return command;
}

function pullCommand(io: CtlIo): Command {
  return onNodes('pull', text.pull)
    .argument('<repo>', text.repoArgument)
    .option('--to <path>', text.toFlag)
    .option('--revision <revision>', text.revisionFlag)
    .addOption(new Option('--hub <hub>', text.hubFlag).choices(['hf', 'modelscope']).default('hf'))
    .option('--endpoint <url>', text.endpointFlag)
    .option('--token-file <file>', text.tokenFlag)
    .option('--detach', text.detachFlag)
    .action(async (repo: string, options: PullOptions) => {
      const api = openApi(io, options);
      const { hub, revision = '', endpoint, tokenFile } = options;
      const begun = await api.pullModel({
        ...where(options.to ?? `/var/lib/dsr1/models/${basename(repo)}`, options),
        source: { hub, repo, revision },
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(tokenFile === undefined ? {} : { token: readToken(resolve(io.cwd, tokenFile)) }),
      });
      const nodes = options.detach ? begun : await followModel(io, api, begun);
      show(io, options, nodes, (found) => listLines(found, io.clock.wallMs()));
      throwIfWrong(nodes, 0);
    });
}

function lsCommand(io: CtlIo): Command {
  return apiCommand('ls', text.ls).action(async (options: ApiOptions) => {
    show(io, options, await openApi(io, options).models(), (found) => listLines(found, io.clock.wallMs()));
  });
}

function verifyCommand(io: CtlIo): Command {
  return onNodes('verify', text.verify)
    .argument('<path>', text.pathArgument)
    .option('--full', text.fullFlag)
    .action(async (path: string, options: NodesOptions & { full?: true }) => {
      const api = openApi(io, options);
      const request = where(path, options);
      const report = options.full ? await verifyFully(io, api, request) : await api.checkModel(request);
      show(io, options, report, (found) => reportLines(found, options.full === true, io.clock.wallMs()));
      throwIfWrong(report.nodes, report.differences.length);
    });
}

/** Every node reads at its own speed; they are compared when the last has finished. */
async function verifyFully(io: CtlIo, api: Api, request: ModelRequest): Promise<ModelReport> {
  const read = await followModel(io, api, await api.verifyModel(request));
  const failed = read.filter(({ status, failure }) => failure !== null || status?.job?.state === 'failed');
  const report = await api.checkModel(request);
  const nodes = report.nodes.map((one) => failed.find(({ node }) => node === one.node) ?? one);
  return { ...report, nodes };
}

function rmCommand(io: CtlIo): Command {
  return onNodes('rm', text.rm)
    .argument('<path>', text.pathArgument)
    .option('-y, --yes', text.yesFlag)
    .action(async (path: string, options: NodesOptions & { yes?: true }) => {
      const api = openApi(io, options);
      if (!options.yes && !(await confirm(io, text.removeQuestion(path)))) return;
      const removed = await api.removeModel(where(path, options));
      show(io, options, removed, (nodes) =>
        nodes.map(({ node, status, failure }) =>
          failure === null ? text.removed(node, path, status?.source != null) : `${node}: ${failure.message}`,
        ),
      );
      throwIfWrong(
        removed.filter(({ failure }) => failure !== null && failure.code !== 'NOT_FOUND'),
        0,
      );
    });
}

const onNodes = (name: string, description: string): Command =>
  apiCommand(name, description).option('--nodes <names>', text.nodesFlag, appendList);

const where = (path: string, { nodes }: NodesOptions): ModelRequest => ({
  path,
  ...(nodes === undefined ? {} : { nodes: [...nodes] }),
});

function readToken(path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new Dsr1Error('CONFIG_INVALID', text.noToken(path), { cause });
  }
  if (/^[\x21-\x7e]+$/.test(content)) return content;
  throw new Dsr1Error('CONFIG_INVALID', text.badToken(path));
}

/** The exit code is that of a failed check, whatever `--json` printed. */
function throwIfWrong(nodes: readonly ModelOnNode[], differences: number): void {
  const failed = nodes.filter(({ status, failure }) => failure !== null || status?.job?.state === 'failed');
  if (failed.length > 0) {
    const first = failed[0]?.failure?.hint;
    throw new Dsr1Error(
      'CHECK_FAILED',
      text.failed(failed.map(({ node }) => node).join(', ')),
      first ? { hint: first } : {},
    );
  }
  const problems = nodes.reduce((sum, { status }) => sum + (status?.problems.length ?? 0), differences);
  if (problems > 0) throw new Dsr1Error('CHECK_FAILED', text.wrong(problems), { hint: text.wrongHint });
}
