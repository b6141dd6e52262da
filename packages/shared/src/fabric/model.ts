/**
 * What the fabric brain works on and what it answers. Pure data.
 *
 * `FabricNode` is the view of one node that selection needs. Live facts (facts/node.ts) and merged dumps
 * (fabric/merge) both become this, so a support bundle replays with the same result on another machine.
 */
import type { GpuTopology } from '../facts/gpu.ts';
import type { Hca } from '../facts/hca.ts';
import type { Netdev, Route } from '../facts/netdev.ts';
import type { Contradiction } from '../facts/node.ts';

export interface FabricNode {
  readonly name: string;
  /** null = no evidence about this part (not "none"). */
  readonly netdevs: readonly Netdev[] | null;
  readonly routes: readonly Route[] | null;
  readonly hcas: readonly Hca[] | null;
  readonly gpuCount: number | null;
  readonly gpuTopology: GpuTopology | null;
  /** What is known from outside the tools. */
  readonly given: {
    /** Address under which the other nodes reach this one. */
    readonly nodeIp?: string;
    readonly leaderIp?: string;
    /** Its address in the subnet that all nodes of the gang share; a likely place to meet, where nothing is proven. */
    readonly sharedIp?: string;
    readonly localIpv4?: readonly string[];
  };
  readonly contradictions: readonly Contradiction[];
  /** What the texts about it lack and what to paste instead, in words. Absent = nothing, as for live facts. */
  readonly gaps?: readonly string[];
  /** `hcas` null means that no text lists them. Absent for live facts: there it means that nobody could look. */
  readonly hcasNotShown?: true;
  /** Why libibverbs cannot serve a device there, by device; what a text complains of. */
  readonly verbsFaults?: Readonly<Record<string, string>>;
}

/** Operator's settings and engine facts that bear on selection; every field optional = "choose". */
export interface FabricPolicy {
  /** `tcp` makes sockets the plan's open choice; `rdma` refuses instead of falling back; `auto` takes RDMA where all nodes have it. */
  readonly transport: 'auto' | 'rdma' | 'tcp';
  /** NCCL version that the ranks will load (`2.27.5`), null when unknown. */
  readonly ncclVersion: string | null;
  /** Nodes without GPUs talk Gloo only: no HCA is needed. */
  readonly gpuRanks: boolean;
  readonly overrides: Readonly<Record<string, FabricOverride>>;
  /** Override for every node; a per-node entry wins field by field. */
  readonly override?: FabricOverride;
  /** External NCCL net plugin that the ranks load (`libnccl-net.so` of HPC-X, aws-ofi-nccl …); absent = none. */
  readonly netPlugin?: string;
}

export interface FabricOverride {
  readonly controlInterface?: string;
  readonly hcas?: readonly string[];
  readonly gidIndex?: number;
}

export type Transport = 'roce' | 'ib' | 'efa' | 'cxi' | 'tcp';

/** One decision about one device, in words that a network engineer can check. */
export interface Reason {
  readonly subject: string;
  readonly decision: 'in' | 'out' | 'chosen' | 'unknown';
  readonly because: string;
}

export interface ChosenHca {
  readonly device: string;
  readonly port: number;
  readonly netdev: string | null;
  /** GID index that NCCL will take (or must be told), null on InfiniBand or when unknown. */
  readonly gidIndex: number | null;
  readonly address: string | null;
  readonly rateGbps: number | null;
  /** Rail number across the gang, from 0; null for a node on its own. */
  readonly rail: number | null;
  readonly nearGpus: readonly number[];
}

export interface NodeFabric {
  readonly node: string;
  readonly controlInterface: string | null;
  /** The node's own address on the control interface. */
  readonly address: string | null;
  readonly hcas: readonly ChosenHca[];
  /** NCCL_IB_GID_INDEX: leave unset, or this value. */
  readonly gidEnv: 'unset' | `set:${number}`;
  /** Network variables for this node's rank processes, with the reason of each in `envReasons`. */
  readonly env: Readonly<Record<string, string>>;
  readonly envReasons: Readonly<Record<string, string>>;
  readonly reasons: readonly Reason[];
}

export interface Refusal {
  /** Node name, or null when the gang as a whole is refused. */
  readonly node: string | null;
  readonly category: string;
  readonly because: string;
  /** What to do about it. */
  readonly fix: string;
  /** Table rows to show beside (both sides' GIDs, HCAs …): header first. */
  readonly table?: readonly (readonly string[])[];
}

export interface Rail {
  readonly index: number;
  /** Node name → device:port. */
  readonly members: Readonly<Record<string, string>>;
  readonly because: string;
}

export interface FabricSelection {
  readonly verdict: 'ok' | 'warn' | 'refuse' | 'unknown';
  readonly transport: Transport | null;
  readonly nodes: readonly NodeFabric[];
  readonly rails: readonly Rail[];
  readonly warnings: readonly string[];
  readonly refusals: readonly Refusal[];
}
