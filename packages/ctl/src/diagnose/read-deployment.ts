/** A deployment of the coordinator → readings of its ranks' logs and evidence, and its plan as facts. */
import { attemptFacts, coordinatorReading, readLines } from '@dsr1/shared/diagnose/attempt';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import type { Api } from '../client/api.ts';
import { type Material, readStream } from './read-logs.ts';

/** Last `lines` lines of every rank; a rank whose log cannot be had counts with its evidence. */
export async function readDeployment(api: Api, detail: DeploymentDetail, lines: number): Promise<Material> {
  const { message, rejections, ranks, spec, plan } = detail;
  const logs = await Promise.all(
    ranks.map(({ rank, evidence }) =>
      readStream(`rank${rank}`, api.logs(detail.name, { rank, lines, follow: false })).catch(
        (error: unknown) => {
          if (error instanceof Dsr1Error) return readLines(`rank${rank}`, evidence);
          throw error;
        },
      ),
    ),
  );
  return {
    readings: [...logs, coordinatorReading(message, rejections, ranks)],
    facts: attemptFacts(spec, plan),
  };
}
