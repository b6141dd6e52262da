/** The interfaces, HCAs and ports of a gang's plan as ends of test paths. */
import type { Netdev } from '../../facts/netdev.ts';
import type { FabricNode, FabricSelection, NodeFabric } from '../model.ts';
import type { CheckEnd, VerbsTool } from './model.ts';

/** Control end and rail ends of every node. `views` are in the order of the selection's nodes. */
export function checkEnds(selection: FabricSelection, views: readonly FabricNode[]): CheckEnd[] {
  return selection.nodes.flatMap((node, i) => {
    const view = views[i];
    return view === undefined ? [] : [controlEnd(node, view), ...railEnds(node, view)];
  });
}

/** Verbs tests that both nodes can do: bandwidth and latency, or else a ping-pong of libibverbs' own. */
export function verbsTools(a: readonly string[], b: readonly string[]): readonly VerbsTool[] {
  const both = (tool: VerbsTool): boolean => a.includes(tool) && b.includes(tool);
  const perftest = (['ib_write_bw', 'ib_send_lat'] as const).filter(both);
  if (perftest.length > 0) return perftest;
  return both('ibv_rc_pingpong') ? ['ibv_rc_pingpong'] : [];
}

/** Tools whose presence agents tell. */
export const CHECK_TOOLS: readonly string[] = ['ib_write_bw', 'ib_send_lat', 'ibv_rc_pingpong', 'ping'];

function controlEnd(node: NodeFabric, view: FabricNode): CheckEnd {
  return {
    ...interfaceOf(view, node.controlInterface, node.address),
    node: node.node,
    rail: null,
    device: null,
    port: 1,
    gidIndex: null,
    linkLayer: null,
  };
}

function railEnds(node: NodeFabric, view: FabricNode): CheckEnd[] {
  return node.hcas.map((hca, i) => {
    const facts = view.hcas
      ?.find(({ device }) => device === hca.device)
      ?.ports.find(({ port }) => port === hca.port);
    return {
      ...interfaceOf(view, hca.netdev, hca.address),
      node: node.node,
      rail: hca.rail ?? i,
      device: hca.device,
      port: hca.port,
      gidIndex: hca.gidIndex,
      linkLayer: facts?.linkLayer ?? null,
    };
  });
}

function interfaceOf(view: FabricNode, name: string | null, address: string | null) {
  const holds = ({ addresses }: Netdev): boolean => addresses.some((own) => own.address === address);
  // A GID may belong to a VLAN above the port's own interface: the address tells which one carries the traffic.
  const netdev = view.netdevs?.find(holds) ?? view.netdevs?.find((own) => own.name === name);
  return {
    netdev: netdev?.name ?? name,
    address,
    prefixLength: netdev?.addresses.find((own) => own.address === address)?.prefixLength ?? null,
    mtuBytes: netdev?.mtu ?? null,
    linkLocal:
      netdev?.addresses.find((own) => own.family === 6 && own.address.startsWith('fe80:'))?.address ?? null,
  };
}
