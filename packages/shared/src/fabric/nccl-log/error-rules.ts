/**
 * Which line is which error. Data: first rule that matches wins. Wordings were read in NVIDIA/nccl (misc/socket.cc,
 * misc/ibvwrap.cc, transport/net_ib*.cc, bootstrap.cc, init.cc), aws-ofi-nccl, gloo/transport/tcp and c10d.
 */
import type { FabricCategory } from '../diagnose/categories.ts';
import { isLocalOnly, isLoopback, parseAddress, sameSubnet } from '../select/address.ts';

export interface ErrorDetails {
  readonly peer: string | null;
  readonly hca: string | null;
  readonly localGid: string | null;
  readonly remoteGid: string | null;
}

export interface ErrorKind extends ErrorDetails {
  readonly category: FabricCategory;
  readonly consequence: boolean;
}

/** What is wrong in this line; null when nothing is. */
export function classifyError(text: string): ErrorKind | null {
  if (!alarming.test(text) || benign.test(text)) return null;
  for (const rule of rules) {
    if (!rule.line.test(text)) continue;
    const details = detailsOf(text);
    const category = typeof rule.category === 'function' ? rule.category(text, details) : rule.category;
    if (category !== null) return { category, consequence: rule.consequence ?? false, ...details };
  }
  return null;
}

/** Lines that look alarming and say nothing about the cause. */
export function isBenign(text: string): boolean {
  return benign.test(text);
}

/** Whether NCCL or RCCL calls the line a warning, and says something in it. */
export function isWarning(text: string): boolean {
  return /\b[NR]?CCL WARN +\S/.test(text) && !benign.test(text);
}

interface ErrorRule {
  readonly line: RegExp;
  readonly category: FabricCategory | ((text: string, details: ErrorDetails) => FabricCategory | null);
  readonly consequence?: boolean;
}

/** One cheap look that most lines of a log do not pass. */
const alarming =
  /fail|error|completion|closed|reset|refused|timed? ?out|timeout|unable|cannot|no (?:\w+ )?(?:devices?|socket|usable|interface|route|eligible)\b|kernel ABI|exceeded|mismatch|incompatible|mixed|duplicate|same gpu|disabled for|IBV_WC|async|unreachable|undefined symbol|loopback|couldn't|unsupported|not supported|no userspace|not (?:found|permitted)|no nic info|out of memory|Selected [Pp]rovider is|gid_attrs|exited|using lo:|Using docker/i;

const benign =
  /No plugin found|libr?ccl-(?:net|tuner|env|profiler|gin)[^ ]*\.so: cannot open|Could not find: ?libr?ccl|Failed to find (?:nccl|rccl)\w+ symbol|(?:NET|TUNER|ENV|PROFILER|RAS|GIN)\/Plugin ?: (?:Could not find|No )|dlerror=|Plugin load .* returned 2|NUMA auto balancing|Missing "iommu=pt"/;

