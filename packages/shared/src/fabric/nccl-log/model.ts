/** What NCCL, RCCL and Gloo said in one log, per host. A value that no line shows is null. */
import type { FabricCategory } from '../diagnose/categories.ts';

/** Which network the log proves: `verbs` = NET/IB in use with the link layer not shown; `failed` = init ended before. */
export type LogTransport = 'failed' | 'socket' | 'efa' | 'cxi' | 'ucx' | 'ib' | 'roce' | 'verbs' | 'unknown';

export interface NcclError {
  /** The record as logged, without ANSI codes. */
  readonly line: string;
  /** Number of the physical line, from 1: the smallest of all hosts said it first. */
  readonly lineNumber: number;
  /** Time that the line carries, as written. */
  readonly timestamp: string | null;
  readonly category: FabricCategory;
  /** The end of something that another rank or line caused: never the cause itself. */
  readonly consequence: boolean;
  readonly gpu: number | null;
  readonly pid: string | null;
  /** `10.0.0.5<33092>` */
  readonly peer: string | null;
  readonly hca: string | null;
  readonly localGid: string | null;
  readonly remoteGid: string | null;
}

/** A channel over the network, once per pair of local GPU numbers. */
export interface NetLink {
  readonly fromGpu: number;
  readonly toGpu: number;
  readonly device: number | null;
  readonly line: string;
  readonly lineNumber: number;
}

export interface NcclRank {
  readonly rank: number;
  readonly gpu: number | null;
  readonly nranks: number | null;
  /** `Init START` without `Init COMPLETE` names the rank that is stuck. */
  readonly started: boolean;
  readonly completed: boolean;
}

export interface NcclReport {
  readonly library: 'nccl' | 'rccl' | 'gloo' | 'other';
  /** Host as the line prefix writes it; null for lines without one. */
  readonly host: string | null;
  readonly version: string | null;
  /** Word after "Using network". */
  readonly network: string | null;
  readonly transport: LogTransport;
  /** `device:port` in NCCL's order. */
  readonly devicesUsed: readonly string[];
  readonly oobIfname: string | null;
  readonly oobAddress: string | null;
  /** The line that names the bootstrap interface. */
  readonly bootstrapLine: { readonly line: string; readonly lineNumber: number } | null;
  readonly nicCount: number | null;
  /** true = all network channels by GPUDirect RDMA, false = none; null when mixed or not shown. */
  readonly gdr: boolean | null;
  readonly plugin: string | null;
  /** Variables that NCCL says it took from the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly ranks: readonly NcclRank[];
  /** Hosts of the largest communicator (`nNodes 2`, NCCL ≥ 2.23); null where the version does not print it. */
  readonly nodeCount: number | null;
  readonly netLinks: readonly NetLink[];
  readonly errors: readonly NcclError[];
  /** Errors beyond the number that is kept. */
  readonly errorsDropped: number;
  /** Warnings of NCCL that no rule knows, one a wording. */
  readonly unknownWarnings: readonly { readonly line: string; readonly lineNumber: number }[];
  /** Interfaces that `NET/Socket : Using` lists: over all of them NCCL sends. */
  readonly socketIfnames: readonly string[];
  /** Alarming lines that are normal. */
  readonly benign: readonly string[];
}
