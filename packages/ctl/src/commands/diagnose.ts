/** `dsr1ctl diagnose PATH|-|DEPLOYMENT`: why did it fail? Paths and standard input need no coordinator. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import { fabricRemarks } from '@dsr1/shared/diagnose/fabric';
import type { Command } from 'commander';
import { diagnosisLines } from '../diagnose/diagnosis-lines.ts';
import { refuseWithoutLogs } from '../diagnose/no-log.ts';
import { readDeployment } from '../diagnose/read-deployment.ts';
import { type Material, readLogs } from '../diagnose/read-logs.ts';
import { parseCount } from '../flags.ts';
import type { CtlIo } from '../io.ts';
import { createStyle } from '../output/style.ts';
import { diagnoseText } from '../text/diagnose.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface DiagnoseOptions extends ApiOptions {
  readonly lines: number;
}

const LINES = 20_000;

/**
 * With `--json` one object {"diagnoses": […], "network": […]}, each most likely first: why it ended, and what the logs
 * say of the network besides; empty when nothing is wrong.
 */
export function diagnoseCommand(io: CtlIo): Command {
  return apiCommand('diagnose', diagnoseText.describe)
    .argument('<what>', diagnoseText.argument)
    .option('-n, --lines <n>', diagnoseText.linesFlag, parseCount, LINES)
    .action(async (what: string, options: DiagnoseOptions) => {
      const { readings, facts, heads = [] } = await material(io, what, options);
      const diagnoses = diagnose(readings, facts);
      const network = fabricRemarks(readings, diagnoses);
      if (diagnoses.length + network.length === 0 && heads.length > 0) refuseWithoutLogs(what, heads);
      show(io, options, { diagnoses, network }, () =>
        diagnosisLines(diagnoses, createStyle(io.stdout, io.env), network),
      );
    });
}

/** What exists as a path is a path; a plain word that does not is a deployment. */
async function material(io: CtlIo, what: string, options: DiagnoseOptions): Promise<Material> {
  if (what === '-') return readLogs(what, io);
  const path = resolve(io.cwd, what);
  const name = /^[a-z0-9][a-z0-9-]*$/.test(what) && !existsSync(path);
  if (!name) return readLogs(path, io);
  const api = openApi(io, options);
  return readDeployment(api, await api.deployment(what), options.lines);
}
