/** `dsr1ctl fabric collect [--nodes a,b | --deployment NAME | --all]`: a support bundle of this host or of nodes. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import {
  type BundledNode,
  MANIFEST_FILE,
  manifestText,
  type NodeFiles,
  nodeFiles,
} from '@dsr1/shared/fabric/collect/bundle';
import { maskText } from '@dsr1/shared/fabric/collect/mask';
import type { Command } from 'commander';
import { createArchive } from '../fabric/archive.ts';
import { type AbsentNode, type CollectNodesDeps, collectNodes } from '../fabric/collect-nodes.ts';
import { deploymentFiles, rankTexts } from '../fabric/deployment-files.ts';
import { appendList, parseCount } from '../flags.ts';
import { localTexts } from '../host/local-facts.ts';
import { runProgram } from '../host/run-program.ts';
import type { CtlIo } from '../io.ts';
import { createLiveBlock } from '../output/live-block.ts';
import { fabricText } from '../text/fabric.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface CollectOptions extends ApiOptions {
  readonly nodes?: readonly string[];
  readonly deployment?: string;
  readonly all?: true;
  readonly out?: string;
  readonly mask?: true;
  readonly lines: number;
}

const LINES = 20_000;

export function fabricCollectCommand(io: CtlIo): Command {
  return apiCommand('collect', fabricText.collect)
    .option('--nodes <names>', fabricText.nodesFlag, appendList)
    .option('--deployment <name>', fabricText.deploymentFlag)
    .option('--all', fabricText.allFlag)
    .option('-o, --out <file>', fabricText.outFlag)
    .option('--mask', fabricText.maskFlag)
    .option('-n, --lines <n>', fabricText.linesFlag, parseCount, LINES)
    .action(async (options: CollectOptions) => {
      const scope = await scopeOf(io, options);
      const file = options.out ?? `dsr1-fabric-${scope.title}.tar.gz`;
      const written = await writeBundle(io, scope, resolve(io.cwd, file), options);
      show(io, options, { file, ...written }, () => [
        fabricText.collected(file, written.nodes.length),
        ...written.nodes.flatMap(({ name, missing = [] }) =>
          missing.map(({ tool, reason }) => fabricText.missing(name, tool, reason)),
        ),
      ]);
      const { absent } = written;
      if (absent.length > 0)
        throw new Dsr1Error('NODE_OFFLINE', fabricText.absent(scope.names.length, absent), {
          hint: fabricText.absentHint(file),
        });
    });
}

/** Whom to ask, and what else goes in. */
interface Scope extends Pick<CollectNodesDeps, 'ask' | 'rankTexts'> {
  readonly title: string;
  readonly names: readonly string[];
  readonly files: ReadonlyMap<string, string>;
}

async function scopeOf(io: CtlIo, options: CollectOptions): Promise<Scope> {
  const { nodes, deployment, all, lines } = options;
  const mask = options.mask === true;
  if ([nodes, deployment, all].filter((one) => one !== undefined).length > 1)
    throw new Dsr1Error('INVALID_ARGUMENT', fabricText.oneScope);
  const alone = {
    files: new Map<string, string>(),
    rankTexts: async () => ({}),
  };
  if (nodes === undefined && deployment === undefined && all === undefined) {
    const host = hostname();
    return { ...alone, title: host, names: [host], ask: () => localTexts(io, runProgram, mask) };
  }
  const api = openApi(io, options);
  const detail = deployment === undefined ? null : await api.deployment(deployment);
  const names = detail?.nodes ?? nodes ?? (await api.nodes()).map(({ name }) => name);
  if (names.length === 0) throw new Dsr1Error('NOT_FOUND', fabricText.noNodes);
  return {
    title: deployment ?? 'nodes',
    names: [...new Set(names)],
    ask: (node) => api.fabricTexts(node, mask),
    ...(detail === null
      ? { files: alone.files, rankTexts: alone.rankTexts }
      : { files: deploymentFiles(detail), rankTexts: (node) => rankTexts(api, detail, node, lines) }),
  };
}

interface Written {
  readonly nodes: readonly NodeFiles['entry'][];
  readonly absent: readonly AbsentNode[];
}

/** @throws NODE_OFFLINE when no node gave anything; then, and whatever else goes wrong, there is no file */
async function writeBundle(
  io: CtlIo,
  scope: Scope,
  path: string,
  { mask }: CollectOptions,
): Promise<Written> {
  const shown = (text: string): string => (mask === true ? maskText(text) : text);
  const maskAll = (files: ReadonlyMap<string, string>) =>
    new Map([...files].map(([name, text]) => [name, shown(text)]));
  const archive = createArchive(path, io.clock.wallMs() / 1000);
  const entries: NodeFiles['entry'][] = [];
  const block = createLiveBlock(io.stderr);
  try {
    const absent = await collectNodes(scope.names, {
      ...scope,
      interrupted: io.interrupted,
      async take(node: BundledNode) {
        const { entry, files } = nodeFiles(node);
        entries.push(entry);
        await archive.add(maskAll(files));
        if (!io.stderr.isTTY) io.stderr.write(`${fabricText.collectedNode(entry.name, files.size)}\n`);
      },
      progress(done, waiting) {
        if (io.stderr.isTTY) block.draw([fabricText.collecting(done, scope.names.length, waiting)]);
      },
    });
    if (io.stderr.isTTY) block.draw([]);
    if (entries.length === 0)
      throw new Dsr1Error('NODE_OFFLINE', fabricText.absent(scope.names.length, absent));
    const nodes = entries.sort((a, b) => scope.names.indexOf(a.name) - scope.names.indexOf(b.name));
    const manifest = new Map([[MANIFEST_FILE, manifestText(nodes, absent)]]);
    await archive.add(maskAll(new Map([...scope.files, ...manifest])));
    io.interrupted.throwIfAborted();
    await archive.finish();
    return { nodes, absent };
  } catch (error) {
    await archive.discard();
    throw error;
  }
}
