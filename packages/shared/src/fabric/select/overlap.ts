/**
 * Two interfaces of one node in one subnet: the kernel answers ARP for either address on both (ip-sysctl,
 * arp_ignore), and replies leave by whichever route comes first, so a connection to one may end on the other.
 */
import type { NodeFabric, Refusal } from '../model.ts';
import { matchLength } from './address.ts';
import { overlayReason } from './control.ts';
import { joiningSubnet } from './subnets.ts';
import { type InterfaceView, interfaceOf, type NodeView } from './view.ts';

/** Refuses a control interface that shares its subnet with another one; `byHand` = the operator named it himself. */
export function overlapRefusals(view: NodeView, node: NodeFabric, byHand: boolean): Refusal[] {
  const item = interfaceOf(view, node.controlInterface);
  // Clouds give an instance several NICs of one subnet and route by source address.
  if (
    item === null ||
    byHand ||
    view.ports.some((port) => port.family.sharesControl || port.family.reach !== 'verbs')
  )
    return [];
  const rails = new Set(node.hcas.map((hca) => hca.netdev));
  const twins = view.interfaces.filter(
    (other) => other !== item && !rails.has(other.name) && isPhysical(other) && overlaps(item, other),
  );
  if (twins.length === 0) return [];
  const names = twins.map((other) => other.name).join(', ');
  return [
    {
      node: view.node.name,
      category: 'overlapping-subnets',
      because: `${item.name} and ${names} are in one subnet: what is sent to ${node.address} may arrive on the other one`,
      fix: `take ${names} down or give it another subnet; or set arp_ignore=1 and arp_announce=2 and name controlInterface yourself`,
      table: [
        ['interface', 'address'],
        ...[item, ...twins].flatMap((other) =>
          other.addresses.map((own) => [other.name, `${own.address}/${own.prefixLength ?? '?'}`]),
        ),
      ],
    },
  ];
}

function isPhysical(item: InterfaceView): boolean {
  const kind = item.netdev?.kind ?? 'unknown';
  return (
    item.up !== false &&
    overlayReason(item) === null &&
    item.netdev?.parent == null &&
    ['ether', 'bond', 'infiniband'].includes(kind)
  );
}

function overlaps(item: InterfaceView, other: InterfaceView): boolean {
  const subnets = item.addresses.flatMap((own) => joiningSubnet(own) ?? []);
  return other.addresses.some(
    (own) =>
      joiningSubnet(own) !== null && subnets.some((subnet) => matchLength(subnet, own.address) !== null),
  );
}
