/** Values outside what NCCL and the verbs field behind it can hold (NCCL env.rst; ibv_qp_attr). Data. */
import { matchLength, parseAddress } from '../select/address.ts';
import type { FabricCategory } from './categories.ts';
import type { EnvFault } from './check-env.ts';

/** Checks the value of a variable whose range is known; null for every other variable. */
export function checkRange(name: string, value: string): EnvFault | null {
  const row = ranges.find((item) => item.name === name);
  if (row === undefined || row.fits(value)) return null;
  return { category: row.category, because: `${name} takes ${row.takes}` };
}

/** Whether the variable's values are numbers or words of a known range. */
export function hasRange(name: string): boolean {
  return ranges.some((item) => item.name === name);
}

interface RangeRow {
  readonly name: string;
  readonly takes: string;
  readonly category: FabricCategory;
  readonly fits: (value: string) => boolean;
}

const ranges: readonly RangeRow[] = [
  number('NCCL_IB_RETRY_CNT', 0, 7, 'retry-exceeded', 'the field of the queue pair has three bits'),
  number('NCCL_IB_TIMEOUT', 1, 31, 'retry-exceeded', 'an exponent of five bits, 4.096 µs × 2^value'),
  number('NCCL_IB_SL', 0, 15, 'retry-exceeded', 'a service level of four bits'),
  number('NCCL_IB_TC', 0, 255, 'retry-exceeded', 'a traffic class of one byte'),
  number('NCCL_IB_QPS_PER_CONNECTION', 1, 128, 'retry-exceeded', 'queue pairs of a connection'),
  number('NCCL_CROSS_NIC', 0, 2, 'rail-isolated', '0 never, 1 always, 2 as the topology says'),
  number('NCCL_IB_ROCE_VERSION_NUM', 1, 2, 'wrong-gid', 'the RoCE version'),
  words('NCCL_IB_ADDR_FAMILY', ['AF_INET', 'AF_INET6'], 'wrong-gid'),
  words('NCCL_SOCKET_FAMILY', ['AF_INET', 'AF_INET6'], 'ifname-syntax'),
  words(
    'NCCL_NET_GDR_LEVEL',
    ['LOC', 'NVL', 'PIX', 'PXB', 'P2C', 'PXN', 'PHB', 'NODE', 'SYS', '0', '1', '2', '3', '4', '5'],
    'gdr-disabled',
  ),
  {
    name: 'NCCL_IB_ADDR_RANGE',
    takes: 'one subnet such as 10.0.4.0/24',
    category: 'wrong-gid',
    fits: isSubnet,
  },
];

function number(
  name: string,
  low: number,
  high: number,
  category: FabricCategory,
  meaning: string,
): RangeRow {
  return {
    name,
    takes: `${low} to ${high}: ${meaning}`,
    category,
    fits: (value) => /^-?\d+$/.test(value) && Number(value) >= low && Number(value) <= high,
  };
}

function words(name: string, allowed: readonly string[], category: FabricCategory): RangeRow {
  return { name, takes: allowed.join(', '), category, fits: (value) => allowed.includes(value) };
}

function isSubnet(value: string): boolean {
  const [network = '', length = ''] = value.split('/');
  return parseAddress(network) !== null && /^\d+$/.test(length) && matchLength(value, network) !== null;
}
