import { columns } from './columns.ts';
import type { Hca, HcaPort } from './hca.ts';
import type { Netdev } from './netdev.ts';
import type { NodeFacts } from './node.ts';
import { probed } from './nullable.ts';

/** RDMA ports, one a line: link, rate, netdev with its address, and the GID rows that NCCL would take. */
export function renderHcas({ hcas, netdevs }: NodeFacts): string[] {
  if (!hcas.detected) return [];
  if (hcas.value.length === 0) return ['HCAs: none found'];
  const addresses = new Map(probed(netdevs, []).map(({ name, addresses }) => [name, addressText(addresses)]));
  const rows = hcas.value.flatMap((hca) =>
    hca.ports.map((port) => [
      `${hca.device}:${port.port}`,
      port.state ?? '?',
      port.linkLayer === 'ib' ? 'InfiniBand' : port.linkLayer === 'eth' ? 'Ethernet' : '?',
      port.rateGbps === null ? '' : `${port.rateGbps} Gb/s`,
      port.netdev ?? '–',
      addresses.get(port.netdev ?? '') ?? '',
      gidText(port),
      hca.numaNode === null ? '' : String(hca.numaNode),
      hca.pci ?? '',
      hca.firmware ?? '',
      remarks(hca, port),
    ]),
  );
  const header = [
    'HCA',
    'STATE',
    'LINK',
    'RATE',
    'NETDEV',
    'ADDRESS',
    'GIDS',
    'NUMA',
    'PCI',
    'FIRMWARE',
    'REMARK',
  ];
  return ['HCAs', ...columns(header, rows).map((line) => `  ${line}`)];
}

/** Netdevs with an address or hardware behind them, one a line; the rest by name. */
export function renderNetdevs({ netdevs, routes }: NodeFacts): string[] {
  if (!netdevs.detected) return [];
  const [shown, rest] = [
    netdevs.value.filter(isOfInterest),
    netdevs.value.filter((netdev) => !isOfInterest(netdev)),
  ];
  const rows = shown.map((netdev) => [
    netdev.name,
    netdev.kind,
    netdev.up === null ? '?' : netdev.up ? 'up' : 'down',
    addressText(netdev.addresses),
    netdev.mtu === null ? '' : String(netdev.mtu),
    netdev.speedMbps === null ? '' : `${netdev.speedMbps / 1000} Gb/s`,
    netdev.driver ?? '',
    netdev.numaNode === null ? '' : String(netdev.numaNode),
    netdev.pci ?? '',
    ties(netdev),
  ]);
  const header = ['NETDEV', 'KIND', 'LINK', 'ADDRESS', 'MTU', 'SPEED', 'DRIVER', 'NUMA', 'PCI', ''];
  const defaults = probed(routes, []).filter(({ destination }) => destination === 'default');
  return [
    'Network',
    ...columns(header, rows).map((line) => `  ${line}`),
    ...defaults.map(
      ({ device, gateway }) => `  default route: ${gateway === null ? '' : `via ${gateway} `}on ${device}`,
    ),
    ...(rest.length === 0 ? [] : [`  without address: ${rest.map(({ name }) => name).join(', ')}`]),
  ];
}

const isOfInterest = ({ pci, addresses, slaves }: Netdev) =>
  pci !== null || addresses.length > 0 || slaves.length > 0;

function ties({ master, parent, slaves, altnames }: Netdev): string {
  return [
    ...(master === null ? [] : [`in ${master}`]),
    ...(parent === null ? [] : [`on ${parent}`]),
    ...(slaves.length === 0 ? [] : [`of ${slaves.join(', ')}`]),
    ...(altnames.length === 0 ? [] : [`also ${altnames.join(', ')}`]),
  ].join('; ');
}

/** Global addresses; link-local ones only where there is nothing else. */
function addressText(addresses: Netdev['addresses']): string {
  const global = addresses.filter(({ scope }) => scope !== 'link');
  return (global.length > 0 ? global : addresses)
    .map(({ address, prefixLength }) => (prefixLength === null ? address : `${address}/${prefixLength}`))
    .join(' ');
}

/** RoCE: index of each v2 row with an IPv4 address (`3=10.1.1.3`), else the number of rows. InfiniBand: LID and its SM. */
function gidText({ linkLayer, gids, lid, smLid }: HcaPort): string {
  if (linkLayer === 'ib') return `lid ${lid ?? '?'}, SM ${smLid ?? '?'}`;
  if (gids === null) return 'no table';
  const usable = gids.filter(({ version, ipv4 }) => version === 2 && ipv4 !== null);
  return usable.length === 0
    ? `none v2 IPv4 of ${gids.length}`
    : usable.map(({ index, ipv4 }) => `${index}=${ipv4}`).join(' ');
}

function remarks({ uverbs, virtualFunction, physicalFunction }: Hca, { phys, state }: HcaPort): string {
  return [
    ...(uverbs?.openable === false ? [`cannot be opened: ${uverbs.reason ?? '?'}`] : []),
    ...(virtualFunction === true ? [`VF of ${physicalFunction ?? '?'}`] : []),
    ...(state !== 'active' && phys !== null ? [phys] : []),
  ].join('; ');
}
