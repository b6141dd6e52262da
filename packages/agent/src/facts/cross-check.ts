import type { GidRow, PortRow } from '@dsr1/shared/fabric/parse/rows';
import type { GidEntry, Hca, HcaPort } from '@dsr1/shared/facts/hca';
import type { Contradiction } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { FabricTools } from './probes/fabric-tools.ts';

/**
 * Where the tools' view of the HCAs differs from sysfs'. sysfs is believed: it is the kernel's own word, and the tools
 * are scripts over it that may be old, another namespace's, or cut short. Pure.
 */
export function crossCheck(hcas: Probe<Hca[]>, tools: FabricTools): Contradiction[] {
  if (!hcas.detected) return [tools.ibdev2netdev, tools.rdmaLink, tools.showGids].flatMap(listedAlone);
  const ports = portsOf(hcas.value);
  return [
    ...comparePorts('ibdev2netdev', tools.ibdev2netdev, ports),
    ...comparePorts('rdma link', tools.rdmaLink, ports),
    ...compareGids(tools.showGids, ports),
  ];
}

type Ports = ReadonlyMap<string, HcaPort>;

const portsOf = (hcas: readonly Hca[]): Ports =>
  new Map(hcas.flatMap(({ device, ports }) => ports.map((port) => [`${device}/${port.port}`, port])));

/** The kernel shows no RDMA device at all, a tool does. */
function listedAlone(rows: Probe<readonly unknown[]>): Contradiction[] {
  if (!rows.detected || rows.value.length === 0) return [];
  return [differs('RDMA devices', rows.source, 'none', `${rows.value.length} rows`, NOT_IN_SYSFS)];
}

function comparePorts(tool: string, rows: Probe<readonly PortRow[]>, ports: Ports): Contradiction[] {
  if (!rows.detected) return [];
  return rows.value.flatMap((row) => {
    const subject = `${row.device}/${row.port}`;
    const port = ports.get(subject);
    if (port === undefined) return [differs(subject, tool, 'no such port', 'listed', NOT_IN_SYSFS)];
    return (['state', 'netdev', 'netdevUp', 'linkLayer'] as const).flatMap((field) => {
      const [believed, said] = [port[field], row[field]];
      if (said === undefined || said === null || said === believed) return [];
      return [differs(`${subject} ${field}`, tool, String(believed ?? 'none'), String(said), KERNELS_WORD)];
    });
  });
}

function compareGids(rows: Probe<readonly GidRow[]>, ports: Ports): Contradiction[] {
  if (!rows.detected) return [];
  const byPort = Map.groupBy(rows.value, ({ device, port }) => `${device}/${port}`);
  return [...byPort].flatMap(([subject, printed]) => {
    const port = ports.get(subject);
    if (port === undefined)
      return [
        differs(`${subject} GIDs`, 'show_gids', 'no such port', `${printed.length} rows`, NOT_IN_SYSFS),
      ];
    const known = new Map((port.gids ?? []).map((gid) => [gid.index, gid]));
    const wrong = printed.filter((row) => !sameGid(row, known.get(row.index), port));
    const [first] = wrong;
    if (first === undefined) return [];
    const believed = describe(known.get(first.index));
    const because = `${KERNELS_WORD}; ${wrong.length} of ${printed.length} rows differ`;
    return [differs(`${subject} GID ${first.index}`, 'show_gids', believed, describe(first), because)];
  });
}

/** `show_gids` prints "v1" for native InfiniBand too, which has no version. */
const sameGid = (row: GidEntry, known: GidEntry | undefined, port: HcaPort) =>
  known !== undefined &&
  known.gid === row.gid &&
  (port.linkLayer === 'ib' || known.version === row.version) &&
  (row.netdev === null || known.netdev === row.netdev);

const describe = (gid: GidEntry | undefined) =>
  gid === undefined
    ? 'no such row'
    : [gid.gid, gid.version === null ? '' : `v${gid.version}`, gid.netdev ?? ''].filter(Boolean).join(' ');

function differs(
  subject: string,
  tool: string,
  believed: string,
  said: string,
  because: string,
): Contradiction {
  return {
    subject,
    believed: { source: 'sysfs', value: believed },
    rejected: { source: tool, value: said },
    because,
  };
}

const KERNELS_WORD = "sysfs is the kernel's own word";
const NOT_IN_SYSFS = 'the kernel shows nothing of it here; the tool may see another namespace';
