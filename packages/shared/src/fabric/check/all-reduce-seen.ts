/** An all-reduce as its judges see it: what was planned, and what every rank said. */
import type { NodeFabric, Transport } from '../model.ts';
import type { AllReduceBackend, AllReduceRank } from './all-reduce.ts';

export interface AllReduceSeen {
  readonly backend: AllReduceBackend;
  readonly transport: Transport | null;
  /** Head first. */
  readonly nodes: readonly {
    readonly name: string;
    readonly fabric: NodeFabric;
    readonly ranks: readonly AllReduceRank[];
  }[];
}

export type SeenRank = AllReduceRank & { readonly node: string };

export const ranksOf = ({ nodes }: AllReduceSeen): SeenRank[] =>
  nodes.flatMap(({ name, ranks }) => ranks.map((rank) => ({ ...rank, node: name })));

export const rankName = ({ node, rank }: SeenRank): string => `${node} rank ${rank}`;
