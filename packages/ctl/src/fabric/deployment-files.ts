/** What a bundle holds of a deployment: its plan, what the coordinator says, and the tails of its ranks' logs. */
import { attemptFacts, coordinatorLines } from '@dsr1/shared/diagnose/attempt';
import { COORDINATOR_LOG, DEPLOYMENT_FILE } from '@dsr1/shared/fabric/collect/bundle';
import { isSecretName } from '@dsr1/shared/fabric/collect/mask';
import { settingsText } from '@dsr1/shared/fabric/collect/settings-text';
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import type { Api } from '../client/api.ts';

export function deploymentFiles(detail: DeploymentDetail): Map<string, string> {
  const { message, rejections, ranks, spec, plan } = detail;
  const json = (value: unknown): string => `${JSON.stringify(value, withoutSecrets, 2)}\n`;
  return new Map([
    ['deployment.json', json(detail)],
    [DEPLOYMENT_FILE, json(attemptFacts(spec, plan))],
    [COORDINATOR_LOG, `${coordinatorLines(message, rejections, ranks).join('\n')}\n`],
  ]);
}

/** By kind of dump: last lines of every process of the ranks on `node`, and the network settings that they run with. */
export async function rankTexts(
  api: Api,
  { name, plan }: DeploymentDetail,
  node: string,
  lines: number,
): Promise<Record<string, string>> {
  const ranks = (plan?.ranks ?? []).filter((rank) => rank.nodeName === node);
  const settings = ranks.map(({ processes }) => settingsText(processes.at(-1)?.env ?? {})).join('');
  const logs = ranks.flatMap(({ rank, processes }) =>
    processes.map(async ({ id }): Promise<[string, string]> => {
      let log = '';
      for await (const chunk of api.logs(name, { rank, process: id, lines, follow: false })) log += chunk;
      return [`nccl-log@rank${rank}${processes.length > 1 ? `-${id}` : ''}`, log];
    }),
  );
  return {
    ...(settings === '' ? {} : { 'env@plan': settings }),
    ...Object.fromEntries(await Promise.all(logs)),
  };
}

/** Values of variables that are named like secrets; a deployment should hold none. */
function withoutSecrets(key: string, value: unknown): unknown {
  return typeof value === 'string' && /^[A-Z0-9_]+$/.test(key) && isSecretName(key) ? 'masked' : value;
}
