/** What coordinator and agents say to each other, as domain values. The codec (wire/codec.ts) turns them into protobuf. */
import type { PackedReading } from '../diagnose/packed.ts';
import type { Phase } from '../engines/phases.ts';
import type { PhaseDeadlines, RankPlan } from '../plan/model.ts';

export type CommandAction =
  | {
      readonly kind: 'prepare';
      readonly plan: RankPlan;
      readonly specHash: string;
      readonly apiKey: string;
      readonly gangKey: string;
      readonly expiresMs: number;
    }
  | { readonly kind: 'commit'; readonly specHash: string; readonly deadlines: PhaseDeadlines }
  | { readonly kind: 'abort'; readonly reason: string }
  /** Stops this epoch and every older one; the tombstone refuses them for ever. */
  | { readonly kind: 'stop'; readonly graceMs: number; readonly reason: string }
  | { readonly kind: 'probe'; readonly probe: string; readonly arguments: unknown }
  | {
      readonly kind: 'tailLog';
      readonly process: string;
      readonly lastLines: number;
      readonly follow: boolean;
    }
  | { readonly kind: 'collectFacts' };

/** Every command carries its fence: older leaders and older epochs are refused by the agent. */
export interface AgentCommand {
  readonly leaderEpoch: number;
  /** Empty for commands outside any deployment. */
  readonly deployment: string;
  readonly epoch: number;
  readonly commandId: string;
  /** Void this long after receipt, 0 = never. */
  readonly ttlMs: number;
  readonly action: CommandAction;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** Of PORT_TAKEN: what the next plan must avoid. */
  readonly takenPorts?: readonly number[];
}

export interface CommandResult {
  readonly commandId: string;
  readonly failure: Failure | null;
  /** Answer of a prepare. */
  readonly prepared: { readonly bootId: string; readonly sessionId: string } | null;
  /** Answer of a probe. */
  readonly probe: unknown;
}

export type RankState = 'prepared' | 'running' | 'exited' | 'stopped';

export interface RankReport {
  readonly deployment: string;
  readonly epoch: number;
  readonly rank: number;
  readonly state: RankState;
  readonly phase: Phase;
  /** 0..1 within the phase, null when the engine does not say. */
  readonly progress: number | null;
  readonly detail: string | null;
  /** Seconds since commit at which each phase was entered. */
  readonly phaseSeconds: Readonly<Record<string, number>>;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  readonly evidence: readonly string[];
  /** Rises with every report of this agent process; an older one is ignored. */
  readonly sequence: number;
  readonly failure: Failure | null;
  readonly pid: number | null;
  readonly adopted: boolean;
  /** What its processes' logs have said so far; absent before they say anything. */
  readonly readings?: readonly PackedReading[];
}

export interface Hello {
  readonly bootId: string;
  readonly agentVersion: string;
  readonly fingerprint: string;
  readonly maxLeaderEpoch: number;
  readonly ranks: readonly RankReport[];
  readonly factsHash: string;
  readonly clockMs: number;
}

export interface Heartbeat {
  readonly sequence: number;
  readonly clockMs: number;
  readonly load1: number;
  readonly memoryAvailableBytes: number;
  readonly gpus: readonly {
    readonly index: number;
    readonly usedMemoryBytes: number;
    readonly utilisationPercent: number;
  }[];
}

export type FromAgent =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'facts'; readonly hash: string; readonly facts: unknown; readonly collectedAtMs: number }
  | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
  | { readonly kind: 'rank'; readonly report: RankReport }
  | { readonly kind: 'result'; readonly result: CommandResult }
  | { readonly kind: 'log'; readonly commandId: string; readonly data: Uint8Array; readonly end: boolean }
  | { readonly kind: 'renew'; readonly csrDer: Uint8Array };

export type FromCoordinator =
  | {
      readonly kind: 'welcome';
      readonly leaderEpoch: number;
      readonly heartbeatIntervalMs: number;
      readonly sendFacts: boolean;
      readonly coordinatorVersion: string;
      readonly nodeName: string;
    }
  | { readonly kind: 'command'; readonly command: AgentCommand }
  | { readonly kind: 'renewed'; readonly certificatePem: string; readonly caPem: string }
  | { readonly kind: 'removed'; readonly reason: string };
