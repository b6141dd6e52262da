/** Does the engine answer? /health first, then the list of models with the attempt's key, as a client would. */
import { request } from 'node:http';
import type { HealthPlan } from '@dsr1/shared/plan/model';

export type HealthProbe = (plan: HealthPlan, apiKey: string) => Promise<boolean>;

/** Never rejects: whatever is not two answers with status 200 is "no". */
export const probeHealth: HealthProbe = async (plan, apiKey) => {
  const timeoutMs = plan.timeoutSeconds * 1000;
  const headers = { authorization: `Bearer ${apiKey}` };
  const healthy = await statusOf(new URL(plan.healthPath, plan.url), headers, timeoutMs);
  if (healthy !== 200) return false;
  return (await statusOf(new URL(plan.modelsPath, plan.url), headers, timeoutMs)) === 200;
};

function statusOf(
  url: URL,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<number | null> {
  return new Promise((resolve) => {
    const call = request(
      url,
      { headers, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? null);
      },
    );
    call.on('error', () => resolve(null));
    call.end();
  });
}
