/**
 * Rules that compare the usable ports of one node: which class of them is the compute fabric. Each takes the ports
 * that are left and names those that fall out. A rule that would leave nothing is not applied.
 */
import { subnetOf } from './address.ts';
import type { Control } from './control.ts';
import { onDefaultRoute } from './default-route.ts';
import { interfaceOf, type NodeView, type PortView } from './view.ts';

export interface Dropped {
  readonly port: PortView;
  readonly because: string;
}

/** Narrows usable ports of one link layer to the compute fabric. `control` is null while it is not known. */
export function computeFabric(
  view: NodeView,
  ports: readonly PortView[],
  control: Control | null,
): { kept: PortView[]; dropped: Dropped[] } {
  const dropped: Dropped[] = [];
  let kept = [...ports];
  for (const rule of rules) {
    const out = rule({ view, ports: kept, control });
    if (out.length === kept.length) continue;
    dropped.push(...out);
    const fallen = new Set(out.map(({ port }) => port));
    kept = kept.filter((port) => !fallen.has(port));
  }
  return { kept, dropped };
}

interface ClassContext {
  readonly view: NodeView;
  readonly ports: readonly PortView[];
  readonly control: Control | null;
}

type ClassRule = (context: ClassContext) => Dropped[];

const rules: readonly ClassRule[] = [
  software,
  farFromGpus,
  slowerClass,
  frontEndNames,
  management,
  frontEndMtu,
  otherNetwork,
];

/** Soft-RoCE beside hardware would drag every collective down to TCP's speed. */
function software({ ports }: ClassContext): Dropped[] {
  return ports
    .filter(({ family }) => family.software)
    .map((port) => ({ port, because: `${port.family.note}, and there is hardware` }));
}

/** Ports behind the GPUs' own switches carry the fabric; one that is nearer to no GPU serves storage or the front end. */
function farFromGpus({ view, ports }: ClassContext): Dropped[] {
  const links = (view.node.gpuTopology?.gpuToHca ?? []).filter((link) =>
    ports.some((port) => port.device === link.device),
  );
  if (links.length === 0) return [];
  const level = (device: string) =>
    Math.min(
      ...links.filter((link) => link.device === device).map((link) => order.indexOf(link.level)),
      order.length,
    );
  const best = Math.min(...ports.map((port) => level(port.device)));
  const limit = best <= switchLevel ? switchLevel : best;
  if (limit === order.indexOf('SYS')) return [];
  const near = new Set(ports.filter((port) => level(port.device) <= limit).map((port) => port.device));
  // Rows that were cut off may show it near to their GPUs.
  for (const { device } of ports)
    if (isPartlySeen(view, links.filter((link) => link.device === device).length)) near.add(device);
  // A GPU without a port on its switch brings its next best ports, unless a near one is as good.
  for (const gpu of new Set(links.map((link) => link.gpu))) {
    const own = links.filter((link) => link.gpu === gpu);
    const reach = Math.min(...own.map((link) => order.indexOf(link.level)));
    const nearest = own.filter((link) => order.indexOf(link.level) === reach);
    if (reach < order.indexOf('SYS') && !nearest.some((link) => near.has(link.device)))
      for (const link of nearest) near.add(link.device);
  }
  return ports
    .filter((port) => !near.has(port.device))
    .map((port) => ({
      port,
      because: `it is ${order[level(port.device)] ?? 'not shown near'} to every GPU, while others are ${order[best]}: storage or front end`,
    }));
}

/** The table has cells of the device for some of the GPUs only. */
function isPartlySeen({ node }: NodeView, cells: number): boolean {
  return cells > 0 && cells < (node.gpuCount ?? 0);
}

const order = ['X', 'PIX', 'PXB', 'PHB', 'NODE', 'SYS'];
const switchLevel = order.indexOf('PXB');

