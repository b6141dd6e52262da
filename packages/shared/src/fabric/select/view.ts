/**
 * One node as selection sees it: its interfaces and its HCA ports, joined from whatever evidence there is.
 * A GID table names interfaces and addresses even where no `ip addr` was shown, so both count.
 */
import type { GidEntry, Hca, HcaPort } from '../../facts/hca.ts';
import type { Netdev } from '../../facts/netdev.ts';
import type { FabricNode } from '../model.ts';
import { gidAddress, gidKind, isLocalOnly, parseAddress } from './address.ts';
import { type DeviceFamily, familyOf } from './families.ts';

export interface InterfaceView {
  readonly name: string;
  /** null = only its name is known, from an RDMA port. */
  readonly netdev: Netdev | null;
  readonly up: boolean | null;
  /** Addresses that other hosts can use, IPv4 first; prefix null where the text gave none. */
  readonly addresses: readonly InterfaceAddress[];
}

export interface InterfaceAddress {
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefixLength: number | null;
}

export interface PortView {
  /** `mlx5_1:1`, unique in the node. */
  readonly key: string;
  readonly device: string;
  readonly port: number;
  readonly family: DeviceFamily;
  /** null = only `nvidia-smi topo` names the device. */
  readonly hca: Hca | null;
  readonly facts: HcaPort | null;
  readonly layer: 'ib' | 'eth' | null;
  readonly netdev: string | null;
  readonly nearGpus: readonly number[];
}

export interface NodeView {
  readonly node: FabricNode;
  readonly interfaces: readonly InterfaceView[];
  /** By name and altname. */
  readonly interfaceByName: ReadonlyMap<string, InterfaceView>;
  /** Prefix lengths of the addresses that were shown with one. */
  readonly prefixOf: ReadonlyMap<string, number>;
  readonly ports: readonly PortView[];
  /** Some GID row names its interface, so a row without one belongs to another namespace. */
  readonly gidOwnersShown: boolean;
  /** Some GID row is of `given.localIpv4`, so that list tells local rows from foreign ones. */
  readonly gidsListed: boolean;
}

export function viewNode(node: FabricNode): NodeView {
  const netdevs = new Map(node.netdevs?.map((netdev) => [netdev.name, netdev]));
  const ports = portViews(node, netdevs);
  const interfaces = interfaceViews(netdevs, ports);
  const rows = ports.flatMap((port) => port.facts?.gids ?? []);
  const listed = new Set(node.given.localIpv4);
  return {
    node,
    ports,
    interfaces,
    interfaceByName: namesOf(interfaces),
    prefixOf: prefixesOf(interfaces),
    gidOwnersShown: rows.some((row) => row.netdev !== null && gidKind(row) !== 'empty'),
    gidsListed: listed.size > 0 && rows.some((row) => listed.has(gidAddress(row) ?? '')),
  };
}

export function interfaceOf(view: NodeView, name: string | null): InterfaceView | null {
  return name === null ? null : (view.interfaceByName.get(name) ?? null);
}

/** Devices and interfaces in the order people count them: mlx5_2 before mlx5_10. */
export function byName(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/(\d+)/));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const [x, y] = [left?.[i] ?? '', right?.[i] ?? ''];
    if (x === y) continue;
    const difference = i % 2 === 1 ? Number(x) - Number(y) : 0;
    return difference !== 0 ? difference : x < y ? -1 : 1;
  }
  return 0;
}

/** An altname that is another interface's name means that one. */
function namesOf(interfaces: readonly InterfaceView[]): Map<string, InterfaceView> {
  const altnames = interfaces.flatMap((item) =>
    (item.netdev?.altnames ?? []).map((name) => [name, item] as const),
  );
  return new Map([...altnames.reverse(), ...interfaces.map((item) => [item.name, item] as const)]);
}

function prefixesOf(interfaces: readonly InterfaceView[]): Map<string, number> {
  const shown = interfaces.flatMap(({ addresses }) =>
    addresses.flatMap(({ address, prefixLength }) =>
      prefixLength === null ? [] : [[address, prefixLength] as const],
    ),
  );
  return new Map(shown.reverse());
}

