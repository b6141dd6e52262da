/** Why a gang failed, or will: the diagnosis over what the agents read in the logs of all ranks. */
import { attemptFacts, coordinatorReading, readLines } from '@dsr1/shared/diagnose/attempt';
import { diagnose } from '@dsr1/shared/diagnose/diagnose';
import type { LogReading } from '@dsr1/shared/diagnose/log-reader';
import type { Diagnosis } from '@dsr1/shared/diagnose/model';
import { unpackReading } from '@dsr1/shared/diagnose/packed';
import { type GangRank, rankName } from './gang.ts';
import type { AttemptRecord, DeploymentRecord, Ending } from './model.ts';

const MAX_CAUSES = 5;

/** Most likely first; empty for an end that the operator asked for, and where no rank was started. */
export function causesOfEnd(
  { spec }: DeploymentRecord,
  { plan }: AttemptRecord,
  ending: Ending,
  gang: readonly GangRank[],
): readonly Diagnosis[] {
  if (ending.cause === 'operator' || ending.cause === 'rehearsal-failed') return [];
  const ends = gang.map(({ record, report }) => ({
    rank: record.rank,
    node: record.nodeName,
    exitCode: report?.exitCode ?? null,
    exitSignal: report?.exitSignal ?? null,
  }));
  const readings = [
    ...gang.flatMap((rank) => readingsOf(rank, ending)),
    coordinatorReading(ending.message, [], ends),
  ];
  return diagnose(readings, attemptFacts(spec, plan)).slice(0, MAX_CAUSES);
}

export interface KnownCause {
  readonly diagnosis: Diagnosis;
  /** `rank 1 (gpu-2): … (driver-too-old), seen 40 s ago` */
  readonly message: string;
}

/** Below this a line may also be in the log of a gang that comes up. */
const SURE = 0.7;

/** While the gang starts: a cause that a log has told already, however long the ranks may still hang. */
export function knownCause(
  { spec }: DeploymentRecord,
  { plan, commitAtMs }: AttemptRecord,
  gang: readonly GangRank[],
  nowMs: number,
): KnownCause | null {
  const packed = gang.flatMap(({ record, report }) =>
    (report?.readings ?? []).map((reading) => ({ record, reading })),
  );
  const [diagnosis] = diagnose(
    packed.map(({ reading }) => withoutSilence(unpackReading(reading))),
    attemptFacts(spec, plan),
  );
  if (diagnosis === undefined || diagnosis.category === 'unknown' || diagnosis.confidence < SURE) return null;
  const teller = packed.find(({ reading }) => reading.file === diagnosis.evidence[0]?.file);
  const seconds = (nowMs - (commitAtMs ?? nowMs)) / 1000 - (teller?.reading.newsSeconds ?? 0);
  const who = teller === undefined ? '' : `${rankName(teller.record)}: `;
  const seen = `seen ${Math.max(0, Math.round(seconds))} s ago`;
  return { diagnosis, message: `${who}${diagnosis.cause} (${diagnosis.category}), ${seen}` };
}

/** Ranks that still start are silent now and then: a rule of silence is for a gang that has ended. */
const withoutSilence = (reading: LogReading): LogReading => ({
  ...reading,
  hits: reading.hits.filter(({ rule }) => rule.quiet !== true),
});

/** What is left of a rank whose logs were never read are the lines that its failure was reported with. */
function readingsOf({ record, report }: GangRank, ending: Ending): readonly LogReading[] {
  if (report?.readings !== undefined) return report.readings.map(unpackReading);
  const evidence = ending.rank === record.rank ? ending.evidence : (report?.evidence ?? []);
  return evidence.length === 0 ? [] : [readLines(`rank${record.rank}`, evidence)];
}
