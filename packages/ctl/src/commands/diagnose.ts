/** `dsr1ctl diagnose PATH|-|DEPLOYMENT`: why did it fail? Paths and standard input need no coordinator. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import type { Command } from 'commander';
import { diagnosisLines } from '../diagnose/diagnosis-lines.ts';
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

/** With `--json` one object {"diagnoses": […]}, most likely first, empty when nothing is wrong. */
export function diagnoseCommand(io: CtlIo): Command {
  return apiCommand('diagnose', diagnoseText.describe)
    .argument('<what>', diagnoseText.argument)
    .option('-n, --lines <n>', diagnoseText.linesFlag, parseCount, LINES)
    .action(async (what: string, options: DiagnoseOptions) => {
      const { readings, facts } = await material(io, what, options);
      show(io, options, { diagnoses: diagnose(readings, facts) }, ({ diagnoses }) =>
        diagnosisLines(diagnoses, createStyle(io.stdout, io.env)),
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
