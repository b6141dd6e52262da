/** What NCCL's own log proves about a host of which nothing else was posted: the ports it took and its bootstrap interface. */

import type { LinkLayer } from '../facts/hca.ts';
import { type Evidence, emptyEvidence } from './evidence.ts';
import type { NcclReport } from './nccl-log/model.ts';
import { addAddress, netdevNamed } from './parse/netdev-row.ts';
import type { PortRow } from './parse/rows.ts';

/** NCCL takes ACTIVE ports only (src/transport/net_ib/init.cc), so what it lists was active. `lines` are the log's. */
export function logEvidence(file: string, report: NcclReport, lines: readonly string[]): Evidence {
  const opened = socketsIn(lines, report.host);
  if (report.oobIfname !== null) opened.set(report.oobIfname, report.oobAddress);
  const layers = linkLayersIn(lines, report.host);
  return {
    ...emptyEvidence(file, 'log', report.host),
    ports: [
      ...report.devicesUsed,
      ...(report.devicesUsed.length === 0 ? madeDevices(lines, report.host) : []),
    ].flatMap((used) => portOf(used, layers)),
    netdevs: [...opened].map(([name, address]) => {
      const netdev = netdevNamed(name);
      if (address !== null) addAddress(netdev, address, null);
      return { ...netdev, masked: [] };
    }),
  };
}

/** `NET/IB : Using [0]mlx5_1:1/RoCE [1]ibp12s0:1/IB`: the suffix is the port's link layer. Of one host's lines. */
export function linkLayersIn(lines: readonly string[], host: string | null): Map<string, LinkLayer> {
  const used = ownLines(lines, host)
    .filter((line) => line.includes('NET/IB : Using'))
    .flatMap((line) => [...line.matchAll(/\]([\w.-]+):(\d+)\/(IB|RoCE)\b/g)]);
  return new Map(used.map(([, device, port, layer]) => [`${device}:${port}`, layer === 'IB' ? 'ib' : 'eth']));
}

/** `NET/IB : Made virtual device [0] name=rocep1s0f1 speed=200000 ndevs=1` (2.26 and newer); of fused ones the parts have their own lines. */
function madeDevices(lines: readonly string[], host: string | null): string[] {
  const made = ownLines(lines, host).flatMap(
    (line) =>
      /NET\/IB ?: Made virtual device \[\d+\] name=([A-Za-z][\w.-]*) .*\bndevs=1\b/.exec(line)?.[1] ?? [],
  );
  return [...new Set(made)].slice(0, MAX_OPENED);
}

/** Interfaces that NCCL opens for sockets, with their addresses: `NET/Socket : Using [0]eth0:10.0.0.1<0> [1]lxcbr0:…`. */
function socketsIn(lines: readonly string[], host: string | null): Map<string, string | null> {
  const opened = ownLines(lines, host)
    .filter((line) => line.includes('NET/Socket : Using'))
    .flatMap((line) => [
      ...line.matchAll(/\[\d{1,3}\]([A-Za-z][\w.-]{0,14}):([\da-fA-F.:]{2,45})(?:%[\w.-]{1,15})?</g),
    ]);
  return new Map(opened.slice(0, MAX_OPENED).map(([, name = '', address = '']) => [name, address]));
}

const MAX_OPENED = 64;

function ownLines(lines: readonly string[], host: string | null): readonly string[] {
  return host === null ? lines : lines.filter((line) => line.includes(`${host}:`));
}

function portOf(used: string, layers: ReadonlyMap<string, LinkLayer>): PortRow[] {
  const [, device, port = '1'] = /^([A-Za-z][\w.-]*)(?::(\d{1,3})(?!\d)|(?![\w.:-]))/.exec(used) ?? [];
  if (device === undefined) return [];
  return [
    { device, port: Number(port), state: 'active', linkLayer: layers.get(`${device}:${port}`) ?? null },
  ];
}
