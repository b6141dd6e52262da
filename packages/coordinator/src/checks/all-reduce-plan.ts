/** The ranks of an all-reduce: as a launch would start them, on GPUs that nobody uses. */
import type { Engine } from '@dsr1/shared/engines/engine';
import type { AllReduceBackend } from '@dsr1/shared/fabric/check/all-reduce';
import type { NodeFabric, Transport } from '@dsr1/shared/fabric/model';
import type { EngineInstall } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { gangSelection } from '../plan/fabric.ts';
import type { UsableNode } from '../plan/input.ts';
import { installOf } from '../plan/installs.ts';
import { grantPorts } from '../plan/ports.ts';

export interface AllReducePlan {
  readonly backend: AllReduceBackend;
  readonly transport: Transport | null;
  /** Where rank 0 listens. */
  readonly address: string;
  readonly port: number;
  readonly sizesBytes: readonly number[];
  /** Head first; ranks count on from node to node. */
  readonly nodes: readonly {
    readonly id: string;
    readonly name: string;
    readonly python: string;
    readonly env: Readonly<Record<string, string>>;
    readonly fabric: NodeFabric;
    readonly ranks: readonly { readonly rank: number; readonly gpu: number | null }[];
  }[];
}

export interface NoAllReduce {
  readonly untested: string;
}

/** Latency and bandwidth: Gloo moves through the hosts' memory, so a smaller one is long enough. */
const SIZES: Readonly<Record<AllReduceBackend, readonly number[]>> = {
  nccl: [8, 64 * 2 ** 20],
  gloo: [8, 8 * 2 ** 20],
};

export interface AllReduceWish {
  readonly spec: DeploymentSpec;
  readonly engine: Engine;
  /** Head first. */
  readonly gang: readonly UsableNode[];
  /** GPUs of one node's ranks; none = one rank without a GPU. */
  readonly gpus: (node: UsableNode) => readonly number[];
}

/** `freshness` moves the port on from one all-reduce to the next. */
export function planAllReduce(wish: AllReduceWish, freshness: number): AllReducePlan | NoAllReduce {
  const { spec, engine, gang } = wish;
  if (gang.length < 2) return { untested: 'one node alone has no network to prove' };
  if (spec.engine.image !== undefined)
    return { untested: `the engine is in an image, whose torch a check does not start` };
  const installs = installsOf(spec, engine, gang);
  const without = gang.filter((_, i) => installs[i]?.torch == null).map(({ name }) => name);
  if (without.length > 0) return { untested: `no environment with torch is known on ${without.join(', ')}` };
  const wanted = gang.map(wish.gpus);
  const cuda = wanted.every((own) => own.length > 0) && installs.every((install) => install?.cuda != null);
  const gpus = gang.map((node, i) => (cuda ? (wanted[i]?.filter((gpu) => isIdle(node, gpu)) ?? []) : []));
  const busy = cuda ? gang.filter((_, i) => gpus[i]?.length === 0).map(({ name }) => name) : [];
  if (busy.length > 0) return { untested: `the GPUs of ${busy.join(', ')} are in use` };

  const backend = cuda ? 'nccl' : 'gloo';
  const selection = gangSelection(spec, engine, gang, gpus[0]?.length ?? 0, installs[0] ?? null);
  const ports = grantPorts([RENDEZVOUS], gang, {
    spec,
    epoch: freshness,
    avoidPorts: {},
    endpointPort: null,
  });
  const address = selection.nodes[0]?.address ?? null;
  if (address === null || selection.transport === null)
    return { untested: 'the nodes have no common network' };
  if ('rejections' in ports) return { untested: ports.rejections[0]?.because ?? 'no port is free' };
  let next = 0;
  return {
    backend,
    transport: selection.transport,
    address,
    port: ports.byRank[0]?.[RENDEZVOUS.name] ?? 0,
    sizesBytes: SIZES[backend],
    nodes: gang.flatMap(({ id, name }, i) => {
      const [fabric, install] = [selection.nodes[i], installs[i]];
      if (fabric === undefined || install == null) return [];
      const ranks = (cuda ? (gpus[i] ?? []) : [null]).map((gpu) => ({ rank: next++, gpu }));
      const env = { ...fabric.env, ...(cuda ? { NCCL_DEBUG: 'INFO' } : {}), ...networkEnv(spec) };
      return [{ id, name, python: install.python, env, fabric, ranks }];
    }),
  };
}

/** Those that the deployment would take of each node, by number alone. */
export const gpusOf =
  ({ gpusPerNode }: DeploymentSpec): AllReduceWish['gpus'] =>
  ({ facts }) =>
    (probed(facts.gpus, null)?.gpus ?? [])
      .map(({ index }) => index)
      .toSorted((a, b) => a - b)
      .slice(0, gpusPerNode);

const RENDEZVOUS = { name: 'rendezvous', span: 1, use: 'rendezvous', on: 'head' } as const;

/** What the engine would run; without an engine, the first environment that all nodes have, so that versions agree. */
function installsOf(
  spec: DeploymentSpec,
  engine: Engine,
  gang: readonly UsableNode[],
): readonly (EngineInstall | null)[] {
  if (engine.installName !== null) return gang.map((node) => installOf(spec, engine, node));
  const all = gang.map(({ facts }) => probed(facts.engines, []).filter(({ torch }) => torch !== null));
  const same = (a: EngineInstall) => (b: EngineInstall) => a.torch === b.torch && a.nccl === b.nccl;
  const common = all[0]?.find((install) => all.every((own) => own.some(same(install))));
  return all.map((own) => (common === undefined ? own[0] : own.find(same(common))) ?? null);
}

const isIdle = ({ facts }: UsableNode, index: number): boolean =>
  probed(facts.gpus, null)?.gpus.find((gpu) => gpu.index === index)?.processes.length === 0;

/** The deployment's own variables that bear on the network; secrets of the engine stay where they are. */
const networkEnv = ({ engine }: DeploymentSpec): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(engine.env ?? {}).filter(([name]) => NETWORK.test(name)));

const NETWORK = /^(?:NCCL|RCCL|GLOO|TORCH_NCCL|UCX|FI|IBV|RDMAV|MLX5|OFI_NCCL|LD_LIBRARY_PATH|CUDA)(?:_|$)/;
