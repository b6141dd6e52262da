/** Sticky ranks: once given, a node keeps its rank in a deployment through restarts and reboots. */
import type { Rejection } from '@dsr1/shared/plan/model';
import type { PlanInput, PlanNode, UsableNode } from './input.ts';

interface Kept {
  readonly gang: readonly UsableNode[];
  readonly because: readonly string[];
}

/**
 * The gang of the last attempt. A node that is only away (rebooting, silent) is waited for, since a spare would cost a
 * whole load; one that is removed, cordoned, quarantined or excluded gives its rank to the first spare.
 */
export function keepRanks(
  { spec, nodes, previousRanks }: PlanInput,
  usable: readonly UsableNode[],
  refused: readonly Rejection[],
): Kept | { readonly rejections: readonly Rejection[] } {
  const count = spec.nodes?.count ?? Object.keys(previousRanks).length;
  const byRank = new Map(
    nodes.flatMap((node) => {
      const rank = previousRanks[node.id];
      return rank === undefined || rank >= count ? [] : [[rank, node] as const];
    }),
  );
  const kept = new Set([...byRank.values()].map(({ id }) => id));
  const spares = usable.filter(({ id }) => !kept.has(id));
  const away: Rejection[] = [];
  const seats = Array.from({ length: count }, (_, rank) => {
    const before = byRank.get(rank);
    const same = usable.find(({ id }) => id === before?.id);
    if (same !== undefined) return { node: same, because: 'it had this rank before' };
    const reason = refused.find(({ node }) => node === before?.name);
    if (before !== undefined && !gaveUp(before, spec.nodes?.exclude))
      away.push(...(reason === undefined ? [] : [reason]));
    const spare = before === undefined || gaveUp(before, spec.nodes?.exclude) ? spares.shift() : undefined;
    if (spare === undefined) return null;
    return {
      node: spare,
      because:
        before === undefined ? 'free rank' : `takes the rank of ${before.name}: ${reason?.because ?? 'gone'}`,
    };
  });
  const filled = seats.flatMap((seat) => seat ?? []);
  if (filled.length < count)
    return { rejections: [...away, ...missing(count, filled.length, away, refused)] };
  const ordered = withHead(filled, spec.nodes?.head);
  return { gang: ordered.map(({ node }) => node), because: ordered.map(({ because }) => because) };
}

const gaveUp = (node: PlanNode, exclude: readonly string[] | undefined) =>
  node.cordoned || node.state === 'quarantined' || exclude?.includes(node.name) === true;

function missing(
  count: number,
  found: number,
  away: readonly Rejection[],
  refused: readonly Rejection[],
): readonly Rejection[] {
  if (away.length > 0) return [];
  return [
    {
      node: null,
      category: 'too-few-nodes',
      because: `the gang has ${count} ranks, ${found} nodes can take one, and there is no spare`,
      fix: 'join or uncordon a node, or lower nodes.count',
    },
    ...refused,
  ];
}

/** The operator's head takes rank 0, the node that had it takes the rank of that head. */
function withHead<T extends { readonly node: PlanNode; readonly because: string }>(
  seats: readonly T[],
  head: string | undefined,
): readonly T[] {
  const rank = seats.findIndex(({ node }) => node.name === head);
  const [first, other] = [seats[0], seats[rank]];
  if (rank <= 0 || first === undefined || other === undefined) return seats;
  return seats.with(0, { ...other, because: 'nodes.head' }).with(rank, first);
}
