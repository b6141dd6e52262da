/** What is said about the gang as a whole once every node has chosen: values that differ, and what cannot work. */
import type { NodeFabric, Refusal, Transport } from '../model.ts';
import { matchLength, parseAddress } from './address.ts';
import { holderOf, overlayReason } from './control.ts';
import { joiningSubnet } from './subnets.ts';
import { type InterfaceAddress, interfaceOf, type NodeView } from './view.ts';

export interface GangFinding {
  readonly warnings: readonly string[];
  readonly refusals: readonly Refusal[];
}

/** Checks the chosen values of all nodes against each other. `views` and `nodes` are in the same order. */
export function checkGang(
  views: readonly NodeView[],
  nodes: readonly NodeFabric[],
  transport: Transport | null,
): GangFinding {
  return {
    warnings: [...differing(nodes, transport), ...controlWarnings(views, nodes)],
    refusals: [
      ...missingControl(nodes, views),
      ...sharedAddresses(nodes),
      ...mixedFamilies(nodes),
      ...strayControl(views, nodes),
    ],
  };
}

/** Names and indexes that differ are correct per node and wrong as one value for all. */
function differing(nodes: readonly NodeFabric[], transport: Transport | null): string[] {
  if (nodes.length < 2) return [];
  const spread = (what: string, value: (node: NodeFabric) => string | null): string[] => {
    const values = nodes
      .map((node) => ({ node: node.node, value: value(node) }))
      .filter((item) => item.value !== null);
    if (new Set(values.map((item) => item.value)).size < 2) return [];
    return [
      `${what} per node, one value cannot serve all: ${values.map((item) => `${item.node} ${item.value}`).join('; ')}`,
    ];
  };
  return [
    ...spread('the control interface differs', (node) => node.controlInterface),
    ...spread('HCA names differ', (node) =>
      node.hcas.length === 0 ? null : node.hcas.map((hca) => `${hca.device}:${hca.port}`).join(','),
    ),
    ...(transport === 'ib' ? [] : spread('the GID index differs', (node) => gidIndexes(node))),
  ];
}

function gidIndexes(node: NodeFabric): string | null {
  const indexes = [...new Set(node.hcas.map((hca) => hca.gidIndex))].filter((index) => index !== null);
  return indexes.length === 0 ? null : indexes.join('/');
}

function controlWarnings(views: readonly NodeView[], nodes: readonly NodeFabric[]): string[] {
  const each = views.flatMap((view, i) => overlayWarning(view, nodes[i]?.controlInterface ?? null));
  return [...each, ...routedControl(views, nodes)];
}

function overlayWarning(view: NodeView, name: string | null): string[] {
  const item = interfaceOf(view, name);
  const overlay = item === null ? null : overlayReason(item);
  if (item === null || overlay === null) return [];
  return [
    `${view.node.name}: the control interface ${item.name} is a ${overlay}; nothing else joins the nodes`,
  ];
}

/** Subnets that differ need routes; where every node's table was seen and has them, nothing is left to say. */
function routedControl(views: readonly NodeView[], nodes: readonly NodeFabric[]): string[] {
  const placed = nodes.flatMap((node, i) => {
    const view = views[i];
    const subnet = meetingSubnet(view, node);
    return view === undefined || subnet === null ? [] : [{ node, view, subnet }];
  });
  const subnets = [...new Set(placed.map((item) => item.subnet))];
  const lost = placed.filter(
    ({ node, view, subnet }) =>
      !reaches(
        view,
        node,
        subnets.filter((other) => other !== subnet),
      ),
  );
  if (subnets.length < 2 || lost.length === 0) return [];
  const list = placed.map(({ node, subnet }) => `${node.node} ${subnet}`).join('; ');
  return [`the control interfaces are in different subnets and need routes between them: ${list}`];
}

function addressOf(view: NodeView, address: string): InterfaceAddress | undefined {
  return holderOf(view, address)?.addresses.find((own) => own.address === address);
}

function reaches(view: NodeView, node: NodeFabric, subnets: readonly string[]): boolean {
  const routes = (view.node.routes ?? []).filter((route) => route.device === node.controlInterface);
  return subnets.every((subnet) =>
    routes.some((route) => matchLength(route.destination, subnet.split('/')[0] ?? '') !== null),
  );
}

function missingControl(nodes: readonly NodeFabric[], views: readonly NodeView[]): Refusal[] {
  return nodes.flatMap((node, i) => {
    const view = views[i];
    if (node.controlInterface !== null || view === undefined || !isWholeListing(view)) return [];
    return [
      {
        node: node.node,
        category: 'no-socket-interface',
        because: `no interface of ${node.node} is up with an address that other nodes can use`,
        fix: 'give one interface an address, or name it with controlInterface',
      },
    ];
  });
}

/** No listing of interfaces, one of links only, or one that was cut before a master is no evidence that there is none. */
function isWholeListing({ node, interfaceByName }: NodeView): boolean {
  const netdevs = node.netdevs ?? [];
  return (
    netdevs.some(({ addresses, up }) => addresses.length > 0 || up === false) &&
    netdevs.every(({ master }) => master === null || interfaceByName.has(master))
  );
}

function sharedAddresses(nodes: readonly NodeFabric[]): Refusal[] {
  return nodes.flatMap((node, i) => {
    const other = nodes
      .slice(0, i)
      .find((earlier) => earlier.address !== null && earlier.address === node.address);
    if (other === undefined) return [];
    return [
      {
        node: null,
        category: 'wrong-interface',
        because: `${other.node} and ${node.node} both have ${node.address} on their control interface: it is local to each host`,
        fix: 'name the interface that joins the nodes with controlInterface',
      },
    ];
  });
}

function mixedFamilies(nodes: readonly NodeFabric[]): Refusal[] {
  const families = new Set(
    nodes.flatMap((node) => (node.address === null ? [] : (parseAddress(node.address)?.family ?? []))),
  );
  if (families.size < 2) return [];
  return [
    {
      node: null,
      category: 'wrong-interface',
      because: `control addresses are of different families: ${nodes.map((node) => `${node.node} ${node.address}`).join('; ')}`,
      fix: 'give every node an address of one family on its control interface',
    },
  ];
}

/**
 * A node with an interface in the subnet where another one meets, which itself meets elsewhere: its packets leave by that
 * interface, and nobody meant that. Subnets that only routes join are left alone.
 */
function strayControl(views: readonly NodeView[], nodes: readonly NodeFabric[]): Refusal[] {
  const meetings = new Set(nodes.flatMap((node, i) => meetingSubnet(views[i], node) ?? []));
  if (meetings.size < 2) return [];
  const isStray = (node: NodeFabric, i: number): boolean =>
    (views[i]?.interfaces ?? [])
      .filter((item) => overlayReason(item) === null)
      .flatMap(({ addresses }) => addresses.flatMap((own) => joiningSubnet(own) ?? []))
      .some((subnet) => meetings.has(subnet) && subnet !== meetingSubnet(views[i], node));
  if (!nodes.some(isStray)) return [];
  return [
    {
      node: null,
      category: 'wrong-interface',
      because: `control interfaces are in different subnets, though one subnet joins nodes: ${nodes.map((node) => `${node.node} ${node.controlInterface} ${node.address}`).join('; ')}`,
      fix: 'name interfaces of the subnet that the nodes share, in network.controlInterface or network.perNode.NODE.controlInterface',
    },
  ];
}

function meetingSubnet(view: NodeView | undefined, { address }: NodeFabric): string | null {
  const own = view === undefined || address === null ? undefined : addressOf(view, address);
  return own === undefined ? null : joiningSubnet(own);
}
