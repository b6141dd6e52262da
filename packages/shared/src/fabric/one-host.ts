/**
 * Signs that texts taken for one host's are of several: pasted one after the other without a prompt between, or a log
 * of another machine. They are reported, never settled.
 */
import type { LinkLayer } from '../facts/hca.ts';
import type { Contradiction } from '../facts/node.ts';
import type { DumpKind } from './detect.ts';
import type { Evidence } from './evidence.ts';
import { isSameName } from './hosts-of-texts.ts';
import { linkLayersIn } from './log-evidence.ts';

/** `name` is the host's. */
export function doubtsOfOneHost(name: string, evidence: readonly Evidence[]): Contradiction[] {
  const lists = evidence.flatMap(deviceList);
  return [
    ...otherDevices(lists),
    ...otherTables(lists),
    ...otherAddresses(evidence),
    ...otherGids(evidence),
    ...logsOfOthers(name, evidence, lists),
  ];
}

interface DeviceList {
  readonly kind: DumpKind;
  readonly source: string;
  readonly devices: ReadonlySet<string>;
}

/** Tools that list every RDMA device unless told one. */
const LISTERS: readonly DumpKind[] = [
  'sysfs',
  'rdma-link',
  'ibv_devinfo',
  'ibstat',
  'ibstatus',
  'ibv_devices',
  'ibdev2netdev',
];

function deviceList({ kind, source, ports, devices }: Evidence): DeviceList[] {
  const names = new Set([...ports, ...devices].map(({ device }) => device));
  return LISTERS.includes(kind) && names.size > 0 ? [{ kind, source, devices: names }] : [];
}

/** Two lists without a device in common; single devices may each have been asked for. */
function otherDevices(lists: readonly DeviceList[]): Contradiction[] {
  const [first, ...others] = lists;
  const strange = others.find(
    ({ devices }) =>
      devices.size + (first?.devices.size ?? 0) > 2 && !meet(devices, first?.devices ?? devices),
  );
  return first === undefined || strange === undefined ? [] : [differ('RDMA devices', first, strange)];
}

/** One tool twice, and each time it lists devices that the other list lacks. */
function otherTables(lists: readonly DeviceList[]): Contradiction[] {
  return [...Map.groupBy(lists, ({ kind }) => kind).values()].flatMap(([first, ...others]) => {
    const strange = others.find(
      ({ devices }) =>
        first !== undefined &&
        meet(devices, first.devices) &&
        [...devices].some((device) => !first.devices.has(device)) &&
        [...first.devices].some((device) => !devices.has(device)),
    );
    return first === undefined || strange === undefined ? [] : [differ('RDMA devices', first, strange)];
  });
}

const meet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((name) => b.has(name));

function differ(subject: string, first: DeviceList, other: DeviceList): Contradiction {
  const value = ({ devices }: DeviceList): string => [...devices].slice(0, MAX_NAMES).join(' ');
  return {
    subject,
    believed: { source: first.source, value: value(first) },
    rejected: { source: other.source, value: value(other) },
    because: 'one host has one set of devices, in all of its tools',
  };
}

const MAX_NAMES = 12;

/** `ip addr` twice, with other addresses on an interface of the same name. */
function otherAddresses(evidence: readonly Evidence[]): Contradiction[] {
  const shown = evidence
    .filter(({ kind }) => kind === 'ip-a' || kind === 'ifconfig')
    .flatMap(({ source, netdevs }, at) =>
      netdevs.map(({ name, addresses }) => ({
        at,
        source,
        name,
        ipv4: new Set(addresses.filter(({ family }) => family === 4).map(({ address }) => address)),
      })),
    )
    .filter(({ ipv4, name }) => ipv4.size > 0 && name !== 'lo');
  return [...Map.groupBy(shown, ({ name }) => name).values()].flatMap(([first, ...others]) => {
    const other = others.find(({ at, ipv4 }) => at !== first?.at && !meet(ipv4, first?.ipv4 ?? ipv4));
    if (first === undefined || other === undefined) return [];
    return [
      {
        subject: `${first.name} address`,
        believed: { source: first.source, value: [...first.ipv4].join(' ') },
        rejected: { source: other.source, value: [...other.ipv4].join(' ') },
        because: 'an interface that is shown twice has the same addresses both times',
      },
    ];
  });
}

