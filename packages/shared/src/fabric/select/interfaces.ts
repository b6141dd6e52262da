/** Why each interface of a node is, or is not, the control interface. Of what selection answered; for people to check. */
import type { FabricNode, NodeFabric, Reason } from '../model.ts';
import { overlayReason } from './control.ts';
import { type InterfaceView, viewNode } from './view.ts';

/** A reason for every interface that was seen; the control interface and those of the rails have theirs in the answer. */
export function interfaceReasons(node: FabricNode, fabric: NodeFabric): Reason[] {
  const view = viewNode(node);
  const rails = new Set(fabric.hcas.map((hca) => hca.netdev));
  const taken = fabric.controlInterface;
  const control = view.interfaces.find(
    ({ name, netdev }) => name === taken || netdev?.altnames.includes(taken ?? '') === true,
  );
  return view.interfaces
    .filter((item) => item !== control && !rails.has(item.name))
    .map((item) => ({ subject: item.name, decision: 'out', because: `not for bootstrap: ${why(item)}` }));

  function why(item: InterfaceView): string {
    const overlay = overlayReason(item);
    if (overlay !== null) return overlay;
    if (item.up === false) return 'it is down';
    if (typeof item.netdev?.master === 'string') return `it is a member of ${item.netdev.master}`;
    if (item.addresses.length === 0 && control?.addresses.length !== 0)
      return 'it has no address that other hosts can use';
    return taken === null ? 'nothing shows that it reaches the others' : `${taken} comes first`;
  }
}
