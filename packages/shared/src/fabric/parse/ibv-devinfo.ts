/**
 * `ibv_devinfo` and -v (rdma-core: libibverbs/examples/devinfo.c). `transport: InfiniBand (0)` is printed for RoCE too:
 * only link_layer tells. -v adds the GID table: `GID[  3]:  ::ffff:10.0.0.1, RoCE v2`.
 */
import { ipv4OfGid, isEmptyGid } from './address.ts';
import {
  type DeviceRow,
  type GidRow,
  isVirtualModel,
  lidNumber,
  linkLayerOf,
  type PortRow,
  physState,
  portState,
} from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export interface ParsedDevinfo extends Parsed<PortRow> {
  readonly gids: GidRow[];
  /** Devices of which no port is shown: the text ends in the middle of their entry. */
  readonly devices: DeviceRow[];
}

type Draft = { -readonly [Key in keyof PortRow]: PortRow[Key] };

export function parseIbvDevinfo(dump: Dump): ParsedDevinfo {
  const rows: Draft[] = [];
  const gids: GidRow[] = [];
  const seen: Device[] = [];
  let device: Device | null = null;
  let port: Draft | null = null;
  let lanes = 1;
  const unknown = readLines(dump, (line) => {
    const gid = gidRow(line, device?.name ?? null, port?.port ?? null);
    if (gid) {
      if (!isEmptyGid(gid.gid)) gids.push(gid);
      return true;
    }
    const [, key = '', value = ''] = /^\s*([a-z][\w ]*?):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === 'hca_id') {
      device = {
        name: value,
        nodeGuid: null,
        firmware: null,
        vendor: null,
        virtualFunction: null,
        hardware: null,
      };
      seen.push(device);
      port = null;
    } else if (!device) return false;
    else if (key === 'port' && /^\d{1,3}$/.test(value)) {
      port = {
        ...EMPTY,
        device: device.name,
        port: Number(value),
        nodeGuid: device.nodeGuid,
        firmware: device.firmware,
        virtualFunction: device.virtualFunction,
      };
      rows.push(port);
    } else if (key === 'node_guid') device.nodeGuid = value;
    else if (key === 'fw_ver') device.firmware = value;
    else if (key === 'vendor_id') device.vendor = value;
    else if (key === 'hw_ver') device.hardware = value;
    else if (key === 'vendor_part_id' && device.vendor === MELLANOX)
      device.virtualFunction = isVirtualModel(`MT${value}`);
    else if (port && key === 'active_width') lanes = Number(/^(\d+)X/.exec(value)?.[1] ?? 1);
    else if (port && key === 'active_speed') port.rateGbps = speed(value, lanes);
    else if (port) apply(port, key, value);
    return key !== '' || /^\s*(\w+|Unknown flags: 0x\w+)\s*$/.test(line);
  });
  const drivers = new Map(seen.map((item) => [item.name, softwareDriver(item)]));
  const shown = new Set(rows.map((row) => row.device));
  return {
    rows: rows.map((row) => ({ ...row, driver: drivers.get(row.device) ?? null })),
    gids,
    unknown,
    devices: seen
      .filter(({ name }) => !shown.has(name))
      .map(({ name, nodeGuid }) => ({ device: name, nodeGuid })),
  };
}

interface Device {
  readonly name: string;
  nodeGuid: string | null;
  firmware: string | null;
  vendor: string | null;
  hardware: string | null;
  virtualFunction: boolean | null;
}

/** IEEE company number, as the kernel's mlx4 and mlx5 drivers report it. */
const MELLANOX = '0x02c9';

/**
 * Drivers that have no hardware show none: rdma_rxe (rxe_param.h: vendor 0 before Linux 4.20, then 0xffffff, firmware
 * and revision 0), siw (siw_main.c: vendor 0x626d74). null for every other device.
 */
function softwareDriver({ vendor, hardware, firmware }: Device): string | null {
  if (vendor === '0x626d74') return 'siw';
  const bare = firmware === '0.0.0' && hardware === '0x0';
  return vendor === '0xffffff' || (bare && Number(vendor) === 0) ? 'rdma_rxe' : null;
}

const EMPTY = { linkLayer: null, state: null, lid: null, smLid: null };

function apply(port: Draft, key: string, value: string): void {
  if (key === 'state') port.state = portState(value);
  else if (key === 'phys_state') port.phys = physState(/^([A-Z_]+)/.exec(value)?.[1] ?? '');
  else if (key === 'sm_lid') port.smLid = lidNumber(value);
  else if (key === 'port_lid') port.lid = lidNumber(value);
  else if (key === 'link_layer') port.linkLayer = linkLayerOf(value);
}

/** `25.0 Gbps (32)` is the speed of one lane. */
function speed(text: string, lanes: number): number | null {
  const lane = /^(\d+(?:\.\d+)?) Gbps/.exec(text)?.[1];
  return lane === undefined ? null : Number(lane) * lanes;
}

function gidRow(line: string, device: string | null, port: number | null): GidRow | null {
  const match = /^\s*GID\[\s*(\d{1,5})\]:\s*([0-9a-fx*:.]+)(?:,?\s*(.*))?$/i.exec(line);
  if (!match) return null;
  const type = /v([12])\b/i.exec(match[3] ?? '')?.[1];
  const gid = match[2] ?? '';
  return {
    device,
    port,
    index: Number(match[1]),
    gid,
    version: type === undefined ? null : type === '1' ? 1 : 2,
    ipv4: ipv4OfGid(gid),
    netdev: null,
  };
}
