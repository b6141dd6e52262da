/** What does the gang look like: every rank beside its node and the latest report of this epoch. */
import type { RankReport } from '@dsr1/shared/wire/messages';
import type { NodeView } from '../nodes/hub.ts';
import type { AttemptRecord, RankRecord } from './model.ts';

export interface GangRank {
  readonly record: RankRecord;
  /** null: the node was removed from the cluster. */
  readonly node: NodeView | null;
  readonly report: RankReport | null;
}

export type NodesById = ReadonlyMap<string, NodeView>;

export function lookAtGang(
  deployment: string,
  attempt: AttemptRecord,
  nodes: NodesById,
): readonly GangRank[] {
  return attempt.ranks.map((record) => {
    const node = nodes.get(record.nodeId) ?? null;
    const report =
      node?.ranks.find(
        (r) => r.deployment === deployment && r.epoch === attempt.epoch && r.rank === record.rank,
      ) ?? null;
    return { record, node, report };
  });
}

/** The node can be commanded, and what it runs is known to this coordinator. */
export const isPresent = (node: NodeView | null): boolean =>
  node?.reported === true && node.sessionId !== null;

/** Present, and its facts are those of its present boot. */
export const isReady = (node: NodeView | null): boolean =>
  isPresent(node) && node?.facts != null && node.facts.bootId === node.bootId;

/** The node's boot is known and is not the one that prepared this rank: whatever ran there is gone. */
export const isRebooted = ({ record, node }: GangRank): boolean =>
  node?.reported === true && record.bootId !== null && node.bootId !== null && node.bootId !== record.bootId;

/** `rank 1 (gpu-2)` */
export const rankName = (record: RankRecord): string => `rank ${record.rank} (${record.nodeName})`;

/** `gpu-2`, `gpu-2 and gpu-3`, `gpu-2, gpu-3 and 5 more` */
export function nodeNames(names: readonly string[]): string {
  const unique = [...new Set(names)];
  if (unique.length > 4) return `${unique.slice(0, 3).join(', ')} and ${unique.length - 3} more`;
  const last = unique.at(-1) ?? '';
  return unique.length < 2 ? last : `${unique.slice(0, -1).join(', ')} and ${last}`;
}