/** Ports of another speed than the class that covers the GPUs: mixed rates make every collective as slow as the slowest. */
function slowerClass({ view, ports }: ClassContext): Dropped[] {
  const rates = [...new Set(ports.map((port) => port.facts?.rateGbps ?? null))]
    .filter((rate) => rate !== null)
    .sort((a, b) => b - a);
  if (rates.length < 2) return [];
  const count = (rate: number) => ports.filter((port) => port.facts?.rateGbps === rate).length;
  const gpus = view.node.gpuCount;
  const covering = gpus === null ? undefined : rates.find((rate) => count(rate) >= gpus);
  const chosen = covering ?? [...rates].sort((a, b) => count(b) * b - count(a) * a)[0];
  return ports
    .filter((port) => (port.facts?.rateGbps ?? chosen) !== chosen)
    .map((port) => ({
      port,
      because: `it runs at ${port.facts?.rateGbps} Gb/s, the fabric's class is ${count(chosen ?? 0)} × ${chosen} Gb/s`,
    }));
}

/** A site that names some interfaces for RDMA and others not has said which are the fabric. */
function frontEndNames({ view, ports }: ClassContext): Dropped[] {
  if (ports.some((port) => port.netdev === null)) return [];
  const families = Map.groupBy(ports, (port) => (port.netdev ?? '').replace(/\d+/g, '#'));
  const named = [...families].filter(([name]) => name.includes('rdma'));
  const chosen = (named.length === 1 ? named[0]?.[1] : undefined) ?? evenShare(view, ports, families);
  return apartFrom(
    ports,
    chosen,
    (port) =>
      `its interface ${port.netdev} is named apart from the ${chosen?.length} of the fabric: front end`,
  );
}

/** Rails are numbered in one plan; a port whose address is of another network serves something else. */
function otherNetwork({ view, ports }: ClassContext): Dropped[] {
  const address = (port: PortView) => addressOf(view, port);
  if (ports.some((port) => address(port) === null)) return [];
  for (const prefix of [16, 8]) {
    const networks = networksOf(view, ports, prefix);
    const chosen =
      evenShare(view, ports, networks) ??
      sharedEvenly(view, ports, networks) ??
      oneEach(view, ports, networks);
    if (chosen !== undefined)
      return apartFrom(
        ports,
        chosen,
        (port) =>
          `its address ${address(port)} is of another network than the ${chosen.length} rails: front end or storage`,
      );
  }
  return [];
}

/** The only group whose size divides evenly among the GPUs, when all ports together do not. */
function evenShare(
  view: NodeView,
  ports: readonly PortView[],
  groups: ReadonlyMap<string, PortView[]>,
): PortView[] | undefined {
  const gpus = view.node.gpuCount;
  if (gpus === null || gpus < 2 || ports.length % gpus === 0) return undefined;
  const even = [...groups.values()].filter((group) => group.length % gpus === 0);
  return even.length === 1 ? even[0] : undefined;
}

/** Most of the ports, in a number that GPUs share evenly (four rails for eight GPUs), when all together are not. */
function sharedEvenly(
  view: NodeView,
  ports: readonly PortView[],
  groups: ReadonlyMap<string, PortView[]>,
): PortView[] | undefined {
  const gpus = view.node.gpuCount;
  if (gpus === null || ports.length % gpus === 0 || gpus % ports.length === 0) return undefined;
  return [...groups.values()].find((group) => group.length * 2 > ports.length && gpus % group.length === 0);
}

/** Where no text counts the GPUs: servers have 4, 8 or 16, and one network has a port for each while all ports are of no such number. */
function oneEach(
  { node }: NodeView,
  ports: readonly PortView[],
  groups: ReadonlyMap<string, PortView[]>,
): PortView[] | undefined {
  if (node.gpuCount !== null || GPU_COUNTS.includes(ports.length)) return undefined;
  return [...groups.values()].find(({ length }) => length * 2 > ports.length && GPU_COUNTS.includes(length));
}

const GPU_COUNTS = [4, 8, 16];

/**
 * The NIC with the smallest MTU, where every other has a larger one and it alone has the default route or stands apart
 * from the network of most others: the management NIC, whether or not a text proves that the hosts meet there.
 */
