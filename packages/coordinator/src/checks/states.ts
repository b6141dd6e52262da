/** What a node's facts and its answer to a first look say, as the judge wants it. */
import type { NodeState } from '@dsr1/shared/fabric/check/judge-nodes';
import type { LookAnswer } from '@dsr1/shared/fabric/check/requests';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { UsableNode } from '../plan/input.ts';

export interface Looked {
  readonly answer: LookAnswer;
  /** Its clock minus ours, with half of the round trip taken off. */
  readonly clockOffsetMs: number;
}

/** Bytes that a rank on the node takes of its limits; null = nothing special. */
export interface Needs {
  readonly memlockBytes: number | null;
  readonly shmBytes: number | null;
}

export function stateOf(
  { name, facts }: UsableNode,
  { answer, clockOffsetMs }: Looked,
  needs: Needs,
): NodeState {
  const limits = probed(facts.limits, null);
  return {
    ...silent(name, null),
    memlockBytes: limits?.memlockBytes ?? null,
    shmBytes: limits?.shmBytes ?? null,
    needsMemlockBytes: needs.memlockBytes,
    needsShmBytes: needs.shmBytes,
    versions: versionsOf(facts),
    clockOffsetMs,
    silentNameServers:
      probed(facts.settings, null)?.nameServers.flatMap((one) => (one.silent ? one.address : [])) ?? [],
    lookups: answer.lookups,
  };
}

/** A node of which nothing is known but why. */
export const silent = (node: string, problem: NodeState['problem']): NodeState => ({
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
