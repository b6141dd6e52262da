/**
 * The control interface: the one that routes to the head and back. It carries bootstrap, Gloo and every socket,
 * so a wrong one is a hang without a message. Known from an address or a route where possible; otherwise the
 * likeliest one, and the reason says that it is only that.
 */
import { isLocalOnly, isLoopback, matchLength, subnetOf } from './address.ts';
import { byName, type InterfaceView, interfaceOf, type NodeView } from './view.ts';

export interface Control {
  readonly name: string;
  readonly address: string | null;
  readonly because: string;
  /** false = a likely choice, which nothing in the evidence proves. */
  readonly certain: boolean;
}

/** The interface that holds the node's known address or routes to the head; null when nothing tells. */
export function knownControl(view: NodeView): Control | null {
  const { nodeIp, leaderIp } = view.node.given;
  if (nodeIp !== undefined) {
    const holder = holderOf(view, nodeIp);
    if (holder !== null)
      return control(
        holder.name,
        nodeIp,
        `it carries ${nodeIp}, the address under which the other nodes reach this one`,
      );
  }
  if (leaderIp === undefined) return null;
  const holder = holderOf(view, leaderIp);
  if (holder !== null) return control(holder.name, leaderIp, `it carries ${leaderIp}, the head's address`);
  return routeTo(view, leaderIp);
}

/**
 * The likeliest control interface when nothing proves one.
 * @param fabric netdevs of the chosen HCAs, taken only when nothing else joins the nodes
 * @param peers the other nodes: a subnet that all share speaks for an interface
 */
export function likelyControl(
  view: NodeView,
  fabric: ReadonlySet<string>,
  peers: readonly NodeView[],
): Control | null {
  const defaults = (view.node.routes ?? [])
    .filter((route) => route.destination === 'default')
    .sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0));
  const usable = view.interfaces.filter((item) => !isDown(item) && !isPort(item));
  const addressed = usable.some((item) => item.addresses.length > 0)
    ? usable.filter((item) => item.addresses.length > 0)
    : usable;
  const rank = (item: InterfaceView): number[] => [
    overlayReason(item) === null ? 0 : 1,
    defaults[0]?.device === item.name ? 0 : 1,
    fabric.has(item.name) ? 1 : 0,
    sharedSubnet(item, peers) ? 0 : 1,
    kindRank(item),
  ];
  const best = addressed
    .map((item) => ({ item, rank: rank(item) }))
    .sort((a, b) => compare(a.rank, b.rank) || byName(a.item.name, b.item.name))[0];
  if (best === undefined) return null;
  const why =
    defaults[0]?.device === best.item.name
      ? 'it has the default route'
      : sharedSubnet(best.item, peers)
        ? 'its subnet is on every node'
        : fabric.has(best.item.name)
          ? 'nothing but the fabric joins the nodes'
          : 'it is the first interface with an address that is no fabric rail';
  return {
    name: best.item.name,
    address: best.item.addresses[0]?.address ?? null,
    because: `${why}; no address or route of the head was given to prove it`,
    certain: false,
  };
}

/** Why an interface cannot join hosts (docker0, cni0, tailscale0 …); null when it can. */
export function overlayReason(item: InterfaceView): string | null {
  if (item.netdev?.kind === 'loopback' || /^lo\d*$/.test(item.name)) return 'loopback';
  const match = overlays.find(([names]) => names.test(item.name));
  if (match !== undefined) return match[1];
  return item.netdev?.kind === 'tunnel' ? 'tunnel' : null;
}

/** Addresses of an interface, its usable ones first; a node's own /32 may sit on lo. */
export function holderOf(view: NodeView, address: string): InterfaceView | null {
  return view.interfaces.find((item) => item.addresses.some((own) => own.address === address)) ?? null;
}

const overlays: readonly (readonly [RegExp, string])[] = [
  [
    /^(docker|br-[0-9a-f]{12}|virbr|podman|lxcbr|lxdbr)/,
    'bridge of containers or virtual machines on this host',
  ],
  [
    /^(veth|cali|lxc|cilium|cni|flannel|kube|nodelocaldns|weave|antrea|ovn|tunl|vxlan|geneve|gre|sit|ip6tnl)/,
    'overlay of a container network',
  ],
  [/^(tailscale|wg|zt|tun\d|tap\d|utun|nebula|ppp)/, 'virtual private network'],
  [/^(ib_|usb|idrac|bmc|wl)/, 'not a network between hosts of a cluster'],
];

function control(name: string, address: string, because: string): Control {
  return { name, address, because, certain: true };
}

function routeTo(view: NodeView, target: string): Control | null {
  const connected = view.interfaces.flatMap((item) =>
    item.addresses.map((own) => {
      const subnet = subnetOf(own.address, own.prefixLength);
      return {
        device: item.name,
        length: subnet === null ? null : matchLength(subnet, target),
        metric: 0,
        how: subnet,
      };
    }),
  );
  const routed = (view.node.routes ?? []).map((route) => ({
    device: route.device,
    length: matchLength(route.destination, target),
    metric: route.metric ?? 0,
    how: route.destination,
  }));
  const best = [...connected, ...routed]
    .flatMap((hit) => (hit.length === null ? [] : [{ ...hit, length: hit.length }]))
    .sort((a, b) => b.length - a.length || a.metric - b.metric || byName(a.device, b.device))[0];
  const item = best === undefined ? null : interfaceOf(view, best.device);
  if (best === undefined || item === null) return null;
  return {
    name: item.name,
    address: item.addresses[0]?.address ?? null,
    because: `its route ${best.how} leads to the head ${target}`,
    certain: true,
  };
}

function isDown(item: InterfaceView): boolean {
  return item.up === false;
}

/** A bond's or bridge's member: the address is on its master. */
function isPort(item: InterfaceView): boolean {
  return item.netdev !== null && item.netdev.master !== null && item.addresses.length === 0;
}

function kindRank(item: InterfaceView): number {
  const order = [
    'ether',
    'bond',
    'unknown',
    'veth',
    'macvlan',
    'ipvlan',
    'bridge',
    'vlan',
    'infiniband',
    'dummy',
    'tunnel',
    'loopback',
  ];
  const kind = item.netdev?.kind ?? 'unknown';
  // A VLAN's own parent is an interface here; `if163` is the far end of a pod's veth.
  const stacked = kind === 'ether' && !/^(if\d+)?$/.test(item.netdev?.parent ?? '');
  return order.indexOf(stacked ? 'vlan' : kind);
}

function sharedSubnet(item: InterfaceView, peers: readonly NodeView[]): boolean {
  if (peers.length === 0) return false;
  const subnets = item.addresses
    .filter((own) => !isLocalOnly(own.address) && !isLoopback(own.address))
    .map((own) => subnetOf(own.address, own.prefixLength));
  return subnets.some(
    (subnet) =>
      subnet !== null &&
      peers.every((peer) =>
        peer.interfaces.some((other) =>
          other.addresses.some((own) => matchLength(subnet, own.address) !== null),
        ),
      ),
  );
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
