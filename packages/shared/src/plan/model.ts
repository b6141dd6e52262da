/**
 * The plan: everything that a launch will do, with the reason of every choice. It leaves nothing to execution.
 * Agents receive their `RankPlan` (wire/plan-codec.ts); people read the whole with `dsr1ctl plan`.
 */
import { type Static, Type } from 'typebox';
import { CheckEnd } from '../fabric/check/model.ts';
import { Nullable } from '../facts/nullable.ts';
import { EngineKind } from '../spec/deployment.ts';
import { PlanFit } from './fit.ts';

/** A TCP port that a rank's processes will listen on; `fixed` ones are reserved at prepare. */
export const PortPlan = Type.Object({
  name: Type.String(),
  /** Address that the engine binds. */
  address: Type.String(),
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
});
export type PortPlan = Static<typeof PortPlan>;

/**
 * One process to start. argv[0] is an absolute path, or a name that is looked up in the image; there is no shell anywhere. Placeholders in argv and env
 * are `{runDir}`, the folder that the agent makes for this rank of this attempt (0700), and `{cacheDir}`, the node's folder
 * for what this build of the engine compiles (0700).
 */
export const ProcessPlan = Type.Object({
  /** `main`, and names for what an engine starts beside it; unique within the rank. */
  id: Type.String(),
  argv: Type.Array(Type.String(), { minItems: 1 }),
  env: Type.Record(Type.String(), Type.String()),
  /** Reason of each variable and flag that dsr1 set, by name. */
  reasons: Type.Record(Type.String(), Type.String()),
});
export type ProcessPlan = Static<typeof ProcessPlan>;

/** A file that the agent writes (0600) into the rank's run folder; `{apiKey}` becomes the attempt's generated key, `{gangKey}` a secret of its ranks. */
export const FilePlan = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
  content: Type.String(),
});
export type FilePlan = Static<typeof FilePlan>;

export const RuntimeKind = Type.Union([
  Type.Literal('systemd'),
  Type.Literal('process'),
  Type.Literal('docker'),
]);
export type RuntimeKind = Static<typeof RuntimeKind>;

export const HealthPlan = Type.Object({
  /** Base URL of the head's HTTP server as the head itself reaches it. */
  url: Type.String(),
  /** Seconds that one probe may take (a healthy SGLang needs over 1 s). */
  timeoutSeconds: Type.Number(),
  healthPath: Type.String(),
  modelsPath: Type.String(),
});
export type HealthPlan = Static<typeof HealthPlan>;

export const RankPlan = Type.Object({
  rank: Type.Integer({ minimum: 0 }),
  nodeId: Type.String(),
  nodeName: Type.String(),
  engine: EngineKind,
  engineVersion: Nullable(Type.String()),
  runtime: RuntimeKind,
  controlInterface: Nullable(Type.String()),
  address: Type.String(),
  gpuIndices: Type.Array(Type.Integer({ minimum: 0 })),
  hcas: Type.Array(Type.String()),
  /** Paths that must exist before commit. */
  requiredPaths: Type.Array(Type.String()),
  ports: Type.Array(PortPlan),
  /** Ports that the engine opens at random, said in words for the firewall. */
  randomPorts: Nullable(Type.String()),
  image: Nullable(Type.String()),
  /** Started in this order, one right after the other; what must wait for something waits by itself. */
  processes: Type.Array(ProcessPlan, { minItems: 1 }),
  files: Type.Array(FilePlan),
  /** Only on the rank that serves HTTP. */
  health: Nullable(HealthPlan),
  stopGraceSeconds: Type.Integer(),
  minMemlockBytes: Nullable(Type.Integer()),
  minShmBytes: Nullable(Type.Integer()),
});
export type RankPlan = Static<typeof RankPlan>;

export const PhaseDeadlines = Type.Object({
  rendezvousSeconds: Type.Integer(),
  weightsSeconds: Type.Integer(),
  graphsSeconds: Type.Integer(),
  listeningSeconds: Type.Integer(),
  servingSeconds: Type.Integer(),
});
export type PhaseDeadlines = Static<typeof PhaseDeadlines>;

/** One line of "why": about a node, a device, a port, an argument. */
export const PlanReason = Type.Object({
  subject: Type.String(),
  decision: Type.String(),
  because: Type.String(),
});
export type PlanReason = Static<typeof PlanReason>;

export const Rejection = Type.Object({
  /** Node name, or null when the whole deployment is refused. */
  node: Nullable(Type.String()),
  category: Type.String(),
  because: Type.String(),
  fix: Type.String(),
  table: Type.Optional(Type.Array(Type.Array(Type.String()))),
});
export type Rejection = Static<typeof Rejection>;

export const LaunchPlan = Type.Object({
  deployment: Type.String(),
  /** Fencing number of the attempt; rises for ever. */
  epoch: Type.Integer({ minimum: 1 }),
  /** SHA-256 of the canonical JSON of the spec that was planned. */
  specHash: Type.String(),
  engine: EngineKind,
  servedName: Type.String(),
  world: Type.Object({
    nodes: Type.Integer(),
    gpusPerNode: Type.Integer(),
    tensor: Type.Integer(),
    pipeline: Type.Integer(),
  }),
  transport: Nullable(Type.String()),
  head: Type.Object({
    node: Type.String(),
    address: Type.String(),
    rendezvousPort: Nullable(Type.Integer()),
  }),
  /** What clients call, null for engines without HTTP. */
  endpoint: Nullable(Type.Object({ url: Type.String(), port: Type.Integer() })),
  ranks: Type.Array(RankPlan),
  /** Nodes × rails: device and GID of every rail member, for people and pictures. */
  rails: Type.Array(
    Type.Object({
      index: Type.Integer(),
      members: Type.Record(Type.String(), Type.String()),
      because: Type.String(),
    }),
  ),
  /** Interfaces and HCAs of every rank, with address and GID, as the rehearsal tests them; absent in plans of older versions. */
  ends: Type.Optional(Type.Array(CheckEnd)),
  deadlines: PhaseDeadlines,
  /** Absent for engines that load no model, and in plans of older versions. */
  fit: Type.Optional(PlanFit),
  reasons: Type.Array(PlanReason),
  warnings: Type.Array(Type.String()),
});
export type LaunchPlan = Static<typeof LaunchPlan>;

/** Infeasible is data: either a plan, or who was refused and why. Nodes left out of a feasible plan are listed too. */
export const PlanResult = Type.Union([
  Type.Object({ feasible: Type.Literal(true), plan: LaunchPlan, leftOut: Type.Array(Rejection) }),
  Type.Object({ feasible: Type.Literal(false), rejections: Type.Array(Rejection) }),
]);
export type PlanResult = Static<typeof PlanResult>;
