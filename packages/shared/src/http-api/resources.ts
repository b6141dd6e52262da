/**
 * Resources of the HTTP API (`/api/v1`). Coordinator, dsr1ctl and dashboard share these schemas; OpenAPI is made of them.
 */
import { type Static, Type } from 'typebox';
import { Diagnosis } from '../diagnose/model.ts';
import { Phase } from '../engines/phases.ts';
import { NodeFacts } from '../facts/node.ts';
import { Nullable } from '../facts/nullable.ts';
import { LaunchPlan, Rejection } from '../plan/model.ts';
import { DeploymentSpec, EngineKind } from '../spec/deployment.ts';

export const NodeState = Type.Union([
  Type.Literal('online'),
  /** Silent for three heartbeats: no new work. */
  Type.Literal('suspect'),
  /** Silent for longer, or never seen since the coordinator started. */
  Type.Literal('lost'),
  Type.Literal('quarantined'),
]);
export type NodeState = Static<typeof NodeState>;

export const NodeSummary = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: NodeState,
  cordoned: Type.Boolean(),
  agentVersion: Nullable(Type.String()),
  bootId: Nullable(Type.String()),
  joinedAt: Type.String(),
  lastSeenAt: Nullable(Type.String()),
  /** Short inventory for tables: `8 × H20-96`, `8 HCA`, control address. */
  gpus: Nullable(Type.String()),
  hcaCount: Nullable(Type.Integer()),
  address: Nullable(Type.String()),
  /** Deployments with a rank here. */
  deployments: Type.Array(Type.String()),
  certificateExpiresAt: Nullable(Type.String()),
});
export type NodeSummary = Static<typeof NodeSummary>;

export const NodeDetail = Type.Intersect([
  NodeSummary,
  Type.Object({ facts: Nullable(NodeFacts), factsAt: Nullable(Type.String()) }),
]);
export type NodeDetail = Static<typeof NodeDetail>;

export const TokenSummary = Type.Object({
  id: Type.String(),
  createdAt: Type.String(),
  expiresAt: Type.String(),
  maxUses: Type.Integer(),
  uses: Type.Integer(),
  revoked: Type.Boolean(),
  note: Type.String(),
});
export type TokenSummary = Static<typeof TokenSummary>;
/** The only answer that ever holds the token itself. */
export const CreatedToken = Type.Intersect([
  TokenSummary,
  Type.Object({ token: Type.String(), joinLine: Type.String() }),
]);
export type CreatedToken = Static<typeof CreatedToken>;
export const TokenRequest = Type.Object(
  {
    ttlSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 30 * 86_400 })),
    maxUses: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    note: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type TokenRequest = Static<typeof TokenRequest>;

export const DeploymentState = Type.Union([
  Type.Literal('pending'),
  Type.Literal('preparing'),
  Type.Literal('rehearsing'),
  Type.Literal('starting'),
  Type.Literal('serving'),
  Type.Literal('stopping'),
  Type.Literal('stopped'),
  /** Waits for nodes, ports or a backoff before the next attempt; `message` says for what. */
  Type.Literal('waiting'),
  Type.Literal('failed'),
]);
export type DeploymentState = Static<typeof DeploymentState>;

/** What a rank really talks over, as NCCL says in its log, beside the plan. */
export const RankNetwork = Type.Object({
  /** `fallback`: TCP where RDMA was planned; `unproven`: no log has named a network. */
  verdict: Type.Enum(['proven', 'differs', 'fallback', 'unproven']),
  /** NCCL's word: IB, Socket … */
  network: Nullable(Type.String()),
  /** `mlx5_1:1` */
  devices: Type.Array(Type.String()),
  /** Of NCCL's bootstrap. */
  interface: Nullable(Type.String()),
  /** GPUDirect RDMA on all channels, on none, or null when mixed or not said. */
  gdr: Nullable(Type.Boolean()),
  ncclVersion: Nullable(Type.String()),
  because: Type.Array(Type.String()),
});
export type RankNetwork = Static<typeof RankNetwork>;

