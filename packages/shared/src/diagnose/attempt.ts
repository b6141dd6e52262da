/** What is known of an attempt besides its ranks' logs: the coordinator's own words as a log, and the plan as facts. */
import type { LaunchPlan, Rejection } from '../plan/model.ts';
import type { DeploymentSpec } from '../spec/deployment.ts';
import { createLineCutter } from './cut-lines.ts';
import { createLogReader, type LogReading } from './log-reader.ts';

export interface RankEnd {
  readonly rank: number;
  readonly node: string;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
}

/** How ranks ended and what the coordinator says, as a log of its own. */
export const coordinatorReading = (...said: Parameters<typeof coordinatorLines>): LogReading =>
  readLines('coordinator', coordinatorLines(...said));

export function coordinatorLines(
  message: string,
  rejections: readonly Rejection[],
  ends: readonly RankEnd[],
): string[] {
  const ended = ends
    .filter(({ exitCode, exitSignal }) => exitSignal !== null || (exitCode ?? 0) !== 0)
    .map(
      ({ rank, node, exitCode, exitSignal }) =>
        `rank ${rank} on ${node} ended with ${exitSignal ?? `code ${exitCode}`}`,
    );
  return [message, ...rejections.map(({ because }) => because), ...ended];
}

/** For `diagnose`: what was to run, and how. */
export function attemptFacts(spec: DeploymentSpec, plan: LaunchPlan | null): unknown {
  return {
    engine: spec.engine.kind,
    engine_version: plan?.ranks[0]?.engineVersion ?? null,
    nodes: plan?.world.nodes ?? null,
    command: plan?.ranks.map(({ processes }) => processes.at(-1)?.argv.join(' ') ?? ''),
    env: plan?.ranks.map(({ processes }) => processes.at(-1)?.env ?? {}),
    spec,
  };
}

/** Lines that are at hand as a reading. */
export function readLines(file: string, lines: readonly string[]): LogReading {
  const reader = createLogReader(file);
  const cutter = createLineCutter(reader.push);
  for (const line of lines) cutter.push(`${line}\n`);
  cutter.end();
  return reader.reading();
}
