/** `dsr1ctl plan [FILE|flags] [--script DIR] [--json]`: what a deploy would do, and why; nothing is started. */
import { resolve } from 'node:path';
import { renderPlan } from '@dsr1/shared/plan/render';
import type { Command } from 'commander';
import { infeasible } from '../deploy/infeasible.ts';
import { planPatiently } from '../deploy/plan-patiently.ts';
import { readSpec } from '../deploy/read-spec.ts';
import { specOfModel } from '../deploy/spec-of-model.ts';
import { addSpecOptions } from '../deploy/spec-options.ts';
import { writeScripts } from '../deploy/write-scripts.ts';
import type { CtlIo } from '../io.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface PlanOptions extends ApiOptions {
  readonly script?: string;
  readonly explain?: true;
}

export function planCommand(io: CtlIo): Command {
  return addSpecOptions(apiCommand('plan', deploymentText.plan.describe))
    .usage(deploymentText.specUsage)
    .argument('[file...]', deploymentText.fileArgument)
    .option('--explain', deploymentText.explainFlag)
    .option('--script <dir>', deploymentText.plan.scriptFlag)
    .action(async (words: readonly string[], options: PlanOptions) => {
      const spec = await readSpec(io, words, { ...options }, async (model, asked) => {
        const chosen = await specOfModel(openApi(io, options), io.cwd, model, asked);
        const told = options.json ? io.stderr : io.stdout;
        told.write([...chosen.because, ''].map((line) => `${line}\n`).join(''));
        return chosen.spec;
      });
      const result = await planPatiently(io, openApi(io, options), spec);
      if (options.json || result.feasible)
        show(io, options, result, (value) => renderPlan(value, options.explain === true));
      if (!result.feasible) throw infeasible(spec.name, result.rejections);
      if (options.script === undefined) return;
      for (const path of writeScripts(resolve(io.cwd, options.script), result.plan)) {
        io.stderr.write(`${deploymentText.plan.scriptWritten(path)}\n`);
      }
    });
}