export const RankStatus = Type.Object({
  rank: Type.Integer(),
  node: Type.String(),
  nodeState: NodeState,
  state: Type.Union([
    Type.Literal('planned'),
    Type.Literal('prepared'),
    Type.Literal('running'),
    Type.Literal('exited'),
    Type.Literal('stopped'),
  ]),
  phase: Nullable(Phase),
  /** 0..1 within the phase when the engine says. */
  progress: Nullable(Type.Number()),
  detail: Nullable(Type.String()),
  /** Seconds since commit at which each phase was entered. */
  phaseSeconds: Type.Record(Type.String(), Type.Number()),
  pid: Nullable(Type.Integer()),
  exitCode: Nullable(Type.Integer()),
  exitSignal: Nullable(Type.String()),
  /** Last lines of the log when the rank failed. */
  evidence: Type.Array(Type.String()),
  /** Absent when there is nothing to prove. */
  network: Type.Optional(RankNetwork),
});
export type RankStatus = Static<typeof RankStatus>;

export const DeploymentSummary = Type.Object({
  name: Type.String(),
  engine: EngineKind,
  state: DeploymentState,
  /** One sentence: what it waits for, or why it failed. */
  message: Type.String(),
  epoch: Type.Integer(),
  nodes: Type.Array(Type.String()),
  endpoint: Nullable(Type.String()),
  createdAt: Type.String(),
  servingSince: Nullable(Type.String()),
});
export type DeploymentSummary = Static<typeof DeploymentSummary>;

export const DeploymentDetail = Type.Intersect([
  DeploymentSummary,
  Type.Object({
    spec: DeploymentSpec,
    plan: Nullable(LaunchPlan),
    ranks: Type.Array(RankStatus),
    rejections: Type.Array(Rejection),
    /** What a node answered or reported that made the deployment fail; absent when it only ended. */
    failure: Type.Optional(
      Type.Object({
        code: Type.String(),
        message: Type.String(),
        hint: Nullable(Type.String()),
        /** What proves it, where no rank said it. */
        evidence: Type.Optional(Type.Array(Type.String())),
      }),
    ),
    /** Why the latest attempt failed, or hangs: most likely first, from the logs of all ranks. */
    diagnoses: Type.Optional(Type.Array(Diagnosis)),
    /** While it starts, by the last start of the same model, engine and gang; absent before the first that served. */
    eta: Type.Optional(Type.Object({ secondsLeft: Type.Integer(), lastSeconds: Type.Integer() })),
    /** Relaunches since it was deployed. */
    attempts: Type.Integer(),
  }),
]);
export type DeploymentDetail = Static<typeof DeploymentDetail>;

/** Where a client sends requests and the generated key of the running attempt (role operator). */
export const EndpointAccess = Type.Object({
  url: Type.String(),
  apiKey: Nullable(Type.String()),
  model: Type.String(),
});
export type EndpointAccess = Static<typeof EndpointAccess>;

export const EventLevel = Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')]);
export const ClusterEvent = Type.Object({
  /** Rises by one; `GET /events?after=` continues from it. */
  sequence: Type.Integer(),
  at: Type.String(),
  level: EventLevel,
  /** `node.joined`, `node.lost`, `deployment.phase`, `deployment.serving` … (docs/vocabulary.md). */
  kind: Type.String(),
  node: Nullable(Type.String()),
  deployment: Nullable(Type.String()),
  message: Type.String(),
  data: Type.Record(Type.String(), Type.Unknown()),
});
export type ClusterEvent = Static<typeof ClusterEvent>;

export const KeyRole = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')]);
export type KeyRole = Static<typeof KeyRole>;

export const KeySummary = Type.Object({
  id: Type.String(),
  role: KeyRole,
  note: Type.String(),
  createdAt: Type.String(),
  revoked: Type.Boolean(),
});
export type KeySummary = Static<typeof KeySummary>;
/** The only answer that ever holds the key itself. */
export const CreatedKey = Type.Intersect([KeySummary, Type.Object({ key: Type.String() })]);
export type CreatedKey = Static<typeof CreatedKey>;
export const KeyRequest = Type.Object(
  { role: KeyRole, note: Type.Optional(Type.String({ maxLength: 200 })) },
  { additionalProperties: false },
);
export type KeyRequest = Static<typeof KeyRequest>;

export const VersionInfo = Type.Object({
  version: Type.String(),
  clusterId: Type.String(),
  clusterName: Type.String(),
});
export type VersionInfo = Static<typeof VersionInfo>;
