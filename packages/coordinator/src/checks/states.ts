/** What a node's facts and its answer to a first look say, as the judge wants it. */
import type { NodeState } from '@dsr1/shared/fabric/check/judge-nodes';
import type { LookAnswer } from '@dsr1/shared/fabric/check/requests';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import { MIN_MEMLOCK_BYTES, MIN_SHM_BYTES } from '../plan/rank-plan.ts';

export interface Looked {
  readonly answer: LookAnswer;
  /** Its clock minus ours, with half of the round trip taken off. */
  readonly clockOffsetMs: number;
}

export function stateOf(
  node: string,
  facts: NodeFacts,
  { answer, clockOffsetMs }: Looked,
  rdma: boolean,
): NodeState {
  const limits = probed(facts.limits, null);
  const gpus = probed(facts.gpus, null);
  return {
    ...silent(node, null),
    memlockBytes: limits?.memlockBytes ?? null,
    shmBytes: limits?.shmBytes ?? null,
    needsMemlockBytes: rdma ? MIN_MEMLOCK_BYTES : null,
    needsShmBytes: (gpus?.gpus.length ?? 0) > 1 ? MIN_SHM_BYTES : null,
    versions: versionsOf(facts),
    clockOffsetMs,
    silentNameServers:
      probed(facts.settings, null)?.nameServers.flatMap((one) => (one.silent ? one.address : [])) ?? [],
    lookups: answer.lookups,
  };
}

/** A node of which nothing is known but why. */
export const silent = (node: string, problem: string | null): NodeState => ({
  node,
  problem,
  memlockBytes: null,
  shmBytes: null,
  needsMemlockBytes: null,
  needsShmBytes: null,
  versions: {},
  clockOffsetMs: null,
  silentNameServers: [],
  lookups: [],
});

function versionsOf(facts: NodeFacts): Record<string, string> {
  const driver = probed(facts.gpus, null)?.driverVersion ?? null;
  const installs = Map.groupBy(probed(facts.engines, []), ({ engine }) => engine);
  return {
    ...(driver === null ? {} : { 'the GPU driver': driver }),
    ...Object.fromEntries(
      [...installs].flatMap(([engine, own]) => {
        const nccl = listed(own.map((install) => install.nccl));
        return [
          [engine, listed(own.map(({ version }) => version))],
          ...(nccl === '' ? [] : [[`NCCL of ${engine}`, nccl]]),
        ];
      }),
    ),
  };
}

const listed = (versions: readonly (string | null)[]): string =>
  [...new Set(versions.filter((version) => version !== null))].sort().join(', ');