function portViews(node: FabricNode, netdevs: Netdevs): PortView[] {
  const hcas = node.hcas ?? [];
  const near = nearestGpus(node);
  const view = (device: string, hca: Hca | null, facts: HcaPort | null): PortView => ({
    key: `${device}:${facts?.port ?? 1}`,
    device,
    port: facts?.port ?? 1,
    family: familyOf(device, hca),
    hca,
    facts,
    layer:
      facts?.linkLayer ??
      layerOfNetdev(netdevs.get(facts?.netdev ?? '')) ??
      layerOfGids(facts) ??
      layerOfNames(device, facts),
    netdev: facts?.netdev ?? null,
    nearGpus: near.get(device) ?? [],
  });
  const seen = hcas.flatMap((hca) => {
    // A device of which no port was seen still has one: NCCL and every tool count ports from 1.
    return hca.ports.length === 0
      ? [view(hca.device, hca, null)]
      : hca.ports.map((port) => view(hca.device, hca, port));
  });
  const drawn =
    hcas.length > 0 ? [] : [...new Set(node.gpuTopology?.gpuToHca.map((link) => link.device) ?? [])];
  return [...seen, ...drawn.map((device) => view(device, null, null))].sort((a, b) => byName(a.key, b.key));
}

/** GPUs for which no device is nearer than this one. */
function nearestGpus(node: FabricNode): Map<string, number[]> {
  const order = ['X', 'PIX', 'PXB', 'PHB', 'NODE', 'SYS'];
  const links = node.gpuTopology?.gpuToHca ?? [];
  const best = new Map<number, number>();
  for (const link of links)
    best.set(link.gpu, Math.min(best.get(link.gpu) ?? order.length, order.indexOf(link.level)));
  const near = new Map<string, number[]>();
  for (const link of links)
    if (order.indexOf(link.level) === best.get(link.gpu) && link.level !== 'SYS')
      near.set(
        link.device,
        [...(near.get(link.device) ?? []), link.gpu].sort((a, b) => a - b),
      );
  return near;
}

function layerOfNetdev(netdev: Netdev | undefined): 'ib' | 'eth' | null {
  const kind = netdev?.kind;
  return kind === 'infiniband' ? 'ib' : kind === undefined || kind === 'unknown' ? null : 'eth';
}

/** Only RoCE has version 2 rows; tools print "v1" for native InfiniBand as well. */
function layerOfGids(facts: HcaPort | null): 'eth' | null {
  return facts?.gids?.some((row) => row.version === 2) ? 'eth' : null;
}

/** systemd names InfiniBand interfaces ib…, and rdma-core's rename rule puts ib or roce before the PCI path. */
function layerOfNames(device: string, facts: HcaPort | null): 'ib' | 'eth' | null {
  if (/^ib(?:P\d+)?[ps]\d|^ibo\d/.test(device) || /^ib(?:\d|[ps]\d|P\d|o\d)/.test(facts?.netdev ?? ''))
    return 'ib';
  return /^roce(?:P\d+)?[pso]\d/.test(device) ? 'eth' : null;
}

type Netdevs = ReadonlyMap<string, Netdev>;

function interfaceViews(netdevs: Netdevs, ports: readonly PortView[]): InterfaceView[] {
  const rows = Map.groupBy(
    ports.flatMap((port) => port.facts?.gids ?? []),
    (row) => row.netdev,
  );
  const owners = new Map(ports.toReversed().map((port) => [port.netdev, port]));
  const names = [...new Set([...netdevs.keys(), ...owners.keys(), ...rows.keys()])];
  const known = names.filter((name) => name !== null).sort(byName);
  return known.map((name) => {
    const netdev = netdevs.get(name) ?? null;
    const own = (netdev?.addresses ?? []).filter(
      (item) => item.scope !== 'link' && item.scope !== 'host' && !isLocalOnly(item.address),
    );
    const addresses = own.length > 0 ? own : gidAddresses(rows.get(name) ?? []);
    return {
      name,
      netdev,
      up: netdev?.up ?? upByPort(owners.get(name)),
      addresses: addresses
        .map(({ family, address, prefixLength }) => ({ family, address, prefixLength }))
        .sort((a, b) => a.family - b.family),
    };
  });
}

/** A RoCE port is down when its interface is (drivers/infiniband/core/roce_gid_mgmt.c); IPoIB has a state of its own. */
function upByPort(port: PortView | undefined): boolean | null {
  const { state, netdevUp } = port?.facts ?? { state: null, netdevUp: null };
  return netdevUp ?? (state === 'down' && port?.layer !== 'ib' ? false : null);
}

function gidAddresses(rows: readonly GidEntry[]): InterfaceAddress[] {
  const texts = rows.filter((row) => ['ipv4', 'ipv6'].includes(gidKind(row))).map((row) => gidAddress(row));
  return [...new Set(texts)].flatMap((address) => {
    const parsed = address === null ? null : parseAddress(address);
    return address === null || parsed === null
      ? []
      : [{ family: parsed.family, address, prefixLength: null }];
  });
}
