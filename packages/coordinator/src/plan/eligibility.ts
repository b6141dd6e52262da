/** Whether one node can take a rank at all. */
import type { Engine } from '@dsr1/shared/engines/engine';
import { probed } from '@dsr1/shared/facts/nullable';
import type { Rejection } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { PlanNode, UsableNode } from './input.ts';
import { installProblem } from './installs.ts';

type Obstacle = Omit<Rejection, 'node'>;

/** Why the node cannot be in the gang, null when it can. */
export function obstacle(node: PlanNode, spec: DeploymentSpec, engine: Engine): Obstacle | null {
  const { names, exclude } = spec.nodes ?? {};
  if (names !== undefined && !names.includes(node.name))
    return of('not-named', 'nodes.names does not list it', 'add it to nodes.names');
  if (exclude?.includes(node.name))
    return of('excluded', 'nodes.exclude lists it', 'remove it from nodes.exclude');
  if (node.cordoned) return of('cordoned', 'it is cordoned', `dsr1ctl node uncordon ${node.name}`);
  if (node.state !== 'online')
    return of(`node-${node.state}`, STATES[node.state], `look at the dsr1-agent service on ${node.name}`);
  if (node.facts === null)
    return of('no-facts', 'its facts are not known yet', 'wait some seconds, or restart its agent');
  return (
    gpuObstacle(node as UsableNode, spec, engine) ??
    installProblem(spec, engine, node as UsableNode) ??
    runtimeObstacle(node as UsableNode, spec)
  );
}

/** GPUs that a rank on this node would take, in index order. */
export function gpusFor(node: UsableNode, spec: DeploymentSpec, engine: Engine): readonly number[] {
  const wanted = spec.gpusPerNode ?? (engine.usesGpus ? undefined : 0);
  const free =
    probed(node.facts.gpus, null)
      ?.gpus.map(({ index }) => index)
      .filter((index) => !node.busyGpus.includes(index)) ?? [];
  return free.toSorted((a, b) => a - b).slice(0, wanted);
}

/** Nodes of one group can be ranks of one gang. */
export function gpuGroup(node: UsableNode, spec: DeploymentSpec): string {
  if (spec.gpusPerNode === 0) return 'CPU ranks';
  const gpus =
    probed(node.facts.gpus, null)?.gpus.filter(({ index }) => !node.busyGpus.includes(index)) ?? [];
  if (gpus.length === 0) return 'no GPU';
  return `${spec.gpusPerNode ?? gpus.length} × ${[...new Set(gpus.map(({ name }) => name))].sort().join(' + ')}`;
}

const STATES = {
  suspect: 'it has been silent for some heartbeats',
  lost: 'it is lost: no session since the coordinator started, or silent for too long',
  quarantined: 'it is quarantined after repeated failures',
} as const;

function gpuObstacle(node: UsableNode, spec: DeploymentSpec, engine: Engine): Obstacle | null {
  const { gpus } = node.facts;
  const wanted = spec.gpusPerNode ?? (engine.usesGpus ? 1 : 0);
  if (wanted === 0) return null;
  const cpu = 'for CPU ranks set gpusPerNode: 0';
  if (!gpus.detected)
    return of('gpus', `its GPUs are not known: ${gpus.reason}`, `install the NVIDIA driver there; ${cpu}`);
  const total = gpus.value.gpus.length;
  const free = total - node.busyGpus.length;
  if (free >= wanted) return null;
  const held =
    node.busyGpus.length === 0 ? '' : `, ${node.busyGpus.length} of them held by other deployments`;
  return of(
    'gpus',
    `it has ${total} GPUs${held}; a rank needs ${wanted}`,
    total >= wanted ? 'stop a deployment there, or leave the node out' : `lower gpusPerNode; ${cpu}`,
  );
}

function runtimeObstacle(
  { facts }: UsableNode,
  { runtime = 'auto', engine }: DeploymentSpec,
): Obstacle | null {
  const wanted = runtime === 'auto' && engine.image !== undefined ? 'docker' : runtime;
  if (wanted === 'auto' || wanted === 'process') return null;
  const { runtimes } = facts;
  if (!runtimes.detected)
    return of('runtime-missing', `its runtimes are not known: ${runtimes.reason}`, MEND[wanted]);
  if (runtimes.value[wanted] !== null) return null;
  const why = wanted === 'docker' ? runtimes.value.dockerProblem : undefined;
  const because = `it has no usable ${wanted}${why === undefined ? '' : `: ${why}`}`;
  return of('runtime-missing', because, MEND[wanted]);
}

const MEND = {
  systemd: 'boot it with systemd, or set runtime: auto',
  docker:
    'install Docker there (or Podman with its socket), start it, and let the agent use the socket: run it as root or in the group docker, name another one with dockerSocket in its configuration; or leave engine.image out',
} as const;

const of = (category: string, because: string, fix: string): Obstacle => ({ category, because, fix });
