import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { PackedReading } from '../../diagnose/packed.ts';
import { PHASES } from '../../engines/phases.ts';
import type { RankReport__Output, RankReport as RankReportWire } from '../generated/dsr1/v1/RankReport.ts';
import type { RankReport, RankState } from '../messages.ts';
import {
  decodeFailure,
  encodeFailure,
  json,
  jsonBytes,
  malformed,
  nonEmpty,
  oneOf,
  orNull,
  whole,
} from './read.ts';

const Readings = Type.Array(PackedReading);
const STATES = ['prepared', 'running', 'exited', 'stopped'] as const satisfies readonly RankState[];

export function encodeRankReport({ readings, ...report }: RankReport): RankReportWire {
  return {
    ...report,
    progress: report.progress ?? -1,
    detail: report.detail ?? '',
    exitCode: report.exitCode ?? -1,
    exitSignal: report.exitSignal ?? '',
    evidence: [...report.evidence],
    failure: encodeFailure(report.failure),
    pid: report.pid ?? 0,
    readingsJson: jsonBytes(readings),
  };
}

export function decodeRankReport(wire: RankReport__Output): RankReport {
  return {
    deployment: nonEmpty('rank.deployment', wire.deployment),
    epoch: whole('rank.epoch', wire.epoch),
    rank: wire.rank,
    state: oneOf('rank.state', STATES, wire.state),
    phase: oneOf('rank.phase', PHASES, wire.phase),
    progress: decodeProgress(wire.progress),
    detail: orNull(wire.detail),
    phaseSeconds: decodePhaseSeconds(wire.phaseSeconds),
    exitCode: wire.exitCode < 0 ? null : wire.exitCode,
    exitSignal: orNull(wire.exitSignal),
    evidence: wire.evidence,
    sequence: whole('rank.sequence', wire.sequence),
    failure: decodeFailure(wire.failure),
    pid: wire.pid === 0 ? null : wire.pid,
    adopted: wire.adopted,
    ...decodeReadings(wire.readingsJson),
  };
}

function decodeReadings(bytes: Uint8Array): Pick<RankReport, 'readings'> {
  const readings = json('rank.readings_json', bytes);
  if (readings === null) return {};
  if (!Value.Check(Readings, readings))
    malformed('rank.readings_json', 'a list of readings', `${bytes.length} bytes of something else`);
  return { readings };
}

function decodeProgress(progress: number): number | null {
  if (progress === -1) return null;
  return progress >= 0 && progress <= 1 ? progress : malformed('rank.progress', '-1 or 0 to 1', progress);
}

function decodePhaseSeconds(wire: { readonly [phase: string]: number }): Readonly<Record<string, number>> {
  for (const [phase, seconds] of Object.entries(wire)) {
    oneOf('rank.phase_seconds', PHASES, phase);
    if (!Number.isFinite(seconds) || seconds < 0)
      malformed(`rank.phase_seconds.${phase}`, 'seconds from 0', seconds);
  }
  return { ...wire };
}
