/** What a check of live nodes tests, finds and keeps. Coordinator, dsr1ctl and the HTTP API share these. */
import { type Static, Type } from 'typebox';
import { Nullable } from '../../facts/nullable.ts';
import { AllReduceResult } from './all-reduce.ts';

/** One end of a path: the control interface, or the HCA that the plan gives to a rail. */
export const CheckEnd = Type.Object({
  node: Type.String(),
  /** null = the control path. */
  rail: Nullable(Type.Integer({ minimum: 0 })),
  netdev: Nullable(Type.String()),
  address: Nullable(Type.String()),
  prefixLength: Nullable(Type.Integer()),
  device: Nullable(Type.String()),
  port: Type.Integer(),
  gidIndex: Nullable(Type.Integer()),
  linkLayer: Nullable(Type.Union([Type.Literal('ib'), Type.Literal('eth')])),
  /** Of the interface. */
  mtuBytes: Nullable(Type.Integer()),
  /** IPv6 address that the link has by itself: it reaches its cable's other end whatever is configured. */
  linkLocal: Nullable(Type.String()),
});
export type CheckEnd = Static<typeof CheckEnd>;

export const VerbsTool = Type.Union([
  Type.Literal('ib_write_bw'),
  Type.Literal('ib_send_lat'),
  Type.Literal('ibv_rc_pingpong'),
]);
export type VerbsTool = Static<typeof VerbsTool>;

/** RDMA packets that the two ports counted during a test; null where a port does not count. */
export const PacketCount = Type.Object({
  sent: Nullable(Type.Integer()),
  received: Nullable(Type.Integer()),
});
export type PacketCount = Static<typeof PacketCount>;

export const PairResult = Type.Object({
  /** Who dialled, and whom. */
  from: Type.String(),
  to: Type.String(),
  rail: Nullable(Type.Integer()),
  test: Type.Union([Type.Literal('tcp'), Type.Literal('mtu'), Type.Literal('verbs'), Type.Literal('link')]),
  tool: Nullable(VerbsTool),
  outcome: Type.Union([Type.Literal('pass'), Type.Literal('fail'), Type.Literal('untested')]),
  /** What was seen, in a few words. */
  detail: Type.String(),
  gigabitsPerSecond: Nullable(Type.Number()),
  microseconds: Nullable(Type.Number()),
  /** verbs only. */
  packets: Nullable(Type.Object({ from: PacketCount, to: PacketCount })),
  /** link only: rails of the peer that answer on this rail's cable. */
  reachedRails: Type.Array(Type.Integer()),
});
export type PairResult = Static<typeof PairResult>;

/** The broken thing; `path` is what lies between two nodes when nothing tells which side it is. */
export const Culprit = Type.Object({
  kind: Type.Union([
    Type.Literal('node'),
    Type.Literal('port'),
    Type.Literal('cable'),
    Type.Literal('path'),
    Type.Literal('switch'),
    Type.Literal('gang'),
  ]),
  nodes: Type.Array(Type.String()),
  rail: Nullable(Type.Integer()),
  device: Nullable(Type.String()),
});
export type Culprit = Static<typeof Culprit>;

export const CheckFinding = Type.Object({
  severity: Type.Union([Type.Literal('error'), Type.Literal('warning')]),
  category: Type.String(),
  culprit: Culprit,
  cause: Type.String(),
  evidence: Type.Array(Type.String()),
  fix: Type.String(),
});
export type CheckFinding = Static<typeof CheckFinding>;

/** A figure of a pair (`gpu-1 > gpu-2`) or of a gang (`gpu-1 + gpu-2`) beside the best one known. */
export const ComparedFigure = Type.Object({
  subject: Type.String(),
  /** `rail 0 ib_write_bw Gb/s`. */
  figure: Type.String(),
  value: Type.Number(),
  /** null = first measured now. */
  baseline: Nullable(Type.Number()),
});
export type ComparedFigure = Static<typeof ComparedFigure>;

export const CheckReport = Type.Object({
  id: Type.String(),
  state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
  /** What it does now, or why it failed. */
  message: Type.String(),
  deployment: Nullable(Type.String()),
  nodes: Type.Array(Type.String()),
  startedAt: Type.String(),
  transport: Nullable(Type.String()),
  ends: Type.Array(CheckEnd),
  pairs: Type.Array(PairResult),
  /** Absent until the pairs are through. */
  allReduce: Type.Optional(AllReduceResult),
  figures: Type.Array(ComparedFigure),
  findings: Type.Array(CheckFinding),
});
export type CheckReport = Static<typeof CheckReport>;

/** Exactly one of the two. */
export const CheckRequest = Type.Object(
  {
    nodes: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 256, uniqueItems: true })),
    deployment: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type CheckRequest = Static<typeof CheckRequest>;

/** How people call a path. */
export const pathName = (rail: number | null): string =>
  rail === null ? 'the control path' : `rail ${rail}`;
