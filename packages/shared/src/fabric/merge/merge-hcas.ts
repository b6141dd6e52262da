/** RDMA devices of one node from every text that shows ports, GIDs, GUIDs or PCI addresses. */
import type { Hca, HcaPort } from '../../facts/hca.ts';
import type { Netdev } from '../../facts/netdev.ts';
import type { Evidence } from '../evidence.ts';
import { pciFunction } from '../parse/address.ts';
import type { DeviceRow, GidRow, PciNumaRow, PortRow } from '../parse/rows.ts';
import type { Ledger } from './belief.ts';
import { netdevFinder } from './join-netdev.ts';
import { mergeGids } from './merge-gids.ts';

interface PortClaim {
  readonly source: string;
  readonly kind: Evidence['kind'];
  readonly row: PortRow;
}

/** null when no text shows RDMA devices at all; `evidence` in the order of belief. */
export function mergeHcas(
  evidence: readonly Evidence[],
  netdevs: readonly Netdev[],
  ledger: Ledger,
): Hca[] | null {
  const ports = new Map<string, PortClaim[]>();
  for (const { source, kind, ports: rows } of evidence) {
    for (const row of rows) {
      const key = `${row.device}:${row.port}`;
      // A tool that was asked again says what is so now.
      const earlier = (ports.get(key) ?? []).slice(0, MAX_SOURCES);
      const at = earlier.findIndex((claim) => claim.source === source);
      ports.set(key, earlier.toSpliced(at < 0 ? earlier.length : at, 0, { source, kind, row }));
    }
  }
  const listed = evidence.flatMap(({ devices }) => devices.map((row) => row.device));
  const portDevices = [...ports.values()].map((claims) => claims[0]?.row.device ?? '');
  const gids = mergeGids(evidence, [...portDevices, ...listed], ledger);
  const links = linksOf(evidence);
  const findNetdev = netdevFinder(netdevs);
  const complete = evidence.some((item) => item.gidsComplete);
  const devices = new Map<string, HcaPort[]>(listed.slice(0, MAX_PORTS).map((device) => [device, []]));
  for (const key of limited([...new Set([...ports.keys(), ...gids.keys()])], ledger)) {
    const [device = '', port = ''] = splitKey(key);
    const table = gids.get(key) ?? (complete ? [] : null);
    const merged = portOf(key, Number(port), ports.get(key) ?? [], links.get(key) ?? null, ledger);
    const netdev = merged.netdev ?? table?.find((row) => row.netdev !== null)?.netdev ?? null;
    const claims = ports.get(key) ?? [];
    const elsewhere = netdev === null && merged.linkLayer !== 'ib' && claims.some(saysNoNetdev);
    const identity = {
      linkLayer: merged.linkLayer,
      portGuid: portGuid(claims),
      gids: table ?? [],
    };
    const joined = netdev ?? (elsewhere ? null : findNetdev(identity));
    const siblings = devices.get(device) ?? [];
    devices.set(device, siblings);
    const absent = elsewhere && claims.some(({ kind }) => kind === 'ibdev2netdev');
    siblings.push({ ...merged, gids: table, netdev: joined, ...(absent ? { netdevUp: false } : {}) });
  }
  if (devices.size === 0 && !evidence.some(({ kind }) => kind === 'ibv_devices')) return null;
  const told = toldOf(evidence, [...ports.values()].flat());
  return [...devices].map(([device, merged]) => deviceOf(device, merged, told, ledger));
}

const MAX_SOURCES = 16;

/** No host has so many (NCCL takes 32); a text that does is noise, and what it costs stays bounded. */
const MAX_PORTS = 1024;

function limited(keys: readonly string[], ledger: Ledger): readonly string[] {
  const kept = keys.slice(0, MAX_PORTS);
  ledger.believe('number of RDMA ports', [
    { source: 'the most that one host is taken to have', value: kept.length },
    { source: 'the texts', value: keys.length },
  ]);
  return kept;
}

function portOf(
  key: string,
  port: number,
  claims: readonly PortClaim[],
  linkUp: boolean | null,
  ledger: Ledger,
): HcaPort {
  const settle = <Field extends keyof PortRow>(field: Field) =>
    ledger.believe(
      `${key} ${field}`,
      claims.map(({ source, row }) => ({ source, value: row[field] as NonNullable<PortRow[Field]> | null })),
    );
  return {
    port,
    state: settle('state'),
    phys: settle('phys'),
    linkLayer: settle('linkLayer'),
    rateGbps: settle('rateGbps'),
    netdev: settle('netdev'),
    netdevUp: settle('netdevUp') ?? linkUp,
    lid: settle('lid'),
    smLid: settle('smLid'),
    gids: null,
  };
}

