/** `ray start` of one node: explicit addresses and ports, one device count, everything on disk in the run folder. */
import { hostPort } from '../address-text.ts';
import type { PortRequest, RankContext } from '../engine.ts';
import type { Setting } from '../process-plan.ts';

/** Ray's fixed ports of a node, from the one granted for `ray` on. */
const NODE_PORTS = [
  ['--node-manager-port', 'leases workers to the head'],
  ['--object-manager-port', 'objects between nodes'],
  ['--runtime-env-agent-port', 'environments of workers'],
  ['--dashboard-agent-grpc-port', "the node's agent; at random otherwise"],
  [
    '--dashboard-agent-listen-port',
    "the node's agent; 52365 otherwise, which two clusters on a host fight for",
  ],
  ['--metrics-export-port', 'metrics; at random otherwise'],
] as const;
/** Enough for 16 devices on a node. */
const MOST_WORKER_PORTS = 36;
/** vLLM passes tensors over NCCL and messages over ZeroMQ: Ray's store holds little. Its default is 30 % of the memory. */
const OBJECT_STORE_BYTES = 256 * 2 ** 20;

export const RAY_PORTS: readonly PortRequest[] = [
  { name: 'gcs', span: 1, use: 'rendezvous', on: 'head' },
  { name: 'ray', span: NODE_PORTS.length, use: 'rendezvous', on: 'every-rank' },
  { name: 'ray-workers', span: MOST_WORKER_PORTS, use: 'rendezvous', on: 'every-rank' },
];

export const gcsAddress = ({ head, headPorts }: RankContext): string =>
  hostPort(head.address, headPorts.gcs ?? 0);

/** A CPU rank counts as one device. */
const devices = ({ gpusPerNode }: RankContext): number => Math.max(gpusPerNode, 1);

/** Every worker and driver binds one: an actor a device, as many idle ones, vLLM's driver and the launcher's. */
export const workerPorts = (context: RankContext): readonly number[] =>
  Array.from(
    { length: Math.min(MOST_WORKER_PORTS, 2 * devices(context) + 4) },
    (_, i) => (context.ports['ray-workers'] ?? 0) + i,
  );
export const nodePorts = ({ ports }: RankContext): readonly number[] =>
  NODE_PORTS.map((_, i) => (ports.ray ?? 0) + i);

export function rayStartFlags(context: RankContext): readonly Setting[] {
  const { rank, address, headPorts } = context;
  const workers = workerPorts(context);
  const fixed = nodePorts(context);
  return [
    ...(rank === 0
      ? [
          { name: '--head', because: 'holds the control store of the cluster' },
          {
            name: '--port',
            value: String(headPorts.gcs ?? 0),
            because: 'the control store, fresh for this attempt',
          },
          {
            name: '--include-dashboard',
            value: 'false',
            because: 'an open door without a lock, and nothing here needs it',
          },
        ]
      : [{ name: '--address', value: gcsAddress(context), because: "the head's control store" }]),
    {
      name: '--node-ip-address',
      value: address,
      because: "this node's own address, the same as VLLM_HOST_IP: vLLM compares them",
    },
    {
      name: '--num-gpus',
      value: String(devices(context)),
      because: context.gpusPerNode === 0 ? 'a CPU rank counts as one device' : 'GPUs of this rank',
    },
    {
      name: '--num-cpus',
      value: String(devices(context)),
      because: 'only bounds the idle workers that Ray starts ahead: vLLM asks for devices alone',
    },
    {
      name: '--object-store-memory',
      value: String(OBJECT_STORE_BYTES),
      because: "vLLM keeps little in Ray's store; the default is 30 % of the memory",
    },
    ...NODE_PORTS.map(([name, because], i) => ({ name, value: String(fixed[i] ?? 0), because })),
    { name: '--min-worker-port', value: String(workers[0] ?? 0), because: 'one a worker process' },
    { name: '--max-worker-port', value: String(workers.at(-1) ?? 0), because: 'one a worker process' },
    {
      name: '--temp-dir',
      value: '{runDir}/ray',
      because: 'session files go with the run folder; /tmp/ray is shared by every cluster of a host',
    },
    { name: '--disable-usage-stats', because: 'no reports to the internet' },
    {
      name: '--block',
      because: 'stays in front: its end is the end of the node, and a stop reaches all of it',
    },
  ];
}
