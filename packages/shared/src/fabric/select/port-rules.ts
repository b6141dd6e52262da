/** Rules that one HCA port must pass on its own, in the order in which a reader wants to hear them. */
import { gidFault } from './gid.ts';
import { verbsFault } from './verbs-library.ts';
import { byName, interfaceOf, type NodeView, type PortView } from './view.ts';

/** Why NCCL's verbs transport cannot use the port; null when nothing speaks against it. */
export function portFault(view: NodeView, port: PortView): string | null {
  for (const rule of rules) {
    const because = rule(view, port);
    if (because !== null) return because;
  }
  return null;
}

type PortRule = (view: NodeView, port: PortView) => string | null;

const rules: readonly PortRule[] = [
  unseen,
  (_, port) => (port.family.reach === 'verbs' ? null : port.family.note),
  (_, { hca }) =>
    hca?.uverbs?.openable === false
      ? `its device node ${hca.uverbs.path ?? '/dev/infiniband/uverbsN'} cannot be opened here${hca.uverbs.reason === null ? '' : ` (${hca.uverbs.reason})`}`
      : null,
  (_, { facts }) =>
    facts !== null && facts.state !== null && facts.state !== 'active'
      ? `its port is ${facts.state}${facts.phys === null ? '' : ` (${facts.phys})`}`
      : null,
  ({ node }, { device }) => {
    const fault = verbsFault(node, device);
    return fault === null ? null : `libibverbs cannot use it here: ${fault}`;
  },
  (_, { layer, facts }) =>
    layer !== 'ib' && facts?.netdevUp === false
      ? facts.netdev === null
        ? NO_INTERFACE
        : `its interface ${facts.netdev} is down`
      : null,
  (_, { layer, facts }) =>
    layer === 'ib' && facts?.smLid === 0
      ? 'no subnet manager answers on its InfiniBand port (SM lid 0)'
      : null,
  elsewhere,
  ownedByMaster,
  virtualTwin,
  (view, port) => (port.layer === 'ib' ? null : gidFault(view, port)),
  unaddressed,
];

/** A listing that shows the ports of other devices was cut before this one's. */
function unseen(view: NodeView, { hca, facts }: PortView): string | null {
  const others = view.ports.some((other) => other.facts !== null && other.facts.state !== null);
  return hca !== null && facts === null && others
    ? 'it is listed without its port, so its state is not known: the text may be cut there'
    : null;
}

/** A port whose neighbours have interfaces here and that has none belongs to another network namespace. */
function elsewhere(view: NodeView, port: PortView): string | null {
  if (port.layer === 'ib' || port.netdev !== null || port.facts === null) return null;
  const others = view.ports.some((other) => other.netdev !== null && other.layer !== 'ib');
  return others ? NO_INTERFACE : null;
}

const NO_INTERFACE = 'it has no interface in this network namespace';

/** A bond's member, or a VF under a synthetic NIC: its traffic and addresses belong to the master. */
function ownedByMaster(view: NodeView, port: PortView): string | null {
  const item = interfaceOf(view, port.netdev);
  const master = item?.netdev?.master ?? null;
  if (item === null || master === null) return null;
  const bond = view.ports.find((other) => other.netdev === master);
  if (bond !== undefined) return `${item.name} is a member of ${master}, whose own device is ${bond.device}`;
  return isFrontEnd(view, port)
    ? `${item.name} is the accelerated path of ${master}, the front-end NIC`
    : null;
}

/** A cloud's front-end NIC that also shows as an RDMA device: a host with nothing else has no fabric. */
export function isFrontEnd(view: NodeView, port: PortView): boolean {
  if (port.family.reach === 'none') return true;
  const master = interfaceOf(view, port.netdev)?.netdev?.master ?? null;
  const kind = interfaceOf(view, master)?.netdev?.kind ?? 'unknown';
  return master !== null && !['bridge', 'bond', 'unknown'].includes(kind);
}

/** A virtual function is one port's capacity twice when its physical function, or the bond over it, is here too. */
function virtualTwin(view: NodeView, port: PortView): string | null {
  const parent = port.hca?.physicalFunction ?? null;
  const byPci =
    parent === null
      ? undefined
      : view.ports.find((other) => other.device !== port.device && other.hca?.pci === parent);
  // rdma-core and udev both name a VF after its PF: rocep204s0f0v6 of rocep204s0f0.
  const stem = /^(.*\df\d+|.*s\d+)v\d+$/.exec(port.device)?.[1];
  const twin = byPci ?? (stem === undefined ? undefined : view.ports.find((other) => other.device === stem));
  if (twin !== undefined) return `it is a virtual function of ${twin.device}, which is here itself`;
  if (port.hca?.virtualFunction !== true) return null;
  if (parent === null) {
    const card = cardOf(port);
    const physical = view.ports.find(
      (other) => card !== null && cardOf(other) === card && other.hca?.virtualFunction === false,
    );
    return physical === undefined
      ? null
      : `it is a virtual function of the card of ${physical.device}, which is here itself`;
  }
  const bond = view.ports
    .filter((other) => other.device.includes('bond'))
    .sort((a, b) => byName(a.key, b.key))[0];
  const slave =
    bond === undefined
      ? undefined
      : interfaceOf(view, bond.netdev)?.netdev?.slaves.find(
          (name) => interfaceOf(view, name)?.netdev?.pci === parent,
        );
  return bond === undefined || slave === undefined
    ? null
    : `it is a virtual function under ${bond.device}, which is here itself`;
}

/** PCI domain and bus: a card's virtual functions follow its physical ones there. */
function cardOf(port: PortView): string | null {
  return /^[0-9a-f]+:[0-9a-f]{2}(?=:)/i.exec(port.hca?.pci ?? '')?.[0] ?? null;
}

/** RoCE needs an address; only a listing that shows addresses elsewhere proves that this interface has none. */
function unaddressed(view: NodeView, port: PortView): string | null {
  if (port.layer === 'ib' || (port.facts?.gids ?? null) !== null) return null;
  const item = interfaceOf(view, port.netdev);
  if (item === null || item.netdev === null || item.addresses.length > 0) return null;
  // 169.254/16 serves two hosts on one cable.
  if (item.netdev.addresses.some(({ family, scope }) => family === 4 && scope !== 'host')) return null;
  const listing = view.interfaces.some((other) => other.addresses.length > 0);
  // Its GIDs come from a VLAN or macvlan above it as well.
  const above = view.interfaces.some(
    (other) => other.netdev?.parent === item.name && other.addresses.length > 0,
  );
  return listing && !above ? `its interface ${item.name} has no address` : null;
}
