/** The all-reduce over a gang's ranks: what an agent is asked, what it answers, and what a report says of it. */
import { type Static, Type } from 'typebox';
import { Nullable } from '../../facts/nullable.ts';

export const AllReduceBackend = Type.Union([Type.Literal('nccl'), Type.Literal('gloo')]);
export type AllReduceBackend = Static<typeof AllReduceBackend>;

/** Starts this node's ranks, one process each, and waits until all have ended. */
export const AllReduceRequest = Type.Object({
  id: Type.String(),
  /** Interpreter of the engine's environment. */
  python: Type.String({ pattern: '^/' }),
  backend: AllReduceBackend,
  /** As the ranks of a launch would get it. */
  env: Type.Record(Type.String(), Type.String()),
  world: Type.Integer({ minimum: 2 }),
  ranks: Type.Array(
    Type.Object({ rank: Type.Integer({ minimum: 0 }), gpu: Nullable(Type.Integer({ minimum: 0 })) }),
    { minItems: 1 },
  ),
  /** Where rank 0 listens. */
  address: Type.String(),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  /** From the start until all ranks have met: most of it is the import of torch. */
  meetSeconds: Type.Integer({ minimum: 1 }),
  /** From there until the first sum. */
  connectSeconds: Type.Integer({ minimum: 1 }),
  sizesBytes: Type.Array(Type.Integer({ minimum: 1 })),
});
export type AllReduceRequest = Static<typeof AllReduceRequest>;

/** How far a rank came: `meeting` at rank 0's store, `connecting` to its neighbours. */
export const AllReducePhase = Type.Union([
  Type.Literal('starting'),
  Type.Literal('loading'),
  Type.Literal('meeting'),
  Type.Literal('connecting'),
  Type.Literal('measuring'),
  Type.Literal('done'),
]);
export type AllReducePhase = Static<typeof AllReducePhase>;

export const MeasuredSize = Type.Object({
  bytes: Type.Integer(),
  /** Of one all-reduce on the slowest rank. */
  seconds: Type.Number(),
  /** Every element of the sum is right on this rank. */
  correct: Type.Boolean(),
});
export type MeasuredSize = Static<typeof MeasuredSize>;

/** One line of a rank's process about itself. */
export const AllReduceNews = Type.Object(
  {
    phase: Type.Optional(AllReducePhase),
    untested: Type.Optional(Type.String()),
    sizes: Type.Optional(Type.Array(MeasuredSize)),
  },
  { additionalProperties: false },
);
export type AllReduceNews = Static<typeof AllReduceNews>;

/** `ended` of a rank that was still waiting when others had failed, or when its time was up. */
export const ENDED_BY_CHECK = 'ended with the check';

export const AllReduceRank = Type.Object({
  rank: Type.Integer(),
  phase: AllReducePhase,
  /** Why it could not even try; null when it could. */
  untested: Nullable(Type.String()),
  /** How its process ended: `exit status 1`, `ended by SIGKILL`, or ENDED_BY_CHECK. */
  ended: Type.String(),
  sizes: Type.Array(MeasuredSize),
  /** The telling part of its output: NCCL's log and exceptions. */
  lines: Type.Array(Type.String()),
});
export type AllReduceRank = Static<typeof AllReduceRank>;

export const AllReduceAnswer = Type.Object({ ranks: Type.Array(AllReduceRank) });
export type AllReduceAnswer = Static<typeof AllReduceAnswer>;

export const AllReduceResult = Type.Object({
  outcome: Type.Union([Type.Literal('pass'), Type.Literal('fail'), Type.Literal('untested')]),
  /** What was seen, or why it was not run, in a few words. */
  detail: Type.String(),
  backend: Nullable(AllReduceBackend),
  ranks: Type.Integer(),
  sizes: Type.Array(
    Type.Object({
      bytes: Type.Integer(),
      microseconds: Type.Number(),
      /** Size by time. */
      algorithmGigabytesPerSecond: Type.Number(),
      /** What each rank's link carries: comparable with the link's speed, whatever the number of ranks. */
      busGigabytesPerSecond: Type.Number(),
    }),
  ),
});
export type AllReduceResult = Static<typeof AllReduceResult>;

/**
 * Decimal gigabytes a second. Every byte crosses each rank's link 2(n − 1)/n times, which makes the bus bandwidth:
 * NVIDIA/nccl-tests, doc/PERFORMANCE.md.
 */
export function bandwidths(
  { bytes, seconds }: MeasuredSize,
  ranks: number,
): AllReduceResult['sizes'][number] {
  const algorithmGigabytesPerSecond = bytes / seconds / 1e9;
  return {
    bytes,
    microseconds: seconds * 1e6,
    algorithmGigabytesPerSecond,
    busGigabytesPerSecond: (algorithmGigabytesPerSecond * 2 * (ranks - 1)) / ranks,
  };
}
