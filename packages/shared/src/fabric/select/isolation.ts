/** Whether the rails are separate networks: then a ring that changes rails between nodes can never connect. */
import { matchLength, subnetOf } from './address.ts';
import type { Pairing } from './rails.ts';
import { interfaceOf, type NodeView, type PortView } from './view.ts';

/**
 * True when every rail has a subnet of its own and the route tables that were seen lead from no rail to another.
 * Without route tables it is not known, and false.
 */
export function isolatedRails(
  views: readonly NodeView[],
  ports: readonly (readonly PortView[])[],
  pairing: Pairing,
): boolean {
  if (!pairing.ownSubnets || views.some((view) => view.node.routes === null)) return false;
  return views.every(
    (view, i) =>
      !views.some((_, j) => reaches(view, ports[i] ?? [], fabricAddresses(views[j], ports[j] ?? []))),
  );
}

/** Whether a rail's interface has a route to an address outside its own subnets. */
function reaches(view: NodeView, ports: readonly PortView[], targets: readonly string[]): boolean {
  return ports.some((port) => {
    const own = (interfaceOf(view, port.netdev)?.addresses ?? []).flatMap(
      (item) => subnetOf(item.address, item.prefixLength) ?? [],
    );
    const foreign = targets.filter((target) => own.every((subnet) => matchLength(subnet, target) === null));
    const routes = (view.node.routes ?? []).filter((route) => route.device === port.netdev);
    return foreign.some((target) => routes.some((route) => matchLength(route.destination, target) !== null));
  });
}

function fabricAddresses(view: NodeView | undefined, ports: readonly PortView[]): string[] {
  if (view === undefined) return [];
  return ports.flatMap((port) => interfaceOf(view, port.netdev)?.addresses ?? []).map((own) => own.address);
}