function frontEndMtu({ view, ports }: ClassContext): Dropped[] {
  const mtu = (port: PortView) => interfaceOf(view, port.netdev)?.netdev?.mtu ?? null;
  const sizes = ports.map(mtu);
  if (ports.length < 3 || sizes.some((size) => size === null)) return [];
  const least = Math.min(...sizes.map((size) => size ?? 0));
  const small = ports.filter((port) => mtu(port) === least);
  const [own] = small;
  if (own === undefined || small.length > 1 || own.layer === 'ib' || own.family.sharesControl) return [];
  const most = mostlyOneNetwork(view, ports);
  if (!onDefaultRoute(view.node).has(own.netdev ?? '') && (most === null || most.includes(own))) return [];
  const rest = ports.length - 1;
  const gpus = view.node.gpuCount;
  if (gpus !== null && rest % gpus !== 0 && gpus % rest !== 0 && ports.length % gpus === 0) return [];
  return [
    {
      port: own,
      because: `its interface ${own.netdev} has MTU ${least}, the ${rest} others have more: management NIC`,
    },
  ];
}

/** The ports, more than half and two at least, whose addresses are of one /16; null where there is no such class. */
export function mostlyOneNetwork(view: NodeView, ports: readonly PortView[]): readonly PortView[] | null {
  const most = [...networksOf(view, ports, 16)].find(
    ([network, group]) => network !== '' && group.length > 1 && group.length * 2 > ports.length,
  );
  return most?.[1] ?? null;
}

const addressOf = (view: NodeView, { netdev }: PortView): string | null =>
  interfaceOf(view, netdev)?.addresses[0]?.address ?? null;

/** The ports by network of this prefix length; '' = without an address. */
const networksOf = (view: NodeView, ports: readonly PortView[], prefix: number) =>
  Map.groupBy(ports, (port) => subnetOf(addressOf(view, port) ?? '', prefix) ?? '');

function apartFrom(
  ports: readonly PortView[],
  chosen: readonly PortView[] | undefined,
  because: (port: PortView) => string,
): Dropped[] {
  return chosen === undefined
    ? []
    : ports.filter((port) => !chosen.includes(port)).map((port) => ({ port, because: because(port) }));
}

/** The NIC under the control interface is left to it, even if it is a perfect RoCE port, while others cover the GPUs. */
function management({ view, ports, control }: ClassContext): Dropped[] {
  if (control === null || !control.certain) return [];
  const under = netdevsUnder(view, control.name);
  const own = ports.filter(
    (port) =>
      port.netdev !== null && under.has(port.netdev) && port.layer !== 'ib' && !port.family.sharesControl,
  );
  const rest = ports.filter((port) => !own.includes(port));
  if (own.length === 0 || rest.length === 0) return [];
  const gpus = view.node.gpuCount;
  const fair = (count: number) => gpus === null || count % gpus === 0 || gpus % count === 0;
  if (gpus !== null && fair(ports.length) && !fair(rest.length)) return [];
  if (own.some((port) => rest.some((other) => isTwin(port, other)))) return [];
  return own.map((port) => ({
    port,
    because: `its interface ${port.netdev} is under the control interface ${control.name}: management NIC`,
  }));
}

/** The interface itself, what it is stacked on, and the members of its bond. */
function netdevsUnder(view: NodeView, name: string): Set<string> {
  const under = new Set([name]);
  for (let depth = 0; depth < 4; depth++)
    for (const current of [...under]) {
      const netdev = interfaceOf(view, current)?.netdev;
      if (netdev === undefined || netdev === null) continue;
      if (netdev.parent !== null) under.add(netdev.parent);
      for (const slave of netdev.slaves) under.add(slave);
      for (const item of view.interfaces) if (item.netdev?.master === current) under.add(item.name);
    }
  return under;
}

/** One physical port behind two PCIe domains (DGX Spark): same bus, slot and function, other domain. */
function isTwin(a: PortView, b: PortView): boolean {
  const place = (port: PortView) => {
    const pci = /^([0-9a-f]+):([0-9a-f]{2}:[0-9a-f]{2}\.\d)$/i.exec(port.hca?.pci ?? '');
    const name = /^(?:roce|ib)(P\d+)?(p\d+s\d+f\d+)$/.exec(port.device);
    return pci !== null ? { domain: pci[1], slot: pci[2] } : { domain: name?.[1] ?? '', slot: name?.[2] };
  };
  const [left, right] = [place(a), place(b)];
  return left.slot !== undefined && left.slot === right.slot && left.domain !== right.domain;
}
