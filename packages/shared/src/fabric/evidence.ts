/** One section read by its parser. What a node is made of is a list of these; each remembers where it came from. */
import type { Route } from '../facts/netdev.ts';
import type { DumpKind, Section } from './detect.ts';
import type { NcclReport } from './nccl-log/model.ts';
import { readNcclLog } from './nccl-log/read.ts';
import { unwrapped } from './nccl-log/unwrap.ts';
import { parseEnv } from './parse/env.ts';
import { parseGidTable } from './parse/gid-table.ts';
import { parseIbdev2netdev } from './parse/ibdev2netdev.ts';
import { parseIbstat } from './parse/ibstat.ts';
import { parseIbstatus } from './parse/ibstatus.ts';
import { parseIbvDevices } from './parse/ibv-devices.ts';
import { parseIbvDevinfo } from './parse/ibv-devinfo.ts';
import { parseIfconfig } from './parse/ifconfig.ts';
import { parseInterfaces } from './parse/interfaces-file.ts';
import { parseIpAddr } from './parse/ip-addr.ts';
import { parseIpJson } from './parse/ip-json.ts';
import { parseIpRoute, parseIpRouteJson, parseIpRule } from './parse/ip-route.ts';
import { parseLspci, parsePciNuma } from './parse/lspci.ts';
import { parseNvidiaSmiQuery } from './parse/nvidia-smi-query.ts';
import { parseNvidiaSmiTable } from './parse/nvidia-smi-table.ts';
import { parseNvidiaSmiXml } from './parse/nvidia-smi-xml.ts';
import { parseRdmaLink } from './parse/rdma-link.ts';
import type {
  DeviceRow,
  EnvRow,
  GidRow,
  GpuRow,
  NetdevRow,
  PciNumaRow,
  PciRow,
  PortRow,
  RuleRow,
  TopoMatrix,
} from './parse/rows.ts';
import { gidsFound, parseShowGids } from './parse/show-gids.ts';
import { parseSs, type SocketRow } from './parse/ss.ts';
import { parseSysfsInfiniband } from './parse/sysfs.ts';
import { parseTopoM } from './parse/topo-m.ts';

export interface Evidence {
  readonly path: string;
  /** File and tool, as shown to people: `show_gids.txt (show_gids)`. */
  readonly source: string;
  readonly kind: DumpKind;
  readonly host: string | null;
  readonly ports: readonly PortRow[];
  readonly gids: readonly GidRow[];
  /** The tool counted as many GID rows as were read: a device without rows has none. */
  readonly gidsComplete: boolean;
  readonly netdevs: readonly NetdevRow[];
  readonly routes: readonly Route[];
  readonly rules: readonly RuleRow[];
  readonly devices: readonly DeviceRow[];
  readonly gpus: readonly GpuRow[];
  readonly topo: TopoMatrix | null;
  readonly pci: readonly PciRow[];
  readonly pciNuma: readonly PciNumaRow[];
  readonly env: readonly EnvRow[];
  readonly sockets: readonly SocketRow[];
  /** Of a log: what each of its hosts says. */
  readonly reports: readonly NcclReport[];
  /** Lines that no rule understood, kept as they are (for a log: all of it). */
  readonly unknown: readonly string[];
}

export function readSection(section: Section, path: string): Evidence {
  return { ...emptyEvidence(path, section.kind, section.host), ...read(section) };
}

/** Evidence of one source that shows nothing yet. */
export function emptyEvidence(path: string, kind: DumpKind, host: string | null): Evidence {
  return {
    path,
    source: `${path} (${kind})`,
    kind,
    host,
    ports: [],
    gids: [],
    gidsComplete: false,
    netdevs: [],
    routes: [],
    rules: [],
    devices: [],
    gpus: [],
    topo: null,
    pci: [],
    pciNuma: [],
    env: [],
    sockets: [],
    reports: [],
    unknown: [],
  };
}

function read({ kind, lines }: Section): Partial<Evidence> {
  switch (kind) {
    case 'log': {
      const records = unwrapped(lines);
      return {
        env: parseEnv(records.filter((line) => / set (by environment )?to /.test(line))).rows,
        reports: readNcclLog(records),
        unknown: records,
      };
    }
    case 'notes':
      return { unknown: lines };
    case 'json':
      return readJson(lines);
    case 'show_gids': {
      const { rows, unknown } = parseShowGids(lines);
      return { gids: rows, gidsComplete: gidsFound(lines) === rows.length, unknown };
    }
    case 'gid-table':
      return renamed(parseGidTable(lines), 'gids');
    case 'ibdev2netdev':
      return renamed(parseIbdev2netdev(lines), 'ports');
    case 'rdma-link':
      return renamed(parseRdmaLink(lines), 'ports');
    case 'ibstat':
      return renamed(parseIbstat(lines), 'ports');
    case 'ibstatus':
      return renamed(parseIbstatus(lines), 'ports');
    case 'ibv_devices':
      return renamed(parseIbvDevices(lines), 'devices');
    case 'ibv_devinfo':
      return renamed(parseIbvDevinfo(lines), 'ports');
    case 'sysfs':
      return renamed(parseSysfsInfiniband(lines), 'ports');
    case 'ip-a':
      return renamed(parseIpAddr(lines), 'netdevs');
    case 'ip-route':
      return renamed(parseIpRoute(lines), 'routes');
    case 'ip-rule':
      return renamed(parseIpRule(lines), 'rules');
    case 'ifconfig':
      return renamed(parseIfconfig(lines), 'netdevs');
    case 'interfaces':
      return renamed(parseInterfaces(lines), 'netdevs');
    case 'topo-m': {
      const { unknown, ...topo } = parseTopoM(lines);
      return { topo, unknown };
    }
    case 'nvidia-smi':
      return renamed(parseNvidiaSmiTable(lines), 'gpus');
    case 'nvidia-smi-query':
      return renamed(parseNvidiaSmiQuery(lines), 'gpus');
    case 'nvidia-smi-xml':
      return renamed(parseNvidiaSmiXml(lines), 'gpus');
    case 'pci-numa':
      return renamed(parsePciNuma(lines), 'pciNuma');
    case 'lspci':
      return renamed(parseLspci(lines), 'pci');
    case 'env':
      return renamed(parseEnv(lines), 'env');
    case 'ss':
      return renamed(parseSs(lines), 'sockets');
  }
}

/** `ip -j addr`, `ip -j route` and `rdma link -j` are told apart by the keys of their objects. */
function readJson(lines: readonly string[]): Partial<Evidence> {
  const found = {
    netdevs: parseIpJson(lines).rows,
    routes: parseIpRouteJson(lines).rows,
    ports: parseRdmaLink(lines).rows,
  };
  return Object.values(found).some((rows) => rows.length > 0) ? found : { unknown: lines };
}

type Read = {
  readonly rows: readonly unknown[];
  readonly unknown: readonly string[];
  readonly gids?: readonly GidRow[];
  readonly devices?: readonly DeviceRow[];
};

function renamed<Field extends keyof Evidence>(
  parsed: Read & { readonly rows: Evidence[Field] },
  field: Field,
): Partial<Evidence> {
  const { rows, unknown, gids, devices } = parsed;
  return { [field]: rows, unknown, ...(gids ? { gids } : {}), ...(devices ? { devices } : {}) };
}
