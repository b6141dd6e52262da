/** What one file says, in the row format of docs/fabric-cases.md (snake case; null = the format could show it). */
import type { Evidence } from './evidence.ts';
import type { GidRow, GpuRow, NetdevRow, PortRow } from './parse/rows.ts';
import { lookup } from './parse/text.ts';

export type FileReading = { readonly what: string } & Readonly<Record<string, unknown>>;

/** A file's main content: what the manifest's kind stands for, else whatever it has most rows of; null for logs and prose. */
export function fileReading(evidence: readonly Evidence[], kind: string | undefined): FileReading | null {
  const topos = evidence.flatMap((item) => item.topo ?? []);
  const topo = topos.find((item) => item.cells.length > 0) ?? topos[0];
  const tables: Readonly<Record<string, readonly unknown[]>> = {
    ports: evidence.flatMap((item) => item.ports.map(portJson)),
    gids: evidence.flatMap((item) => item.gids.map(gidJson)),
    interfaces: evidence.flatMap((item) => item.netdevs.map(netdevJson)),
    devices: evidence.flatMap((item) =>
      item.devices.map((row) => ({ name: row.device, node_guid: row.nodeGuid })),
    ),
    rules: evidence.flatMap((item) => item.rules),
    gpus: evidence.flatMap((item) => item.gpus.map(gpuJson)),
    pci: evidence.flatMap((item) => item.pci),
    'pci-numa': evidence.flatMap((item) =>
      item.pciNuma.map((row) => ({ bus: row.bus, rdma: row.device, numa: row.numaNode })),
    ),
    routes: evidence.flatMap((item) => item.routes),
    env: evidence.flatMap((item) =>
      item.env.map((row) => ({ var: row.name, value: row.value, in_force: row.inForce })),
    ),
  };
  const most = Object.keys(tables).reduce((best, what) =>
    (tables[what]?.length ?? 0) > (tables[best]?.length ?? 0) ? what : best,
  );
  const gidsShown = kind === 'ibv_devinfo' && most === 'gids';
  const wanted = gidsShown ? 'gids' : lookup(CONTENT, kind ?? '');
  if (topo && (wanted === 'topo' || wanted === undefined || tables[wanted]?.length === 0)) {
    const { gpuCount, nicCount, nics, cells, nearest } = topo;
    return { what: 'topo', gpu_count: gpuCount, nic_count: nicCount, nics, cells, nearest };
  }
  const what = wanted !== undefined && (tables[wanted]?.length ?? 0) > 0 ? wanted : most;
  const rows = tables[what] ?? [];
  return rows.length === 0 ? null : { what, rows };
}

const CONTENT: Readonly<Record<string, string>> = {
  show_gids: 'gids',
  'gid-table': 'gids',
  'sysfs-gids': 'gids',
  'sysfs-infiniband': 'ports',
  ibdev2netdev: 'ports',
  'rdma-link': 'ports',
  ibstat: 'ports',
  ibstatus: 'ports',
  ibv_devinfo: 'ports',
  ibv_devices: 'devices',
  'ip-a': 'interfaces',
  'ip-4-a': 'interfaces',
  ifconfig: 'interfaces',
  interfaces: 'interfaces',
  'ip-rule': 'rules',
  'ip-route': 'routes',
  'topo-m': 'topo',
  'nvidia-smi': 'gpus',
  'gpu-bus-ids': 'gpus',
  'nic-numa': 'pci-numa',
  lspci: 'pci',
  env: 'env',
};

function portJson(row: PortRow): Record<string, unknown> {
  return {
    name: row.device,
    port: row.port,
    link_layer: row.linkLayer,
    state: row.state,
    phys: row.phys,
    netdev: row.netdev,
    netdev_up: row.netdevUp,
    rate_gbps: row.rateGbps,
    sm_lid: row.smLid,
    pci: row.pci,
    default_gid: row.defaultGid,
  };
}

function gidJson(row: GidRow): Record<string, unknown> {
  const { device, port, index, gid, version, ipv4, netdev, link } = row;
  return { dev: device, port, index, gid, version, ipv4, netdev, link };
}

function netdevJson(row: NetdevRow): Record<string, unknown> {
  const cidrs = (family: 4 | 6): string[] =>
    row.addresses
      .filter((entry) => entry.family === family)
      .map((entry) =>
        entry.prefixLength === null ? entry.address : `${entry.address}/${entry.prefixLength}`,
      );
  return {
    name: row.name,
    parent: row.parent ?? undefined,
    master: row.master ?? undefined,
    ipv4: cidrs(4),
    ipv6: cidrs(6),
    mtu: row.mtu,
    up: row.up,
    kind: row.linkType,
    altnames: row.altnames,
    masked: row.masked,
  };
}

function gpuJson(row: GpuRow): Record<string, unknown> {
  const memoryMib = row.memoryBytes === null ? null : row.memoryBytes / (1024 * 1024);
  return { index: row.index, name: row.name, bus_id: row.busId, memory_mib: memoryMib, uuid: row.uuid };
}
