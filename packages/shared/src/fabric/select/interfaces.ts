/** Why each interface of a node is, or is not, the control interface. Of what selection answered; for people to check. */
import type { FabricNode, NodeFabric, Reason } from '../model.ts';
import { overlayReason } from './control.ts';
import { type InterfaceView, viewNode } from './view.ts';

/** A reason for every interface that was seen but the control interface itself, which has one of its own. */
export function interfaceReasons(node: FabricNode, fabric: NodeFabric): Reason[] {
  const view = viewNode(node);
  const rails = new Map(fabric.hcas.map((hca) => [hca.netdev, `${hca.device}:${hca.port}`]));
  const taken = fabric.controlInterface;
  const control = view.interfaces.find(
    ({ name, netdev }) => name === taken || netdev?.altnames.includes(taken ?? '') === true,
  );
  return view.interfaces
    .filter((item) => item !== control)
    .map((item) => ({ subject: item.name, decision: 'out', because: `not for bootstrap: ${why(item)}` }));

  function why(item: InterfaceView): string {
    const overlay = overlayReason(item);
    if (overlay !== null) return overlay;
    const rail = rails.get(item.name);
    if (rail !== undefined) return `it carries the rail of ${rail}`;
    if (item.up === false) return 'it is down';
    if (typeof item.netdev?.master === 'string') return `it is a member of ${item.netdev.master}`;
    if (item.netdev === null) return 'only an RDMA tool names it, without an address';
    if (item.addresses.length === 0) return 'it has no address that other hosts can use';
    return taken === null ? 'nothing shows that it reaches the others' : `${taken} comes first`;
  }
}