/** show_gids twice, and no row of a device is in both. */
function otherGids(evidence: readonly Evidence[]): Contradiction[] {
  const shown = evidence
    .filter(({ kind, gids }) => kind === 'show_gids' && gids.length > 0)
    .flatMap(({ source, gids }) =>
      [...Map.groupBy(gids, ({ device }) => device ?? '')].map(([device, rows]) => ({
        source,
        device,
        rows: new Set(rows.map(({ gid }) => gid)),
      })),
    );
  return [...Map.groupBy(shown, ({ device }) => device).values()].flatMap(([first, ...others]) => {
    const other = others.find(({ rows }) => !meet(rows, first?.rows ?? rows));
    if (first === undefined || other === undefined) return [];
    const value = (rows: ReadonlySet<string>): string => [...rows].slice(0, 4).join(' ');
    return [
      {
        subject: `${first.device} GIDs`,
        believed: { source: first.source, value: value(first.rows) },
        rejected: { source: other.source, value: value(other.rows) },
        because: 'a device that is shown twice has the same GIDs both times',
      },
    ];
  });
}

/** NCCL took devices that no tool lists, devices of another link layer, or an interface that is not there. */
function logsOfOthers(
  name: string,
  evidence: readonly Evidence[],
  lists: readonly DeviceList[],
): Contradiction[] {
  const known = new Set(lists.flatMap(({ devices }) => [...devices]));
  const layers = layersOf(evidence);
  const interfaces = evidence.find(({ netdevs }) => netdevs.some((netdev) => netdev.name === 'lo'));
  const names = new Set(interfaces?.netdevs.flatMap((netdev) => [netdev.name, ...netdev.altnames]));
  return evidence.flatMap(({ source, reports, unknown }) =>
    reports
      .filter(({ host }) => host === null || reports.length === 1 || isSameName(host, name))
      .flatMap(({ host, devicesUsed, oobIfname }) => {
        const taken = linkLayersIn(unknown, host);
        const log = (value: string) => ({ source, value });
        const strange = devicesUsed.find((port) => known.size > 0 && !known.has(port.split(':')[0] ?? ''));
        const other = devicesUsed.find(
          (port) => layers.has(port) && taken.has(port) && layers.get(port)?.layer !== taken.get(port),
        );
        const shown = other === undefined ? undefined : layers.get(other);
        return [
          ...(strange === undefined || lists[0] === undefined
            ? []
            : [
                {
                  ...differ('RDMA devices', lists[0], lists[0]),
                  rejected: log(devicesUsed.join(' ')),
                  because: 'NCCL takes devices that the tools of its host list',
                },
              ]),
          ...(shown === undefined || other === undefined
            ? []
            : [
                {
                  subject: `${other} link layer`,
                  believed: { source: shown.source, value: layerName(shown.layer) },
                  rejected: log(layerName(taken.get(other) ?? shown.layer)),
                  because: 'a port has one link layer',
                },
              ]),
          ...(interfaces === undefined || oobIfname === null || names.has(oobIfname)
            ? []
            : [
                {
                  subject: 'interfaces',
                  believed: { source: interfaces.source, value: [...names].slice(0, MAX_NAMES).join(' ') },
                  rejected: log(oobIfname),
                  because: 'NCCL bootstraps on an interface of its host',
                },
              ]),
        ];
      }),
  );
}

const layerName = (layer: LinkLayer): string => (layer === 'ib' ? 'InfiniBand' : 'RoCE');

/** Link layer of `mlx5_0:1` and who says so; systemd calls IPoIB interfaces ib…. */
function layersOf(evidence: readonly Evidence[]): Map<string, { layer: LinkLayer; source: string }> {
  const told = evidence.flatMap(({ source, ports }) =>
    ports.flatMap(({ device, port, linkLayer, netdev }) => {
      const layer = linkLayer ?? (/^ib[\dpsPo]/.test(netdev ?? '') ? 'ib' : null);
      return layer === null ? [] : [[`${device}:${port}`, { layer, source }] as const];
    }),
  );
  return new Map(told.reverse());
}
