/** `dsr1ctl fabric check|show NODE… | DEPLOYMENT`: tests between live nodes, and the picture of their fabric. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { CheckReport, CheckRequest } from '@dsr1/shared/fabric/check/model';
import { checkLines } from '@dsr1/shared/fabric/check/render';
import { drawFabric } from '@dsr1/shared/fabric/show/draw';
import { svgOf } from '@dsr1/shared/fabric/show/svg';
import type { Command } from 'commander';
import type { Api } from '../client/api.ts';
import type { CtlIo } from '../io.ts';
import { createLiveBlock } from '../output/live-block.ts';
import { createStyle } from '../output/style.ts';
import { pause } from '../pause.ts';
import { fabricText } from '../text/fabric.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

const LOOK_AGAIN_MS = 500;

export function fabricCheckCommand(io: CtlIo): Command {
  return apiCommand('check', fabricText.check)
    .argument('<names...>', fabricText.namesArgument)
    .action(async (names: readonly string[], options: ApiOptions) => {
      const api = openApi(io, options);
      const report = await follow(io, api, await api.startCheck(await requestFor(api, names)));
      const style = createStyle(io.stdout, io.env);
      show(io, options, report, (done) => checkLines(done, style));
      if (report.state === 'failed') throw new Dsr1Error('CHECK_FAILED', report.message);
      const errors = report.findings.filter(({ severity }) => severity === 'error');
      if (errors.length > 0) throw new Dsr1Error('CHECK_FAILED', fabricText.checkFailed(errors.length));
    });
}

export function fabricShowCommand(io: CtlIo): Command {
  return apiCommand('show', fabricText.show)
    .argument('<names...>', fabricText.namesArgument)
    .option('--svg <file>', fabricText.svgFlag)
    .action(async (names: readonly string[], options: ApiOptions & { readonly svg?: string }) => {
      const api = openApi(io, options);
      const picture = await api.fabric(await requestFor(api, names));
      if (options.svg !== undefined) await writeFile(resolve(io.cwd, options.svg), svgOf(picture));
      show(io, options, picture, (drawn) => drawFabric(drawn, createStyle(io.stdout, io.env)));
    });
}

/** One name that no node has is a deployment's. */
async function requestFor(api: Api, names: readonly string[]): Promise<CheckRequest> {
  const known = new Set((await api.nodes()).map(({ name }) => name));
  const [name = ''] = names;
  return names.length === 1 && !known.has(name) ? { deployment: name } : { nodes: [...names] };
}

async function follow(io: CtlIo, api: Api, begun: CheckReport): Promise<CheckReport> {
  const block = createLiveBlock(io.stderr);
  let report = begun;
  while (report.state === 'running') {
    if (io.stderr.isTTY) block.draw([fabricText.checking(report.message)]);
    await pause(LOOK_AGAIN_MS, io.interrupted);
    report = await api.check(report.id);
  }
  if (io.stderr.isTTY) block.draw([]);
  return report;
}
