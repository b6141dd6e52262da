import { pciFunction } from '@dsr1/shared/fabric/parse/address';
import type { Netdev, NetdevAddress, NetdevKind } from '@dsr1/shared/facts/netdev';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { naturalOrder } from '../../host/natural-order.ts';
import { detected, numberIn, readNumaNode, readNumber, undetected } from '../probe.ts';
import { type NetdevAddresses, probeAddresses } from './addresses.ts';

const CLASS = '/sys/class/net';
const IFF_UP = 1;

/**
 * Every netdev of the agent's namespace: hardware from sysfs, addresses from `ip`.
 * @param nodeIp the operator's word on the node's address; one in 127.0.0.0/8 is on loopback without being listed there
 */
export async function probeNetdevs(host: Host, nodeIp: string | null): Promise<Probe<Netdev[]>> {
  const [names, addresses] = await Promise.all([host.list(CLASS), probeAddresses(host)]);
  const known = new Map(addresses.detected ? addresses.value.map((row) => [row.name, row]) : []);
  if (names === null && known.size === 0)
    return undetected(`${CLASS} cannot be read, and no address is known`);
  const all = names ?? [...known.keys()].sort(naturalOrder);
  const netdevs = await Promise.all(all.map((name) => readNetdev(host, name, known.get(name))));
  return detected(
    `sysfs, ${addresses.detected ? addresses.source : addresses.reason}`,
    netdevs.filter((netdev) => netdev !== null).map((netdev) => withLoopbackAddress(netdev, nodeIp)),
  );
}

/** The kernel takes all of 127.0.0.0/8 as local to the loopback device (net/ipv4/devinet.c), so agents of one host may have an address each. */
function withLoopbackAddress(netdev: Netdev, nodeIp: string | null): Netdev {
  if (netdev.kind !== 'loopback' || nodeIp === null || !nodeIp.startsWith('127.')) return netdev;
  if (netdev.addresses.some(({ address }) => address === nodeIp)) return netdev;
  const own: NetdevAddress = { family: 4, address: nodeIp, prefixLength: 8, scope: 'host' };
  return { ...netdev, addresses: [...netdev.addresses, own].sort(byAddress) };
}

/** PCI function of a device folder: the last one on its path (virtio and auxiliary devices sit below theirs). */
export async function pciOf(host: Host, devicePath: string): Promise<string | null> {
  const path = await host.realPath(devicePath);
  return (
    path
      ?.split('/')
      .map(pciFunction)
      .findLast((found) => found !== null) ?? null
  );
}

async function readNetdev(host: Host, name: string, ip: NetdevAddresses | undefined): Promise<Netdev | null> {
  const at = `${CLASS}/${name}`;
  const [entries, texts, speed, carrier, driver, pci, master, numaNode] = await Promise.all([
    host.list(at),
    host.readTable(ATTRIBUTES.map((attribute) => `${at}/${attribute}`)),
    // These two ask the driver.
    readNumber(host, `${at}/speed`),
    readNumber(host, `${at}/carrier`),
    host.realPath(`${at}/device/driver`),
    pciOf(host, `${at}/device`),
    host.realPath(`${at}/master`),
    readNumaNode(host, `${at}/device`),
  ]);
  // /sys/class/net holds files too (bonding_masters).
  if (entries === null && ip === undefined) return null;
  const value = Object.fromEntries(
    ATTRIBUTES.map((attribute, index) => [attribute, texts[index]?.trim() ?? null]),
  ) as Values;
  const ifindex = numberIn(value.ifindex);
  const flags = numberIn(value.flags);
  const lower = entries?.find((entry) => entry.startsWith('lower_'))?.slice('lower_'.length) ?? null;
  const slaves = value['bonding/slaves']?.split(/\s+/).filter(Boolean).sort(naturalOrder) ?? [];
  const kind = kindOf(value, ip?.kind ?? 'unknown', lower);
  return {
    name,
    kind,
    ifindex,
    up: flags === null ? null : (flags & IFF_UP) !== 0 && carrier === 1,
    mtu: numberIn(value.mtu),
    mac: value.address,
    // The kernel shows -1 where the speed is not known.
    speedMbps: speed !== null && speed > 0 ? speed : null,
    master: master?.split('/').at(-1) ?? null,
    parent: slaves.length > 0 || kind === 'bridge' ? null : lower,
    slaves,
    altnames: [...(ip?.altnames ?? [])].sort(naturalOrder),
    driver: driver?.split('/').at(-1) ?? null,
    pci,
    numaNode,
    addresses: [...(ip?.addresses ?? [])].sort(byAddress),
  };
}

const ATTRIBUTES = [
  'type',
  'ifindex',
  'iflink',
  'flags',
  'mtu',
  'address',
  'uevent',
  'bonding/slaves',
] as const;
type Values = Readonly<Record<(typeof ATTRIBUTES)[number], string | null>>;

/** Hardware type (include/uapi/linux/if_arp.h), refined by the device type that drivers set (uevent) and by `ip -d`. */
function kindOf(value: Values, fromIp: NetdevKind, lower: string | null): NetdevKind {
  // A bond of IPoIB netdevs is a bond first.
  const deviceType = DEVICE_TYPES[/^DEVTYPE=(.+)$/m.exec(value.uevent ?? '')?.[1] ?? ''];
  if (deviceType !== undefined) return deviceType;
  const hardware = HARDWARE[value.type ?? ''] ?? 'unknown';
  if (hardware !== 'ether') return hardware === 'unknown' ? fromIp : hardware;
  if (fromIp !== 'unknown' && fromIp !== 'ether') return fromIp;
  // The other end of a veth lies in another namespace: a link to something that is not here.
  return value.iflink !== null && value.iflink !== value.ifindex && lower === null ? 'veth' : 'ether';
}

const HARDWARE: Readonly<Record<string, NetdevKind>> = {
  1: 'ether',
  32: 'infiniband',
  772: 'loopback',
  768: 'tunnel',
  769: 'tunnel',
  776: 'tunnel',
  778: 'tunnel',
  65534: 'tunnel',
};

const DEVICE_TYPES: Readonly<Record<string, NetdevKind>> = {
  bond: 'bond',
  bridge: 'bridge',
  vlan: 'vlan',
  macvlan: 'macvlan',
  ipvlan: 'ipvlan',
  vxlan: 'tunnel',
  gretap: 'tunnel',
  geneve: 'tunnel',
};

const byAddress = (a: NetdevAddress, b: NetdevAddress) =>
  a.family - b.family || naturalOrder(a.address, b.address);
