/** What NCCL's own log proves about a host of which nothing else was posted: the ports it took and its bootstrap interface. */

import type { LinkLayer } from '../facts/hca.ts';
import { type Evidence, emptyEvidence } from './evidence.ts';
import type { NcclReport } from './nccl-log/model.ts';
import { addAddress, netdevNamed } from './parse/netdev-row.ts';
import type { PortRow } from './parse/rows.ts';

/** NCCL takes ACTIVE ports only (src/transport/net_ib/init.cc), so what it lists was active. `lines` are the log's. */
export function logEvidence(file: string, report: NcclReport, lines: readonly string[]): Evidence {
  const netdev = report.oobIfname === null ? null : netdevNamed(report.oobIfname);
  if (netdev && report.oobAddress !== null) addAddress(netdev, report.oobAddress, null);
  const layers = layersIn(lines.filter((line) => report.host === null || line.includes(`${report.host}:`)));
  return {
    ...emptyEvidence(file, 'log', report.host),
    ports: report.devicesUsed.flatMap((used) => portOf(used, layers)),
    netdevs: netdev === null ? [] : [{ ...netdev, masked: [] }],
  };
}

/** `NET/IB : Using [0]mlx5_1:1/RoCE [1]ibp12s0:1/IB`: the suffix is the port's link layer. */
function layersIn(lines: readonly string[]): Map<string, LinkLayer> {
  const used = lines
    .filter((line) => line.includes('NET/IB : Using'))
    .flatMap((line) => [...line.matchAll(/\]([\w.-]+):(\d+)\/(IB|RoCE)\b/g)]);
  return new Map(used.map(([, device, port, layer]) => [`${device}:${port}`, layer === 'IB' ? 'ib' : 'eth']));
}

function portOf(used: string, layers: ReadonlyMap<string, LinkLayer>): PortRow[] {
  const [, device, port = '1'] = /^([A-Za-z][\w.-]*)(?::(\d{1,3})(?!\d)|(?![\w.:-]))/.exec(used) ?? [];
  if (device === undefined) return [];
  return [
    { device, port: Number(port), state: 'active', linkLayer: layers.get(`${device}:${port}`) ?? null },
  ];
}
