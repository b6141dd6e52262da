/** `ibstat` (rdma-core: infiniband-diags/ibstat.c). Good even when it ends in `ibpanic:` (the ports before it count). */
import {
  type DeviceRow,
  isVirtualModel,
  lidNumber,
  linkLayerOf,
  type PortRow,
  physState,
  portState,
  rateGbps,
} from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

type Draft = { -readonly [Key in keyof PortRow]: PortRow[Key] };

/** `devices`: those whose ports were cut off. */
export function parseIbstat(dump: Dump): Parsed<PortRow> & { readonly devices: readonly DeviceRow[] } {
  const rows: Draft[] = [];
  const seen: Device[] = [];
  let device: Device | null = null;
  let port: Draft | null = null;
  const unknown = readLines(dump, (line) => {
    const name = /^\s*CA '([^']+)'/.exec(line)?.[1];
    if (name !== undefined) {
      device = { name, nodeGuid: null, firmware: null, virtualFunction: null };
      seen.push(device);
      port = null;
      return true;
    }
    const number = /^\s*Port (\d{1,3}):\s*$/.exec(line)?.[1];
    if (number !== undefined && device) {
      port = {
        ...EMPTY,
        device: device.name,
        port: Number(number),
        nodeGuid: device.nodeGuid,
        firmware: device.firmware,
        virtualFunction: device.virtualFunction,
      };
      rows.push(port);
      return true;
    }
    const [, key = '', value = ''] = /^\s*([A-Za-z][A-Za-z ]*?):\s*(.*)$/.exec(line) ?? [];
    if (device && key === 'Node GUID') device.nodeGuid = value.trim();
    else if (device && key === 'Firmware version') device.firmware = value.trim();
    else if (device && key === 'CA type') device.virtualFunction = isVirtualModel(value);
    else if (!port || !FIELDS.has(key)) return DEVICE_FIELDS.has(key) && device !== null;
    else apply(port, key, value.trim());
    return true;
  });
  const devices = seen
    .filter(({ name }) => rows.every((row) => row.device !== name))
    .map(({ name, nodeGuid }) => ({ device: name, nodeGuid }));
  return { rows, unknown, devices };
}

interface Device {
  readonly name: string;
  nodeGuid: string | null;
  firmware: string | null;
  virtualFunction: boolean | null;
}

const EMPTY = {
  linkLayer: null,
  state: null,
  phys: null,
  rateGbps: null,
  lid: null,
  smLid: null,
  portGuid: null,
};
const DEVICE_FIELDS = new Set(['Number of ports', 'Hardware version', 'System image GUID']);
const FIELDS = new Set(
  'State,Physical state,Rate,Base lid,LMC,SM lid,Capability mask,Port GUID,Link layer'.split(','),
);

function apply(port: Draft, key: string, value: string): void {
  if (key === 'State') port.state = portState(value);
  else if (key === 'Physical state') port.phys = physState(value);
  else if (key === 'Rate') port.rateGbps = rateGbps(value);
  else if (key === 'Base lid') port.lid = lidNumber(value);
  else if (key === 'SM lid') port.smLid = lidNumber(value);
  else if (key === 'Port GUID') port.portGuid = /^0x0+$/.test(value) ? null : value;
  else if (key === 'Link layer') port.linkLayer = linkLayerOf(value);
}
