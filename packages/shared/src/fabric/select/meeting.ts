/**
 * Under which address the nodes of a gang reach each other: in the one subnet that all of them share. It outranks the
 * default route, which on rented hosts leads to the provider's network and not to the other nodes.
 */
import type { FabricNode } from '../model.ts';
import { isLocalOnly, subnetOf } from './address.ts';
import { overlayReason } from './control.ts';
import { onDefaultRoute } from './default-route.ts';

/** The nodes with their addresses in the subnet that all share; one that was given its address keeps it. */
export function withMeetingAddresses(gang: readonly FabricNode[]): readonly FabricNode[] {
  const addresses = meetingAddresses(gang);
  return gang.map((node, i) => {
    const nodeIp = node.given.nodeIp ?? addresses?.[i];
    return nodeIp === undefined ? node : { ...node, given: { ...node.given, nodeIp } };
  });
}

/** The same of texts, which do not tell how the hosts reach each other: the shared subnet is then only likely. */
export function withSharedAddresses(gang: readonly FabricNode[]): readonly FabricNode[] {
  const addresses = meetingAddresses(gang);
  return gang.map((node, i) => {
    const sharedIp = addresses?.[i];
    return sharedIp === undefined ? node : { ...node, given: { ...node.given, sharedIp } };
  });
}

/** By rank; null = the nodes share none, and routes must tell. */
function meetingAddresses(gang: readonly FabricNode[]): readonly string[] | null {
  const places = gang.map(placesOf);
  const [first, ...others] = places;
  if (first === undefined || others.length === 0) return null;
  const shared = [...first.values()].filter(({ subnet }) => others.every((node) => node.has(subnet)));
  const candidates = shared.flatMap(({ subnet }) => {
    const members = places.flatMap((node) => node.get(subnet) ?? []);
    return new Set(members.map(({ address }) => address)).size < gang.length ? [] : [{ subnet, members }];
  });
  const best = candidates.toSorted((a, b) => compare(rank(a.members), rank(b.members)))[0];
  return best?.members.map(({ address }) => address) ?? null;
}

interface Place {
  readonly subnet: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly onDefaultRoute: boolean;
  /** An RDMA device sits on the interface. */
  readonly onHca: boolean;
}

function placesOf(node: FabricNode): ReadonlyMap<string, Place> {
  const { netdevs, hcas } = node;
  const routed = onDefaultRoute(node);
  const rails = new Set(hcas?.flatMap(({ ports }) => ports.map(({ netdev }) => netdev)));
  const usable = (netdevs ?? []).filter(
    (netdev) => netdev.up !== false && overlayReason({ name: netdev.name, netdev }) === null,
  );
  const places = usable.flatMap((netdev) =>
    netdev.addresses.flatMap(({ address, prefixLength, family }): Place[] => {
      const subnet = isLocalOnly(address) ? null : subnetOf(address, prefixLength);
      if (subnet === null) return [];
      return [
        { subnet, address, family, onDefaultRoute: routed.has(netdev.name), onHca: rails.has(netdev.name) },
      ];
    }),
  );
  // The first of several addresses in a subnet, and the subnets in the order of the interfaces: it settles ties.
  return new Map(
    [...Map.groupBy(places, ({ subnet }) => subnet)].flatMap(([subnet, [first]]) =>
      first === undefined ? [] : [[subnet, first]],
    ),
  );
}

/** Lower is better: IPv4, then where the default route leads on most nodes, then away from the rails; of equals the first interface. */
function rank(members: readonly Place[]): readonly number[] {
  const count = (test: (place: Place) => boolean) => members.filter(test).length;
  return [
    count(({ family }) => family === 6),
    -count(({ onDefaultRoute }) => onDefaultRoute),
    count(({ onHca }) => onHca),
  ];
}

const compare = (a: readonly number[], b: readonly number[]): number =>
  a.map((value, i) => value - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
