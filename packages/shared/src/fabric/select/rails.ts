/**
 * Rails: which HCA of one node belongs with which of the others. By subnet where each rail has its own, else by the
 * GPUs they are near to, else by PCI order; never by name, since names follow history and differ per node.
 */
import type { Rail } from '../model.ts';
import { parseAddress, subnetOf } from './address.ts';
import { byName } from './view.ts';

export interface RailMember {
  readonly node: string;
  /** `mlx5_1:1` */
  readonly key: string;
  readonly address: string | null;
  readonly prefixLength: number | null;
  readonly nearGpus: readonly number[];
  readonly pci: string | null;
  readonly netdev: string | null;
  readonly layer: 'ib' | 'eth' | null;
}

export interface Pairing {
  readonly rails: readonly Rail[];
  readonly by: 'subnet' | 'affinity' | 'order';
  /** Every rail has a subnet of its own. */
  readonly ownSubnets: boolean;
  /** Members without a partner on every other node, `node/device:port`. */
  readonly unpaired: ReadonlySet<string>;
}

/** Pairs the members of two or more nodes; a single node gets one rail a device. */
export function pairRails(members: readonly RailMember[]): Pairing {
  const nodes = [...new Set(members.map((member) => member.node))].sort(byName);
  if (nodes.length > 1) {
    const bySubnet = subnetRails(members, nodes);
    if (bySubnet !== null) return bySubnet;
  }
  const affine = isAffine(members);
  const rows = positionRows(members, nodes);
  const rails = rows.map(({ gpus, row }, index) =>
    rail(
      index,
      row,
      affine
        ? `near GPU ${gpus} on every node`
        : 'by position on the PCI bus; no subnet or GPU affinity tells more',
    ),
  );
  const paired = new Set(rows.flatMap(({ row }) => row.map((member) => `${member.node}/${member.key}`)));
  return {
    rails,
    by: affine ? 'affinity' : 'order',
    ownSubnets: false,
    unpaired: unpairedOf(members, paired),
  };
}

export interface PositionRow {
  /** `0, 1`; '' where no GPU tells. */
  readonly gpus: string;
  /** One member a node, in the order of the nodes. */
  readonly row: readonly RailMember[];
}

/**
 * Which members stand at the same place on every node: near the same GPUs, then in PCI order. NCCL joins them so, whatever
 * their subnets (graph/search.cc: nets of a GPU by distance, then by index; net_ib/init.cc sorts the index by PCI path).
 */
export function positionRows(members: readonly RailMember[], nodes: readonly string[]): PositionRow[] {
  const groups = isAffine(members)
    ? Map.groupBy(members, (member) => member.nearGpus.join(', '))
    : new Map([['', members]]);
  return [...groups]
    .sort(([a], [b]) => byName(a, b))
    .flatMap(([gpus, group]) => columnRows(group, nodes).map((row) => ({ gpus, row })));
}

function isAffine(members: readonly RailMember[]): boolean {
  return members.length > 0 && members.every((member) => member.nearGpus.length > 0);
}

/** The n-th members of all nodes side by side, as far as every node has one. */
function columnRows(members: readonly RailMember[], nodes: readonly string[]): RailMember[][] {
  const columns = nodes.map((node) => members.filter((member) => member.node === node).sort(inOrder));
  const count = columns.length === 0 ? 0 : Math.min(...columns.map((column) => column.length));
  return Array.from({ length: count }, (_, index) => columns.flatMap((column) => column[index] ?? []));
}

/** Rails by subnet: no node twice in one, and at least one that all nodes share. */
function subnetRails(members: readonly RailMember[], nodes: readonly string[]): Pairing | null {
  const prefixes = members.every((member) => member.prefixLength !== null && member.prefixLength < 31)
    ? [null]
    : guesses;
  for (const guess of prefixes) {
    const groups = groupBySubnet(members, guess);
    if (groups === null) return null;
    const once = [...groups.values()].every(
      (group) => new Set(group.map((member) => member.node)).size === group.length,
    );
    const whole = [...groups].filter(([, group]) => group.length === nodes.length);
    if (!once || whole.length === 0 || (guess !== null && whole.length !== groups.size)) continue;
    const sorted = whole.sort(([, a], [, b]) => inOrder(first(a, nodes), first(b, nodes)));
    const note =
      guess === null
        ? ''
        : ` (no prefix was shown; /${guess} is the longest that puts one port of every node in each)`;
    const rails = sorted.map(([subnet, group], index) => rail(index, group, `all in ${subnet}${note}`));
    const paired = new Set(
      whole.flatMap(([, group]) => group.map((member) => `${member.node}/${member.key}`)),
    );
    return { rails, by: 'subnet', ownSubnets: groups.size > 1, unpaired: unpairedOf(members, paired) };
  }
  return null;
}

/** Prefix lengths that rails are built with, longest first. */
const guesses = Array.from({ length: 15 }, (_, i) => 30 - i);

function groupBySubnet(
  members: readonly RailMember[],
  guess: number | null,
): Map<string, RailMember[]> | null {
  const groups = new Map<string, RailMember[]>();
  for (const member of members) {
    if (member.address === null || (guess !== null && parseAddress(member.address)?.family !== 4))
      return null;
    const subnet = subnetOf(member.address, guess ?? member.prefixLength);
    if (subnet === null) return null;
    groups.set(subnet, [...(groups.get(subnet) ?? []), member]);
  }
  return groups;
}

function first(group: readonly RailMember[], nodes: readonly string[]): RailMember {
  return [...group].sort((a, b) => nodes.indexOf(a.node) - nodes.indexOf(b.node))[0] as RailMember;
}

function inOrder(a: RailMember, b: RailMember): number {
  const gpu = (a.nearGpus[0] ?? 0) - (b.nearGpus[0] ?? 0);
  if (gpu !== 0 && a.nearGpus.length > 0 && b.nearGpus.length > 0) return gpu;
  if (a.pci !== null && b.pci !== null && a.pci !== b.pci) return a.pci < b.pci ? -1 : 1;
  return byName(a.key, b.key);
}

function rail(index: number, members: readonly RailMember[], because: string): Rail {
  const sorted = [...members].sort((a, b) => byName(a.node, b.node));
  return { index, members: Object.fromEntries(sorted.map((member) => [member.node, member.key])), because };
}

function unpairedOf(members: readonly RailMember[], paired: ReadonlySet<string>): Set<string> {
  return new Set(members.map((member) => `${member.node}/${member.key}`).filter((id) => !paired.has(id)));
}
