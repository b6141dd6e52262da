/** One rank: what its engine starts on its node, and what the node must offer before. */
import type { Engine, RankContext } from '@dsr1/shared/engines/engine';
import type { NodeFabric } from '@dsr1/shared/fabric/model';
import type { EngineInstall } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { ProcessPlan, RankPlan, RuntimeKind } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { UsableNode } from './input.ts';

export interface RankInput {
  readonly engine: Engine;
  readonly node: UsableNode;
  readonly fabric: NodeFabric;
  readonly install: EngineInstall | null;
  readonly gpus: readonly number[];
  readonly context: RankContext;
  readonly rdma: boolean;
}

export function rankPlan({ engine, node, fabric, install, gpus, context, rdma }: RankInput): RankPlan {
  const { spec } = context;
  const runtime = runtimeOf(spec, node);
  // A container is given its GPUs alone, and counts them from 0.
  const visible = runtime === 'docker' ? [] : gpus;
  const processes = engine.processes(context).map((process) => withDevices(process, node, visible));
  return {
    rank: context.rank,
    nodeId: node.id,
    nodeName: node.name,
    engine: engine.kind,
    engineVersion: install?.version ?? null,
    runtime,
    controlInterface: context.controlInterface,
    address: context.address,
    gpuIndices: [...gpus],
    hcas: fabric.hcas.map(({ device }) => device),
    requiredPaths: requiredPaths(context, processes),
    ports: [...engine.portPlans(context)],
    randomPorts: engine.randomPorts(context),
    image: spec.engine.image ?? null,
    processes,
    files: [...engine.files(context)],
    health: engine.health(context),
    stopGraceSeconds: spec.stopGraceSeconds ?? 30,
    minMemlockBytes: rdma ? MIN_MEMLOCK_BYTES : null,
    minShmBytes: engine.installName === null ? null : gpus.length > 1 ? MIN_SHM_BYTES : MIN_SHM_ALONE_BYTES,
  };
}

/** RDMA registers NCCL's buffers and those of the engine; hosts with a limit at all have one far below this. */
export const MIN_MEMLOCK_BYTES = 4 * 2 ** 30;
/** NCCL's shared-memory transport and the engines' message queues between the ranks of one node. */
export const MIN_SHM_BYTES = 2 ** 30;
/** An engine's own processes talk through it even when a node has one rank; Docker's default is enough for that. */
export const MIN_SHM_ALONE_BYTES = 64 * 2 ** 20;

function runtimeOf({ runtime = 'auto', engine }: DeploymentSpec, { facts }: UsableNode): RuntimeKind {
  if (runtime !== 'auto') return runtime;
  if (engine.image !== undefined) return 'docker';
  return probed(facts.runtimes, null)?.systemd == null ? 'process' : 'systemd';
}

function requiredPaths({ modelPath, spec }: RankContext, processes: readonly ProcessPlan[]): string[] {
  const programs = spec.engine.image === undefined ? processes.flatMap(({ argv }) => argv[0] ?? []) : [];
  return [...new Set([...programs, ...(modelPath === null ? [] : [modelPath])])].filter((path) =>
    path.startsWith('/'),
  );
}

/** A rank that takes some of its node's GPUs sees only those. */
function withDevices(planned: ProcessPlan, { facts }: UsableNode, gpus: readonly number[]): ProcessPlan {
  const total = probed(facts.gpus, null)?.gpus.length ?? 0;
  if (gpus.length === 0 || gpus.length === total) return planned;
  return {
    ...planned,
    env: { CUDA_VISIBLE_DEVICES: gpus.join(','), ...planned.env },
    reasons: { ...planned.reasons, CUDA_VISIBLE_DEVICES: `${gpus.length} of the node's ${total} GPUs` },
  };
}
