/** What each category means and what to do about it, in the order in which one must be repaired first. Data. */
import { VERBS_LIBRARY_FIX } from '../select/verbs-library.ts';
import type { FabricCategory } from './categories.ts';

export interface Advice {
  readonly cause: string;
  readonly fix: string;
  /** Smaller = nearer to the root: it makes the later ones happen. */
  readonly depth: number;
}

/** The general words for a category; a rule that knows more says more. */
export function adviceFor(category: FabricCategory): Advice {
  const depth = rows.findIndex((row) => row[0] === category);
  const [, cause, fix] = rows[depth] ?? [category, category, 'read the evidence'];
  return { cause, fix, depth };
}

const rows: readonly (readonly [FabricCategory, string, string])[] = [
  [
    'version-mismatch',
    'the ranks load different NCCL versions',
    'use one image or one wheel set on all nodes',
  ],
  [
    'gpu-visibility',
    'two ranks hold the same GPU',
    'end leftover ranks, and give every rank a GPU of its own (CUDA_VISIBLE_DEVICES)',
  ],
  [
    'verbs-library-missing',
    'libibverbs, or its library for the HCA, is missing where the rank runs, or does not fit the host’s kernel driver',
    VERBS_LIBRARY_FIX,
  ],
  [
    'no-rdma-device-in-container',
    'the rank sees no RDMA device that it can use',
    'where the host has HCAs (`ls /sys/class/infiniband /dev/infiniband` on it): pass the device nodes in (--device /dev/infiniband, /dev/cxi*) with IPC_LOCK and an unlimited memlock; where it has none: NCCL_NET=Socket, TCP openly',
  ],
  [
    'device-open-failed',
    'an RDMA device is listed but cannot be opened',
    'pass /dev/infiniband/uverbs* in and allow them in the device cgroup',
  ],
  [
    'memlock',
    'memory for RDMA could not be locked',
    'ulimit -l unlimited (LimitMEMLOCK=infinity, docker --ulimit memlock=-1)',
  ],
  ['oom', 'memory ran out', 'free memory or lower what the engine takes'],
  [
    'hca-name-mismatch',
    'the list of HCAs names what is no RDMA device here',
    'NCCL_IB_HCA takes RDMA device names, exact with "=": =mlx5_1:1,mlx5_2:1',
  ],
  [
    'port-down',
    'an RDMA port is down or went down',
    'look at cable, switch port and `rdma link`; leave the port out until it is active',
  ],
  [
    'mixed-link-layers',
    'InfiniBand and RoCE ports are used together',
    'NCCL_IB_HCA with the ports of one link layer only, the same on all nodes',
  ],
  [
    'bond-unsupported',
    'the library cannot use a bonded HCA',
    'use the member ports, or a version that knows RoCE LAG',
  ],
  [
    'hca-count-mismatch',
    'the ranks have different numbers of HCAs',
    'NCCL_IB_HCA on every node with the ports that all nodes have',
  ],
  [
    'ifname-syntax',
    'an interface variable is written in a form that its reader does not know',
    'Gloo takes plain names; only NCCL knows "=" and "^"',
  ],
  [
    'no-socket-interface',
    'no interface matches the interface variable',
    'NCCL_SOCKET_IFNAME==NAME of this very node, GLOO_SOCKET_IFNAME=NAME',
  ],
  [
    'loopback-used',
    'a rank offers its loopback address to the others',
    'GLOO_SOCKET_IFNAME and the host IP variable with the node’s own interface; mend /etc/hosts',
  ],
  [
    'wrong-interface',
    'bootstrap runs over an interface that does not reach the peers',
    'NCCL_SOCKET_IFNAME and GLOO_SOCKET_IFNAME with the interface that routes to the head',
  ],
  [
    'overlapping-subnets',
    'two interfaces of a node are in one subnet, so answers leave by the wrong one',
    'give each interface a subnet of its own, or source routes',
  ],
  [
    'gid-read-failed',
    'rows of the GID table cannot be read in this namespace, and the search for a GID stops there',
    'NCCL 2.24 or newer skips such rows; before, NCCL_IB_GID_INDEX with the row of this node',
  ],
  [
    'wrong-gid',
    'the GID in use is not a RoCE v2 row of a routable address',
    'NCCL_IB_GID_INDEX unset with NCCL 2.21 or newer, the node’s own row with an older one',
  ],
  [
    'fabric-partition',
    'the nodes are not on one InfiniBand fabric or partition',
    'put them into one fabric (cloud: one placement or availability set); compare subnet prefix and P_Keys on both ends',
  ],
  [
    'rail-isolated',
    'HCAs of different rails talk to each other and there is no path between rails',
    'NCCL_CROSS_NIC=0 and NCCL_NET_DISABLE_INTRA=1, or route between the rails',
  ],
  [
    'firewall-or-route',
    'the peer cannot be reached on this path',
    'open all TCP ports between the nodes and UDP 4791 on the rails; check routes both ways',
  ],
  [
    'plugin-missing',
    'the network plugin that was asked for is not there',
    'install it in the image, or take NCCL_NET and NCCL_NET_PLUGIN away',
  ],
  [
    'plugin-conflict',
    'a network plugin takes the place of NCCL’s own transport',
    'NCCL_NET_PLUGIN=none, or remove the plugin from LD_LIBRARY_PATH',
  ],
  [
    'retry-exceeded',
    'the HCA sent and no answer came back',
    'test this pair with ib_write_bw both ways; check GIDs, MTU, UDP 4791, cable and switch port of the rail',
  ],
  [
    'gdr-disabled',
    'GPUDirect RDMA is off: data is copied through host memory',
    'load nvidia_peermem or use a kernel with DMA-BUF; NCCL_NET_GDR_LEVEL where the topology hides the path',
  ],
  [
    'tcp-fallback',
    'NCCL runs over TCP sockets',
    'where the hosts have HCAs (`ls /sys/class/infiniband`): make them usable, and set NCCL_NET=IB so that NCCL stops instead; where they have none: NCCL_NET=Socket, TCP openly',
  ],
  [
    'tool-partial-output',
    'a discovery tool failed after part of its output',
    'keep what it printed, and read /sys/class/infiniband for the rest',
  ],
  ['timeout', 'a rank waited longer than allowed', 'find the rank that does not answer: its log says why'],
  ['peer-died', 'the other end closed the connection', 'read the log of the peer: it failed first'],
];
