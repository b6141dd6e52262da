/** Whether the rails are separate networks: then a ring that changes rails between nodes can never connect. */
import { matchLength } from './address.ts';
import type { Pairing } from './rails.ts';
import { joiningSubnet } from './subnets.ts';
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
  const subnets = new Set(
    views.flatMap((view, i) => (ports[i] ?? []).flatMap((port) => subnetsOf(view, port))),
  );
  return views.every((view, i) => !(ports[i] ?? []).some((port) => reaches(view, port, subnets)));
}

/** Whether a rail's interface has a route to a subnet that is not its own. */
function reaches(view: NodeView, port: PortView, subnets: ReadonlySet<string>): boolean {
  const own = subnetsOf(view, port);
  const routes = (view.node.routes ?? []).filter(
    (route) => route.device === port.netdev && !own.includes(route.destination),
  );
  if (routes.length === 0) return false;
  const foreign = [...subnets]
    .filter((subnet) => !own.includes(subnet))
    .map((subnet) => subnet.split('/')[0] ?? '');
  return foreign.some((target) => routes.some((route) => matchLength(route.destination, target) !== null));
}

function subnetsOf(view: NodeView, port: PortView): string[] {
  return (interfaceOf(view, port.netdev)?.addresses ?? []).flatMap((own) => joiningSubnet(own) ?? []);
}
