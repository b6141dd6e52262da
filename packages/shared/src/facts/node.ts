/**
 * Everything a node reports of itself. One field is one probe; each is detected with its source, or not with a reason.
 * Only what is stable belongs here: an unchanged host must hash to the same value (see facts/hash.ts), so free memory,
 * load and temperatures travel in heartbeats.
 */
import { type Static, Type } from 'typebox';
import { GpuInventory, GpuTopology } from './gpu.ts';
import { Hca } from './hca.ts';
import { Netdev, Route } from './netdev.ts';
import { Nullable, Probe } from './nullable.ts';
import { HostSettings } from './settings.ts';

export const OsFacts = Type.Object({
  distribution: Type.String(),
  kernel: Type.String(),
  arch: Type.String(),
  /** `none`, `kvm`, `systemd-nspawn`, `docker` … */
  virtualisation: Nullable(Type.String()),
});
export type OsFacts = Static<typeof OsFacts>;
export const CpuFacts = Type.Object({
  model: Type.String(),
  cores: Type.Integer(),
  numaNodes: Type.Integer(),
});
export type CpuFacts = Static<typeof CpuFacts>;
export const MemoryFacts = Type.Object({ totalBytes: Type.Integer() });
export type MemoryFacts = Static<typeof MemoryFacts>;
export const DiskFacts = Type.Object({
  mount: Type.String(),
  totalBytes: Type.Integer(),
  freeGiB: Type.Integer(),
});
export type DiskFacts = Static<typeof DiskFacts>;
export const LimitFacts = Type.Object({
  /** Limits that a rank would get (null = unlimited). */
  memlockBytes: Nullable(Type.Integer()),
  nofile: Nullable(Type.Integer()),
  shmBytes: Nullable(Type.Integer()),
});
export type LimitFacts = Static<typeof LimitFacts>;
export const PortRange = Type.Object({ low: Type.Integer(), high: Type.Integer() });
export type PortRange = Static<typeof PortRange>;

/** One Python environment that can run an engine, on a node or inside an image. */
export const EngineInstall = Type.Object({
  engine: Type.Union([Type.Literal('sglang'), Type.Literal('vllm')]),
  version: Type.String(),
  /** Absolute path of the interpreter (`/opt/engines/vllm/bin/python`); inside an image also a name that its PATH finds. */
  python: Type.String(),
  pythonVersion: Nullable(Type.String()),
  torch: Nullable(Type.String()),
  nccl: Nullable(Type.String()),
  cuda: Nullable(Type.String()),
  ray: Nullable(Type.String()),
  /** The engine's argument list as its own parser gave it (engines/flag-table.ts has the form); read on demand, never in facts. */
  flags: Type.Optional(Type.String()),
});
export type EngineInstall = Static<typeof EngineInstall>;

export const RuntimeFacts = Type.Object({
  /** systemd is PID 1 and answers. */
  systemd: Nullable(Type.String()),
  docker: Nullable(Type.String()),
  /** Why `docker` is null: no socket, no permission, nothing that listens there. */
  dockerProblem: Type.Optional(Type.String()),
  /** A C++ compiler, which engines need for just-in-time kernels. */
  compiler: Nullable(Type.String()),
});
export type RuntimeFacts = Static<typeof RuntimeFacts>;

/** A tool's view that differs from the one believed. */
export const Contradiction = Type.Object({
  subject: Type.String(),
  believed: Type.Object({ source: Type.String(), value: Type.String() }),
  rejected: Type.Object({ source: Type.String(), value: Type.String() }),
  because: Type.String(),
});
export type Contradiction = Static<typeof Contradiction>;

export const NodeFacts = Type.Object({
  schema: Type.Literal(1),
  hostname: Type.String(),
  bootId: Type.String(),
  /** Detects clones; never a credential. */
  fingerprint: Type.String(),
  /** Address under which the other nodes reach this one, where the operator set it. */
  nodeIp: Type.Optional(Type.String()),
  agentVersion: Type.String(),
  /** Argv that starts dsr1-agent on this node (absolute paths): rehearsal ranks run the agent's own program. */
  agentCommand: Type.Array(Type.String(), { minItems: 1 }),
  os: Probe(OsFacts),
  cpu: Probe(CpuFacts),
  memory: Probe(MemoryFacts),
  disks: Probe(Type.Array(DiskFacts)),
  netdevs: Probe(Type.Array(Netdev)),
  routes: Probe(Type.Array(Route)),
  hcas: Probe(Type.Array(Hca)),
  gpus: Probe(GpuInventory),
  gpuTopology: Probe(GpuTopology),
  limits: Probe(LimitFacts),
  ephemeralPorts: Probe(PortRange),
  engines: Probe(Type.Array(EngineInstall)),
  runtimes: Probe(RuntimeFacts),
  settings: Type.Optional(Probe(HostSettings)),
  contradictions: Type.Array(Contradiction),
  /** Cross-check tools: what each said, or why it did not answer (`ibdev2netdev`: "not installed"). */
  tools: Type.Array(Type.Object({ tool: Type.String(), answered: Type.Boolean(), note: Type.String() })),
});
export type NodeFacts = Static<typeof NodeFacts>;