const rules: readonly ErrorRule[] = [
  { line: /Duplicate GPU detected|Multiple Ranks are using the same GPU/, category: 'gpu-visibility' },
  { line: /mixed local Net device counts/, category: 'hca-count-mismatch' },
  {
    line: /Attempted to connect incompatible devices|device is incompatible with the local/,
    category: 'mixed-link-layers',
  },
  { line: /Mismatched NCCL version|NCCL version mismatch|versions? mismatch/i, category: 'version-mismatch' },
  {
    line: /no socket interface found|no usable interface|No socket interface/i,
    category: 'no-socket-interface',
  },
  // Gloo wants one existing name: an operator, a list or a prefix without a number is none.
  {
    line: /[Uu]nable to find (?:interface|address) for:? ?(?:[=^]|\S*,|[a-z]+\s*$)/,
    category: 'ifname-syntax',
  },
  { line: /[Uu]nable to find (?:interface|address) for/, category: 'no-socket-interface' },
  { line: /No interface found in the same subnet|NET\/Socket ?: no interface/i, category: 'wrong-interface' },
  {
    line: /[Uu]sing the loopback address as fallback|Unable to resolve hostname to a \(local\) address/,
    category: 'loopback-used',
  },
  { line: /Bootstrap ?: Using (?:\[0\])?(?:lo:|[\w.-]+:)(?:127\.|::1)/, category: 'loopback-used' },
  {
    line: /Bootstrap ?: Using (?:\[0\])?(?:docker|virbr|br-|veth|cni|flannel|cali)/,
    category: 'wrong-interface',
  },
  {
    line: /libibverbs[^ ]*(?:\.so)?.*(?:cannot open|Failed)|Failed to open libibverbs|libmlx5.*cannot open|(?<!INFO )Failed to open libmlx5|lookup error: .*libmlx5.*undefined symbol|couldn't load driver|no userspace device-specific driver|does not support the kernel ABI/i,
    category: 'verbs-library-missing',
  },
  {
    line: /(?:bond(?:_\d+)?|LAG)\b.*(?:not supported|unsupported)|(?:not supported|unsupported).*\b(?:mlx\d_)?(?:bond|LAG)|(?:nvshmem|ibgda).*_bond_\d|_bond_\d.*(?:nvshmem|ibgda)/i,
    category: 'bond-unsupported',
  },
  {
    line: /ibv_open_device failed|Unable to open device|mlx5dv_open_device failed/i,
    category: 'device-open-failed',
  },
  {
    line: /NET\/IB ?: No device found|No (?:active )?IB devices? found|Failed to get IB devices|No RDMA devices? found|sys files not found \(\/sys\/class\/infiniband/i,
    category: 'no-rdma-device-in-container',
  },
  { line: /Failed to initialize any NET plugin/, category: 'no-rdma-device-in-container' },
  {
    line: /gid_attrs|ibv_query_gid\w* failed|ncclIbGetGidIndex|IbRoceGetVersionNum|invalid gid index/i,
    category: 'gid-read-failed',
  },
  {
    line: /ibv_(?:reg_mr|create_cq|create_qp|reg_dmabuf_mr)\w* failed.*(?:Cannot allocate memory|errno 12\b|ENOMEM)|memlock|Couldn't allocate MR/i,
    category: 'memlock',
  },
  {
    line: /(?:reg_mr|reg_dmabuf)\w* failed.*(?:Bad address|errno 14\b|errno 524|not supported|errno 95)/i,
    category: 'gdr-disabled',
  },
  { line: /ibv_modify_qp failed|modify QP to RT[RS]/i, category: modifyQp },
  {
    line: /Got completion .*?(?:with |: )?(?:status=|error )(?:IBV_WC_\w+\()?5\b|IBV_WC_WR_FLUSH_ERR/,
    category: 'peer-died',
    consequence: true,
  },
  {
    line: /Got completion .*?(?:status=|error )(?:IBV_WC_\w+\()?(?:4|9|10)\b|IBV_WC_(?:LOC_PROT|REM_ACCESS|REM_INV_REQ)_ERR/,
    category: 'gdr-disabled',
  },
  {
    line: /Got completion|IBV_WC_(?:RNR_)?RETRY_EXC_ERR|transport retry counter exceeded/,
    category: retryExceeded,
  },
  {
    line: /async (?:fatal )?event.*(?:port|error)|IBV_EVENT_(?:PORT_ERR|DEVICE_FATAL)|port error/i,
    category: 'port-down',
  },
  { line: /GPU Direct RDMA Disabled for|GDRDMA? (?:is )?disabled/i, category: 'gdr-disabled' },
  { line: /Selected [Pp]rovider is (?:tcp|sockets|udp)/, category: 'tcp-fallback' },
  {
    line: /NET\/OFI.*(?:No eligible providers|Unable to find|No provider|provider \S* ?not found|fi_getinfo)/i,
    category: 'no-rdma-device-in-container',
  },
  // aws-ofi-nccl src/nccl_ofi_net.c: a device that it counted, and then cannot use.
  {
    line: /NET\/OFI.*(?:No NIC info for dev|Couldn't (?:open|create|enable|bind) (?:a |an |the )?(?:AV|CQ|EP|endpoint|domain|fabric|completion queue|address vector|\w+ (?:provider|domain)))/i,
    category: 'device-open-failed',
  },
  {
    line: /NET\/Plugin.*(?:undefined symbol|incompatible)|(?:undefined symbol|version .* not found).*libr?ccl-net/i,
    category: 'plugin-conflict',
  },
  {
    line: /NCCL_NET(?:_PLUGIN)? .*not found|Network \S+ not found|Error: network \S+ not found/i,
    category: 'plugin-missing',
  },
  { line: /UCX +ERROR|ucp_\w+ failed/, category: 'plugin-conflict' },
  { line: /connectFullMesh failed/, category: gloo },
  { line: /client socket has timed out.*connect/i, category: 'firewall-or-route' },
  {
    line: /socket(?:Start|Poll)Connect\w*:? ?connect|Call to connect\b|Gloo.*connect|connect.*(?:timed out|refused|No route)/i,
    category: socketConnect,
  },
  {
    line: /Connection closed by remote peer|Connection reset by peer|Broken pipe|remote process exited|Call to (?:recv|send).* failed/i,
    category: 'peer-died',
    consequence: true,
  },
  {
    line: /Watchdog caught collective operation timeout|Timed out (?:after|waiting)|wait timeout after|Socket Timeout|monitoredBarrier|store->get.*timed? ?out/i,
    category: 'timeout',
    consequence: true,
  },
  {
    line: /(?:CUDA|HIP) out of memory|[Cc]uda failure.*out of memory|Out of memory: Killed process|cudaErrorMemoryAllocation/,
    category: 'oom',
  },
];

/** RTR fails with the errno of resolving the remote GID from the local one (connect.cc hints at HEAD say the same). */
function modifyQp(text: string, { localGid, remoteGid }: ErrorDetails): FabricCategory {
  if ([localGid, remoteGid].some((gid) => gid !== null && isLocalOnly(gid))) return 'wrong-gid';
  const errno = /failed with (?:error )?(?:(\d+)\b)?.*?(?:errno (\d+))?/.exec(text);
  const number = Number(errno?.[1] ?? /errno (\d+)/.exec(text)?.[1] ?? Number.NaN);
  if ([19, 22, 61].includes(number) || /Invalid argument|No such device|No data available/.test(text))
    return 'wrong-gid';
  const apart = localGid !== null && remoteGid !== null && differentRails(localGid, remoteGid);
  if (number === 110 || /timed out/i.test(text))
    return apart || localGid === null ? 'rail-isolated' : 'firewall-or-route';
  return apart ? 'rail-isolated' : 'firewall-or-route';
}

/** Status 12: no answer. From link-local GIDs it could not come; otherwise the line alone does not say why. */
function retryExceeded(text: string, { localGid, remoteGid }: ErrorDetails): FabricCategory | null {
  if ([localGid, remoteGid].some((gid) => gid !== null && isLocalOnly(gid)) || /link-local/i.test(text))
    return 'wrong-gid';
  return /(?:status=|error )(?:IBV_WC_\w+\()?1[23]\b|RETRY_EXC|retry counter/.test(text)
    ? 'retry-exceeded'
    : null;
}

function socketConnect(text: string): FabricCategory | null {
  const target =
    /(?:connect|to|remote=|peer) ?\[?([0-9a-f.:]*[.:][0-9a-f.:]+?)(?:[<\]%]|:\d+\b|\s|$)/i.exec(text)?.[1] ??
    null;
  if (target !== null && isLoopback(target)) return 'loopback-used';
  if (target !== null && (isLocalOnly(target) || /^172\.1[78]\.0\./.test(target))) return 'wrong-interface';
  if (/refused/i.test(text)) return /retry/i.test(text) && !/exceeded/i.test(text) ? null : 'peer-died';
  if (/No route to host|unreachable|timed? ?out|abort|exceeded/i.test(text))
    return /retrying \(/.test(text) ? null : 'firewall-or-route';
  return null;
}

function gloo(text: string): FabricCategory {
  if (/remote=\[?(?:127\.|::1|localhost)/.test(text)) return 'loopback-used';
  return socketConnect(text) ?? 'wrong-interface';
}

/** Without prefixes the usual /24 of a rail is the best guess. */
function differentRails(a: string, b: string): boolean {
  return parseAddress(a)?.family === 4 && parseAddress(b)?.family === 4 && !sameSubnet(a, b, 24);
}

function detailsOf(text: string): ErrorDetails {
  const find = (pattern: RegExp): string | null => pattern.exec(text)?.[1] ?? null;
  return {
    peer:
      find(/(?:from peer|remote peer|recv from|Connect to|connect to) ([^\s,]+)/) ??
      find(/(?:error|by peer|connect) \[([^\]\s]+)\]/),
    hca: find(/\b(?:hca|on dev|open device|for HCA \d+) '?([A-Za-z][\w+]*(?::\d+)?)/),
    localGid: find(/local ?G(?:ID|id)s? (?!index)([0-9a-fA-F:.]+)/),
    remoteGid: find(/remote ?G(?:ID|id)s? ([0-9a-fA-F:.]+)/),
  };
}
