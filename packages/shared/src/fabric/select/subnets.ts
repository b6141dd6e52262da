/** Subnets that several nodes of the gang have: where two nodes meet, their addresses belong together. */
import { subnetOf } from './address.ts';
import type { InterfaceAddress, NodeView } from './view.ts';

/** Subnet → number of nodes with an address in it. /31 and /32 join nobody. */
export type SubnetCounts = ReadonlyMap<string, number>;

export function countSubnets(views: readonly NodeView[]): SubnetCounts {
  const counts = new Map<string, number>();
  for (const view of views) {
    const own = new Set(
      view.interfaces.flatMap((item) => item.addresses).flatMap((address) => joiningSubnet(address) ?? []),
    );
    for (const subnet of own) counts.set(subnet, (counts.get(subnet) ?? 0) + 1);
  }
  return counts;
}

/** The subnet through which an address meets others on its link; null when it is alone or its prefix is not known. */
export function joiningSubnet({ family, address, prefixLength }: InterfaceAddress): string | null {
  return prefixLength === null || prefixLength > (family === 4 ? 30 : 126)
    ? null
    : subnetOf(address, prefixLength);
}
