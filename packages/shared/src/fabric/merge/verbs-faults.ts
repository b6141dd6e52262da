/** Devices that the kernel shows and libibverbs cannot open there: its library for them is missing, or of another age. */
import type { Hca } from '../../facts/hca.ts';
import type { Evidence } from '../evidence.ts';
import { isProviderOf, providerTrouble, saysNoDevices } from '../parse/verbs-provider.ts';
import { NO_DEVICES } from '../select/verbs-library.ts';

/** Reason by device. A device that a program opened through libibverbs has none, whatever another one complained of. */
export function verbsFaults(
  evidence: readonly Evidence[],
  hcas: readonly Pick<Hca, 'device' | 'driver'>[],
): ReadonlyMap<string, string> {
  const troubles = evidence.flatMap(({ unknown }) => unknown.flatMap((line) => providerTrouble(line) ?? []));
  const none = evidence.some(({ kind, unknown }) => kind !== 'log' && unknown.some(saysNoDevices));
  const opened = new Set(evidence.flatMap(openedBy));
  return new Map(
    hcas.flatMap(({ device, driver }) => {
      const own = troubles.find((item) =>
        item.device === null
          ? item.provider !== null && isProviderOf(item.provider, { device, driver }) === true
          : item.device === device,
      );
      const because = own?.because ?? (none ? NO_DEVICES : undefined);
      return because === undefined || opened.has(device) ? [] : [[device, because] as const];
    }),
  );
}

/** Devices that only the complaints name. */
export function devicesInTrouble(evidence: readonly Evidence[]): string[] {
  const named = evidence.flatMap(({ unknown }) =>
    unknown.flatMap((line) => providerTrouble(line)?.device ?? []),
  );
  return [...new Set(named)].slice(0, MAX_DEVICES);
}

const MAX_DEVICES = 64;

/** ibv_devinfo and ibv_devices list what libibverbs has a library for, and NCCL takes nothing else. */
function openedBy({ kind, ports, devices, reports }: Evidence): string[] {
  const listed = kind === 'ibv_devinfo' || kind === 'ibv_devices' ? [...ports, ...devices] : [];
  const used = reports.flatMap(({ devicesUsed }) => devicesUsed.map((port) => port.split(':')[0] ?? ''));
  return [...listed.map(({ device }) => device), ...used];
}
