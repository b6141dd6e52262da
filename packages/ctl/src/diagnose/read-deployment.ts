/** A deployment of the coordinator → readings of its ranks' logs and evidence, and its plan as facts. */
import { createLineCutter } from '@dsr1/shared/diagnose/cut-lines';
import { createLogReader, type LogReading } from '@dsr1/shared/diagnose/log-reader';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { DeploymentDetail } from '@dsr1/shared/http-api/resources';
import type { Api } from '../client/api.ts';
import { diagnoseText } from '../text/diagnose.ts';
import { type Material, readStream } from './read-logs.ts';

/** Last `lines` lines of every rank; a rank whose log cannot be had counts with its evidence. */
export async function readDeployment(api: Api, detail: DeploymentDetail, lines: number): Promise<Material> {
  const logs = await Promise.all(
    detail.ranks.map(({ rank }) =>
      readStream(`rank${rank}`, api.logs(detail.name, { rank, lines, follow: false })).catch(
        (error: unknown) => {
          if (error instanceof Dsr1Error) return null;
          throw error;
        },
      ),
    ),
  );
  const evidence = readEvidence(detail);
  return {
    readings: detail.ranks.flatMap((_, index) => logs[index] ?? evidence[index] ?? []).concat(endsOf(detail)),
    facts: factsOf(detail),
  };
}

function readEvidence({ ranks }: DeploymentDetail): LogReading[] {
  return ranks.map(({ rank, evidence }) => read(`rank${rank}`, evidence));
}

/** How ranks ended and what the coordinator says, as a log of its own. */
function endsOf({ ranks, message, rejections }: DeploymentDetail): LogReading[] {
  const ends = ranks.flatMap(({ rank, node, exitCode, exitSignal }) =>
    exitSignal === null && (exitCode ?? 0) === 0
      ? []
      : [diagnoseText.ended(rank, node, exitSignal ?? `code ${exitCode}`)],
  );
  return [read('coordinator', [message, ...rejections.map(({ because }) => because), ...ends])];
}

function factsOf({ engine, spec, plan }: DeploymentDetail): unknown {
  return {
    engine,
    engine_version: plan?.ranks[0]?.engineVersion ?? null,
    nodes: plan?.world.nodes ?? null,
    command: plan?.ranks.map(({ processes }) => processes.at(-1)?.argv.join(' ') ?? ''),
    env: plan?.ranks.map(({ processes }) => processes.at(-1)?.env ?? {}),
    spec,
  };
}

function read(name: string, lines: readonly string[]): LogReading {
  const reader = createLogReader(name);
  const cutter = createLineCutter(reader.push);
  for (const line of lines) cutter.push(`${line}\n`);
  cutter.end();
  return reader.reading();
}
