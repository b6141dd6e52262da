/**
 * Variables of one node's rank processes, each with its reason. What they mean was read in NCCL's own source:
 * net_ib/init.cc (NCCL_IB_HCA), misc/socket.cc (interfaces), net_ib/connect.cc (GIDs), init.cc (guards).
 */
import { UNNAMED_DEVICE } from '../merge/merge-gids.ts';
import type { ChosenHca, Transport } from '../model.ts';
import { commonSubnet, matchLength } from './address.ts';
import type { GidChoice } from './gid.ts';

export interface EnvInput {
  readonly transport: Transport | null;
  readonly ncclVersion: string | null;
  readonly gpuRanks: boolean;
  /** Name of the external net plugin that the ranks load; null = NCCL's own transports. */
  readonly netPlugin: string | null;
  readonly controlInterface: string | null;
  readonly controlSource: string;
  readonly hcas: readonly ChosenHca[];
  readonly gids: readonly GidChoice[];
  readonly gidEnv: 'unset' | `set:${number}`;
  readonly gidReason: string;
  readonly isolatedRails: boolean;
  readonly evenRails: boolean;
}

export interface EnvOutput {
  readonly env: Record<string, string>;
  readonly envReasons: Record<string, string>;
}

/** The environment that makes NCCL and Gloo take exactly what was chosen, or stop. */
export function fabricEnv(input: EnvInput): EnvOutput {
  const entries = [...socketEnv(input), ...(input.gpuRanks ? transportEnv(input) : [])];
  return {
    env: Object.fromEntries(entries.map(([name, value]) => [name, value])),
    envReasons: Object.fromEntries(entries.map(([name, , because]) => [name, because])),
  };
}

/** Whether `version` (`2.27.5`) is at least `major.minor`; null when it is not known. */
export function atLeast(version: string | null, major: number, minor: number): boolean | null {
  const match = /^(\d+)\.(\d+)/.exec(version ?? '');
  if (match === null) return null;
  const [have, want] = [Number(match[1]) * 1000 + Number(match[2]), major * 1000 + minor];
  return have >= want;
}

/** `NIC3` of a topology table without legend is no name of a device. */
function isTopoNumber(device: string): boolean {
  return /^NIC\d+$/.test(device);
}

type Entry = readonly [name: string, value: string, because: string];

function socketEnv({ controlInterface, controlSource, gpuRanks }: EnvInput): Entry[] {
  if (controlInterface === null) return [];
  const gloo: Entry = [
    'GLOO_SOCKET_IFNAME',
    controlInterface,
    `Gloo takes one concrete name; ${controlSource}`,
  ];
  const nccl: Entry = [
    'NCCL_SOCKET_IFNAME',
    `=${controlInterface}`,
    `"=" matches the whole name, a bare one is a prefix; ${controlSource}`,
  ];
  return gpuRanks ? [nccl, gloo] : [gloo];
}

function transportEnv(input: EnvInput): Entry[] {
  if (input.transport === 'tcp')
    return [
      ['NCCL_IB_DISABLE', '1', 'the plan takes TCP: no rank may find an HCA that the others lack'],
      ['NCCL_NET', 'Socket', 'the plan takes TCP'],
    ];
  if (input.hcas.length === 0 || input.hcas.some(({ device }) => isTopoNumber(device))) return [];
  return [...verbsEnv(input), ...gidEntries(input), ...guards(input)];
}

function verbsEnv({ hcas }: EnvInput): Entry[] {
  // NCCL compares names only: it has no wildcard.
  const named = hcas.filter(({ device }) => device !== UNNAMED_DEVICE);
  if (named.length === 0) return [];
  const list = named.map((hca) => `${hca.device}:${hca.port}`).join(',');
  return [
    [
      'NCCL_IB_HCA',
      `=${list}`,
      'exactly these ports; without "=" every name is a prefix and mlx5_1 means mlx5_10 too',
    ],
  ];
}

function gidEntries({ transport, gidEnv, gidReason, gids, ncclVersion }: EnvInput): Entry[] {
  if (transport === 'ib') return [];
  if (gidEnv !== 'unset') return [['NCCL_IB_GID_INDEX', gidEnv.slice('set:'.length), gidReason]];
  if (atLeast(ncclVersion, 2, 21) === false) return [];
  const entries: Entry[] = [];
  if (gids.length > 0 && gids.every((gid) => gid.family === 6))
    entries.push([
      'NCCL_IB_ADDR_FAMILY',
      'AF_INET6',
      'the fabric has IPv6 GIDs only, and NCCL looks for IPv4 by default',
    ]);
  const range = addressRange(gids);
  if (range !== null)
    entries.push([
      'NCCL_IB_ADDR_RANGE',
      range,
      'a port has several IPv4 RoCE v2 GIDs; these are the fabric’s addresses',
    ]);
  return entries;
}

/** The subnet that holds the chosen addresses and none of the rivals; null when not needed or not expressible. */
function addressRange(gids: readonly GidChoice[]): string | null {
  const rivals = gids.flatMap((gid) => (gid.family === 4 ? gid.rivals : []));
  if (rivals.length === 0) return null;
  const subnets = new Set(gids.map((gid) => gid.subnet));
  const [subnet = null] = subnets.size === 1 ? subnets : [];
  const ranges = [subnet, commonSubnet(gids.flatMap((gid) => gid.address ?? []))];
  return (
    ranges.find((range) => range !== null && rivals.every((rival) => matchLength(range, rival) === null)) ??
    null
  );
}

function guards({ ncclVersion, netPlugin, isolatedRails, evenRails }: EnvInput): Entry[] {
  const entries: Entry[] = [];
  if (netPlugin === null)
    entries.push([
      'NCCL_NET',
      'IB',
      'RDMA was planned: without it NCCL falls to sockets in silence when no HCA matches',
    ]);
  if (isolatedRails)
    entries.push([
      'NCCL_CROSS_NIC',
      '0',
      'the rails have no route to each other: a ring must stay on its rail',
    ]);
  if (evenRails && atLeast(ncclVersion, 2, 30) === true)
    entries.push([
      'NCCL_IGNORE_NET_MISMATCH',
      '0',
      'ranks with different numbers of HCAs then stop with a message instead of hanging',
    ]);
  return entries;
}
