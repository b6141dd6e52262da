/** `ibv_devices`: device and node GUID. It also lists devices that cannot be opened. */
import type { DeviceRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

export function parseIbvDevices(dump: Dump): Parsed<DeviceRow> {
  const rows: DeviceRow[] = [];
  const unknown = readLines(dump, (line) => {
    const match = /^\s*([A-Za-z][\w.-]*)\s+([0-9a-f]{16})\s*$/i.exec(line);
    if (match) rows.push({ device: match[1] ?? '', nodeGuid: match[2] ?? '' });
    return match !== null || /^\s*(device\s+node GUID|-+\s+-+\s*$)/.test(line);
  });
  return { rows, unknown };
}
