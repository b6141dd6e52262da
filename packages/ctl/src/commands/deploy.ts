/** `dsr1ctl deploy FILE|flags`: shows the plan, asks, starts it and watches until it serves. */
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import { renderPlan } from '@dsr1/shared/plan/render';
import type { Command } from 'commander';
import type { Api } from '../client/api.ts';
import { curlLine } from '../deploy/curl-line.ts';
import { follow } from '../deploy/follow.ts';
import { infeasible } from '../deploy/infeasible.ts';
import { planPatiently } from '../deploy/plan-patiently.ts';
import { readSpec } from '../deploy/read-spec.ts';
import { createReporter } from '../deploy/reporter.ts';
import { specOfModel } from '../deploy/spec-of-model.ts';
import { addSpecOptions } from '../deploy/spec-options.ts';
import { endLines } from '../deploy/status-view.ts';
import type { CtlIo, Output } from '../io.ts';
import { confirm } from '../output/confirm.ts';
import { createStyle } from '../output/style.ts';
import { deploymentText } from '../text/deployment.ts';
import { type ApiOptions, apiCommand, openApi, show } from './api-command.ts';

interface DeployOptions extends ApiOptions {
  readonly yes?: true;
  readonly explain?: true;
  readonly detach?: true;
}

export function deployCommand(io: CtlIo): Command {
  const text = deploymentText.deploy;
  return addSpecOptions(apiCommand('deploy', text.describe))
    .usage(deploymentText.specUsage)
    .argument('[file...]', deploymentText.fileArgument)
    .option('--explain', deploymentText.explainFlag)
    .option('-y, --yes', text.yesFlag)
    .option('-d, --detach', text.detachFlag)
    .action(async (words: readonly string[], options: DeployOptions) => {
      // With --json only the result is on standard output.
      const told = options.json ? io.stderr : io.stdout;
      const spec = await readSpec(io, words, { ...options }, async (model, asked) => {
        const chosen = await specOfModel(openApi(io, options), io.cwd, model, asked);
        tell(told, [...chosen.because, '']);
        return chosen.spec;
      });
      const api = openApi(io, options);

      const planned = await planPatiently(io, api, spec);
      if (!planned.feasible) throw infeasible(spec.name, planned.rejections);
      tell(told, renderPlan(planned, options.explain === true));
      if (!options.yes && !(await confirm(io, text.question(planned.plan.world.nodes)))) {
        return tell(told, [text.declined]);
      }

      const accepted = await api.deploy(spec);
      if (options.detach) return show(io, options, accepted, () => [text.detached(spec.name)]);
      const serving = await watch(io, api, spec.name, told);
      if (options.json) show(io, options, serving, () => []);
      else tell(told, await servingLines(api, serving));
    });
}

/** Ctrl-C leaves the deployment alone; a failure shows what the ranks last said. */
async function watch(io: CtlIo, api: Api, name: string, told: Output): Promise<DeploymentDetail> {
  const report = createReporter(io, told);
  let last: DeploymentDetail | null = null;
  try {
    return await follow(io, api, name, 'serving', (seen) => {
      last = seen.detail;
      report(seen);
    });
  } catch (thrown) {
    if (io.interrupted.aborted) tell(told, ['', deploymentText.deploy.interrupted(name)]);
    else tell(told, verdict(io, last, told));
    throw thrown;
  }
}

async function servingLines(api: Api, { name, endpoint }: DeploymentDetail): Promise<string[]> {
  if (endpoint === null) return ['', deploymentText.deploy.running(name)];
  const { url, model, apiKey } = await api.access(name);
  const text = deploymentText.deploy;
  return [
    '',
    text.serving(name, url, model),
    text.tryIt,
    `  ${curlLine(name, { url, model, hasKey: apiKey !== null })}`,
  ];
}

/** What the ranks last said, and why it failed. */
function verdict(io: CtlIo, detail: DeploymentDetail | null, told: Output): string[] {
  return detail === null ? [] : endLines(detail, createStyle(told, io.env));
}

function tell(output: Output, lines: readonly string[]): void {
  output.write(lines.map((line) => `${line}\n`).join(''));
}
