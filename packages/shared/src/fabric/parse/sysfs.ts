/**
 * /sys/class/infiniband as text: `grep -r . …` and `find … | xargs` (path:value), `head`-like (path, then the value on
 * the next line), and the port attributes that `ls`-like listings give. Reads of unused slots print EINVAL: no value.
 */
import { ipv4OfGid, isEmptyGid, pciFunction } from './address.ts';
import { type GidRow, LINK_LAYERS, lidNumber, type PortRow, physState, portState, rateGbps } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export interface ParsedSysfs extends Parsed<PortRow> {
  readonly gids: GidRow[];
}

interface Slot {
  gid?: string;
  type?: string;
  netdev?: string;
}

interface Port {
  readonly attributes: Map<string, string>;
  readonly slots: Map<number, Slot>;
}

interface Device {
  readonly attributes: Map<string, string>;
  readonly ports: Map<number, Port>;
}

export function parseSysfsInfiniband(dump: Dump): ParsedSysfs {
  const devices = new Map<string, Device>();
  let pending: string | null = null;
  const unknown = readLines(dump, (line) => {
    const entry = entryOf(line);
    if (entry) {
      const value = entry.value.trim();
      pending = value === '' ? entry.path : null;
      if (value !== '') store(devices, entry.path, value);
      return true;
    }
    if (pending !== null && !/^\s*(cat|grep|head|ls):/.test(line)) {
      store(devices, pending, line.trim());
      pending = null;
      return true;
    }
    return /: Invalid argument|: No such file|: No such device/.test(line);
  });
  const ports = [...devices].flatMap(([name, device]) =>
    [...device.ports].map(([port, data]) => ({ name, device, port, data })),
  );
  return {
    rows: ports
      .filter(({ data }) => data.attributes.size > 0)
      .map((found) => portRow(found.name, found.device, found.port, found.data.attributes)),
    gids: ports.flatMap(({ name, port, data }) =>
      [...data.slots].flatMap(([index, slot]) => gidRow(name, port, index, slot)),
    ),
    unknown,
  };
}

/** `…/infiniband/mlx5_0/ports/1/state:4: ACTIVE`, `==> path <==`, `path = value`, or the path alone. */
function entryOf(line: string): { path: string; value: string } | null {
  const match =
    /^\s*(?:==>\s*)?(?:\S*\/)?infiniband\/([^\s:=]+)(?:\s*[:=]\s*|\s+(?!<)|\s*<==\s*$|\s*$)(.*)$/.exec(line);
  return match ? { path: match[1] ?? '', value: match[2] ?? '' } : null;
}

function store(devices: Map<string, Device>, path: string, value: string): void {
  if (/Invalid argument|No such/.test(value)) return;
  const [name = '', ...rest] = path.split('/');
  const device = getOrMake(devices, name, () => ({ attributes: new Map(), ports: new Map() }));
  if (rest[0] !== 'ports') {
    if (rest.length > 0) device.attributes.set(rest.join('/'), value);
    return;
  }
  if (!/^\d{1,3}$/.test(rest[1] ?? '')) return;
  const port = getOrMake(device.ports, Number(rest[1]), () => ({ attributes: new Map(), slots: new Map() }));
  const [, , attribute = '', third = '', fourth = ''] = rest;
  const index = attribute === 'gids' ? third : fourth;
  if (attribute !== 'gids' && attribute !== 'gid_attrs') {
    if (rest.length === 3) port.attributes.set(attribute, value);
  } else if (/^\d{1,5}$/.test(index)) {
    const slot = getOrMake<number, Slot>(port.slots, Number(index), () => ({}));
    if (attribute === 'gids') slot.gid = value;
    else if (third === 'types') slot.type = value;
    else if (third === 'ndevs') slot.netdev = value;
  }
}

function portRow(
  device: string,
  { attributes: own }: Device,
  port: number,
  attributes: Map<string, string>,
): PortRow {
  const get = (key: string): string => attributes.get(key) ?? '';
  const numa = own.get('device/numa_node');
  return {
    device,
    port,
    state: portState(get('state')),
    phys: physState(get('phys_state')),
    linkLayer: LINK_LAYERS[get('link_layer').toLowerCase()] ?? null,
    rateGbps: rateGbps(get('rate')),
    ...(attributes.has('lid') ? { lid: lidNumber(get('lid')) } : {}),
    ...(attributes.has('sm_lid') ? { smLid: lidNumber(get('sm_lid')) } : {}),
    ...(own.has('fw_ver') ? { firmware: own.get('fw_ver') ?? null } : {}),
    ...(own.has('node_guid') ? { nodeGuid: own.get('node_guid') ?? null } : {}),
    ...(own.has('device') ? { pci: pciFunction(own.get('device')?.split('/').at(-1) ?? '') } : {}),
    ...(numa !== undefined && /^\d+$/.test(numa) ? { numaNode: Number(numa) } : {}),
  };
}

function gidRow(device: string, port: number, index: number, slot: Slot): GidRow[] {
  if (slot.gid === undefined || isEmptyGid(slot.gid)) return [];
  const version = /v([12])/i.exec(slot.type ?? '')?.[1];
  return [
    {
      device,
      port,
      index,
      gid: slot.gid,
      version: version === undefined ? null : version === '1' ? 1 : 2,
      ipv4: ipv4OfGid(slot.gid),
      netdev: slot.netdev ?? null,
    },
  ];
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