/** `rdma link` prints `netdev`, and ibdev2netdev a name before its brackets, whenever the netdev is in their namespace. */
function saysNoNetdev({ kind, row }: PortClaim): boolean {
  return ['rdma-link', 'json', 'ibdev2netdev'].includes(kind) && row.netdev === null;
}

function portGuid(claims: readonly PortClaim[]): string | null {
  return (
    claims
      .map(({ row }) => row.portGuid ?? row.defaultGid?.split(':').slice(4).join(''))
      .find((guid) => guid) ?? null
  );
}

/** Vendors' GID tables print the link with each row. */
function linksOf(evidence: readonly Evidence[]): Map<string, boolean> {
  const rows: GidRow[] = evidence.flatMap(({ gids }) => gids.filter((row) => row.link !== undefined));
  return new Map(rows.map((row) => [`${row.device}:${row.port ?? 1}`, row.link === 'up']));
}

/** What the texts say of devices rather than of ports, by device (and PCI descriptions by function). */
interface DeviceClaims {
  readonly rows: ReadonlyMap<string, readonly PortClaim[]>;
  readonly numa: ReadonlyMap<string, readonly { source: string; row: PciNumaRow }[]>;
  readonly guids: ReadonlyMap<string, readonly { source: string; row: DeviceRow }[]>;
  readonly described: ReadonlyMap<string, string>;
}

function toldOf(evidence: readonly Evidence[], claims: readonly PortClaim[]): DeviceClaims {
  const sourced = <Row>(rows: (item: Evidence) => readonly Row[]) =>
    evidence.flatMap((item) => rows(item).map((row) => ({ source: item.source, row })));
  return {
    rows: Map.groupBy(claims, ({ row }) => row.device),
    numa: Map.groupBy(
      sourced((item) => item.pciNuma),
      ({ row }) => row.device ?? '',
    ),
    guids: Map.groupBy(
      sourced((item) => item.devices),
      ({ row }) => row.device,
    ),
    described: new Map(
      evidence.flatMap((item) => item.pci.map((row) => [pciFunction(row.bus) ?? '', row.text])),
    ),
  };
}

function deviceOf(device: string, ports: HcaPort[], told: DeviceClaims, ledger: Ledger): Hca {
  const own = told.rows.get(device) ?? [];
  const numa = told.numa.get(device) ?? [];
  const guids = told.guids.get(device) ?? [];
  const pci = ledger.believe(`${device} PCI function`, [
    ...own.map(({ source, row }) => ({ source, value: row.pci })),
    ...numa.map(({ source, row }) => ({ source, value: pciFunction(row.bus) })),
  ]);
  const nodes = [...numa.map(({ row }) => row.numaNode), ...own.map(({ row }) => row.numaNode ?? -1)];
  return {
    device,
    pci,
    numaNode: nodes.find((value) => value >= 0) ?? null,
    driver: own.map(({ row }) => row.driver ?? null).find((told) => told !== null) ?? null,
    nodeGuid: ledger.believe(`${device} node GUID`, [
      ...own.map(({ source, row }) => ({
        source,
        value: row.nodeGuid == null ? null : plainGuid(row.nodeGuid),
      })),
      ...guids.map(({ source, row }) => ({
        source,
        value: row.nodeGuid === null ? null : plainGuid(row.nodeGuid),
      })),
    ]),
    firmware: ledger.believe(
      `${device} firmware`,
      own.map(({ source, row }) => ({ source, value: row.firmware })),
    ),
    virtualFunction:
      own.map(({ row }) => row.virtualFunction ?? null).find((told) => told !== null) ??
      isVirtualFunction(device, told.described.get(pci ?? '')),
    physicalFunction: null,
    uverbs: null,
    ports: ports.sort((a, b) => a.port - b.port),
  };
}

/** lspci names virtual functions; so does rdma-core's rename rule (`rocep204s0f0v6`, kernel-boot/rdma_rename.c). */
function isVirtualFunction(device: string, described: string | undefined): boolean | null {
  if (described !== undefined) return /Virtual Function/i.test(described);
  return /^(roce|ib|iw|rdma)(P\d+)?p\d+s\d+(f\d+)?v\d+$/.test(device) ? true : null;
}

function plainGuid(guid: string): string {
  return guid.replace(/^0x|:/gi, '').toLowerCase();
}

function splitKey(key: string): [string, string] {
  const at = key.lastIndexOf(':');
  return [key.slice(0, at), key.slice(at + 1)];
}
