/** What is wrong with the rails of a gang, port by port, and what to do about it. */
import type { FabricNode } from '../model.ts';
import { matchLength, subnetOf } from './address.ts';
import { type Pairing, positionRows, type RailMember } from './rails.ts';
import { byName } from './view.ts';

/**
 * Ports without a partner, rails that are crossed, and rails that need routes. `members` are the ports of all nodes before
 * those without a partner are left out; `isolated` = no route leads from rail to rail.
 */
export function railWarnings(
  gang: readonly FabricNode[],
  members: readonly RailMember[],
  pairing: Pairing,
  isolated: boolean,
): string[] {
  const nodes = [...new Set(members.map((member) => member.node))].sort(byName);
  const alone = members.filter((member) => pairing.unpaired.has(idOf(member)));
  const paired = members.filter((member) => !pairing.unpaired.has(idOf(member)));
  return [
    ...(alone.length === 0 ? [] : [unpairedWarning(members, alone, nodes, pairing)]),
    ...crossedWarning(paired, nodes, pairing, isolated),
    ...routedWarning(gang, paired, nodes, pairing),
  ];
}

function unpairedWarning(
  members: readonly RailMember[],
  alone: readonly RailMember[],
  nodes: readonly string[],
  pairing: Pairing,
): string {
  const list = listed(alone.map((member) => placed(member)));
  if (pairing.by === 'subnet')
    return `left out, since not every node has a port in the same subnet: ${list}; ${subnetFix(alone, nodes)}`;
  const counts = nodes.map((node) => `${node} ${members.filter((member) => member.node === node).length}`);
  const what =
    pairing.by === 'affinity' ? 'left out' : 'kept, since nothing tells which of the ports belong together';
  return `the nodes have different numbers of HCAs (${counts.join(', ')}); without a partner on every node, and ${what}: ${list}; bring up the missing port, or give every node the same list in network.hcas or network.perNode.NODE.hcas`;
}

/** Ports at one place of the nodes that are in different subnets are likely one rail with a wrong address. */
function subnetFix(alone: readonly RailMember[], nodes: readonly string[]): string {
  const owners = new Set(alone.map(({ node }) => node));
  const [first, other] = positionRows(alone, nodes)[0]?.row ?? [];
  if (owners.size < nodes.length || first === undefined || other === undefined)
    return `give ${[...new Set(nodes)].filter((node) => !owners.has(node)).join(', ') || 'every node'} a port with an address there, or leave it so`;
  const subnet = subnetOf(first.address ?? '', first.prefixLength);
  return `where they belong together, give them addresses of one subnet, for example ${other.netdev ?? portName(other)} of ${other.node} one in ${subnet ?? `the subnet of ${first.address}`}`;
}

/** NCCL joins ports by their place in the node, so ports of one place in different subnets talk from rail to rail. */
function crossedWarning(
  members: readonly RailMember[],
  nodes: readonly string[],
  { by, rails }: Pairing,
  isolated: boolean,
): string[] {
  if (by !== 'subnet' || members.some(({ layer }) => layer === 'ib')) return [];
  const railOf = (member: RailMember) =>
    rails.find((rail) => rail.members[member.node] === member.key)?.index;
  const rows = positionRows(members, nodes).map(({ row }) => row);
  const crossed = rows.filter((row) => new Set(row.map(railOf)).size > 1);
  if (crossed.length === 0) return [];
  const order = (node: string) =>
    rows.map((row) => row.filter((own) => own.node === node).map(railOf)).join();
  const orders = [...Map.groupBy(nodes, order).values()].sort((a, b) => b.length - a.length);
  const odd = orders.slice(1).flat();
  const places = listed(crossed.map((row) => row.map((member) => placed(member)).join(' beside ')));
  const known =
    members.every(({ nearGpus }) => nearGpus.length > 0) || members.every(({ pci }) => pci !== null);
  const effect = isolated
    ? 'no route that was shown leads from one subnet to the other, so these connections time out'
    : 'these connections need routes between the subnets, and cross the spine';
  const hedge = known ? '' : ' (told by names only: nvidia-smi topo -m and ibdev2netdev -v show the place)';
  return [
    `the rails are crossed${hedge}: ${places}; NCCL joins HCAs by the GPUs they are near to and their order in the host, not by subnet, nor by the order of NCCL_IB_HCA: ${effect}; swap the cables or the addresses on ${odd.join(', ')} so that ports of one place are in one subnet`,
  ];
}

/** No subnet joins any rail: right on fabrics that route, and then the hosts have routes, in the main table or in one a rail. */
function routedWarning(
  gang: readonly FabricNode[],
  members: readonly RailMember[],
  nodes: readonly string[],
  pairing: Pairing,
): string[] {
  if (pairing.by === 'subnet' || members.some(({ layer }) => layer === 'ib')) return [];
  const apart = positionRows(members, nodes)
    .map(({ row }) => row)
    .filter((row) => row.every(({ prefixLength }) => prefixLength !== null && prefixLength < 31))
    .filter((row) => row.some((member) => row.some((other) => !reaches(gang, member, other))));
  return apart.length === 0
    ? []
    : [
        `ports of one rail are in different subnets: ${listed(apart.map((row) => row.map((member) => placed(member)).join(' beside ')))}; the fabric has to route between them, and no route that was shown does: paste \`ip route show table all\`, or give the ports of one rail addresses in one subnet`,
      ];
}

/** A subnet of its own, or a route over the port's interface, leads to the other port. */
function reaches(gang: readonly FabricNode[], from: RailMember, to: RailMember): boolean {
  const [own, target] = [subnetOf(from.address ?? '', from.prefixLength), to.address ?? ''];
  const routes = gang.find(({ name }) => name === from.node)?.routes ?? [];
  const destinations = routes
    .filter(({ device }) => device === from.netdev)
    .map(({ destination }) => destination);
  return [...(own === null ? [] : [own]), ...destinations].some((cidr) => matchLength(cidr, target) !== null);
}

const idOf = ({ node, key }: RailMember): string => `${node}/${key}`;

const portName = ({ key }: RailMember): string => key.replace(/:1$/, '');

/** `a mlx5_1 (ens2) 10.1.1.1/24` */
function placed(member: RailMember): string {
  const { node, netdev, address, prefixLength } = member;
  const cidr = address === null ? [] : [prefixLength === null ? address : `${address}/${prefixLength}`];
  return [node, portName(member), ...(netdev === null ? [] : [`(${netdev})`]), ...cidr].join(' ');
}

function listed(items: readonly string[]): string {
  const more = items.length - MAX_LISTED;
  return `${items.slice(0, MAX_LISTED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

const MAX_LISTED = 8;
