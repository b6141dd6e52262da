/**
 * The control interface: the one that routes to the head and back. It carries bootstrap, Gloo and every socket,
 * so a wrong one is a hang without a message. Known from an address or a route where possible; otherwise the
 * likeliest one, and the reason says that it is only that.
 */
import { matchLength, sameSubnet, subnetOf } from './address.ts';
import { joiningSubnet, type SubnetCounts } from './subnets.ts';
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
  return routeTo(view, leaderIp) ?? besideHead(view, leaderIp);
}

/**
 * The likeliest control interface when nothing proves one.
 * @param fabric netdevs of the chosen HCAs, taken only when nothing else joins the nodes
 * @param subnets of the gang: one that several nodes have speaks for its interface
 */
export function likelyControl(
  view: NodeView,
  fabric: ReadonlySet<string>,
  subnets: SubnetCounts,
): Control | null {
  const defaults = (view.node.routes ?? [])
    .filter((route) => route.destination === 'default')
    .sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0));
  const usable = view.interfaces.filter((item) => !isDown(item) && !isPort(item));
  // Loopback, a rail or a virtual function of which no usable address was shown may have none: that says nothing for it.
  const addressed = usable.some((item) => item.addresses.length > 0)
    ? usable.filter((item) => item.addresses.length > 0)
    : usable.filter(
        (item) =>
          (overlayReason(item) !== LOOPBACK || view.interfaces.length === 1) &&
          !isVirtualFunction(view, item) &&
          !(item.netdev === null && fabric.has(item.name)),
      );
  const { sharedIp } = view.node.given;
  const shared = sharedIp === undefined ? null : holderOf(view, sharedIp);
  const rank = (item: InterfaceView): number[] => [
    overlayReason(item) === null ? 0 : 1,
    item === shared ? 0 : 1,
    defaults[0]?.device === item.name ? 0 : 1,
    fabric.has(item.name) ? 1 : 0,
    -nodesMet(item, subnets),
    kindRank(item),
  ];
  const ranked = addressed
    .map((item) => ({ item, rank: rank(item) }))
    .sort((a, b) => compare(a.rank, b.rank) || byName(a.item.name, b.item.name));
  const [best, ...others] = ranked;
  if (best === undefined) return null;
  const equals = others.filter((other) => compare(other.rank, best.rank) === 0).map(({ item }) => item.name);
  const why =
    best.item === shared
      ? 'it is in the subnet that all hosts share'
      : defaults[0]?.device === best.item.name
        ? 'it has the default route'
        : nodesMet(best.item, subnets) > 1
          ? 'other nodes have its subnet too'
          : fabric.has(best.item.name)
            ? 'nothing but the fabric joins the nodes'
            : best.item.addresses.length > 0
              ? 'it is the first interface with an address that carries no rail'
              : 'it is the first interface that is up; no address was shown';
  return {
    name: best.item.name,
    address: (best.item === shared ? sharedIp : best.item.addresses[0]?.address) ?? null,
    because: `${why}${equals.length === 0 ? '' : `, ${equals.slice(0, MAX_EQUALS).join(' and ')} would do as well`}; likely, not proven: no text says which address the other hosts use`,
    certain: false,
  };
}

const MAX_EQUALS = 3;

/** Why an interface cannot join hosts (docker0, cni0, tailscale0 …); null when it can. */
export function overlayReason(
  item: Pick<InterfaceView, 'name' | 'netdev'> & Partial<InterfaceView>,
): string | null {
  if (item.netdev?.kind === 'loopback' || /^lo\d*$/.test(item.name)) return LOOPBACK;
  const match = overlays.find(([names]) => names.test(item.name));
  if (match !== undefined) return match[1];
  return item.netdev?.kind === 'tunnel' ? 'tunnel' : null;
}

/** The interface that holds exactly this address, loopback included: a node's own /32 may sit there, or all agents of one host. */
export function holderOf(view: NodeView, address: string): InterfaceView | null {
  const holds = (own: { readonly address: string }) => own.address === address;
  return (
    view.interfaces.find((item) => item.addresses.some(holds) || item.netdev?.addresses.some(holds)) ?? null
  );
}

const LOOPBACK = 'loopback';

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

/** Where no prefix was shown: the interface whose address begins like the head's, as neighbours' do. */
function besideHead(view: NodeView, leaderIp: string): Control | null {
  const near = view.interfaces.flatMap((item) => item.addresses.map((own) => ({ item, own })));
  for (let prefix = 30; prefix >= 20; prefix--) {
    const hit = near.find(
      ({ item, own }) =>
        own.prefixLength === null &&
        overlayReason(item) === null &&
        sameSubnet(own.address, leaderIp, prefix),
    );
    if (hit !== undefined)
      return control(
        hit.item.name,
        hit.own.address,
        `${hit.own.address} shares its first ${prefix} bits with the head ${leaderIp}`,
      );
  }
  return null;
}

/** A virtual function by its device, or by systemd's name for its interface (`ens1f0v2`): made for a guest or a pod. */
function isVirtualFunction(view: NodeView, { name }: InterfaceView): boolean {
  const port = view.ports.find((own) => own.netdev === name);
  return port?.hca?.virtualFunction ?? /\dv\d{1,3}$/.test(name);
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

function nodesMet(item: InterfaceView, subnets: SubnetCounts): number {
  return Math.max(0, ...item.addresses.map((own) => subnets.get(joiningSubnet(own) ?? '') ?? 0));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
