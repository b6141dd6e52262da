/**
 * What dsr1 knows about one engine, all of it pure. One folder per engine implements this interface; adding an engine is
 * adding a folder and a line in engines/registry.ts. The coordinator asks for argv and env, the agent for phases, health
 * and stop.
 */
import type { EngineInstall } from '../facts/node.ts';
import type { FilePlan, HealthPlan, PhaseDeadlines, PortPlan, ProcessPlan } from '../plan/model.ts';
import type { DeploymentSpec, EngineKind } from '../spec/deployment.ts';
import type { Defect } from './defects.ts';
import type { Phase } from './phases.ts';

/** What the planner has decided before the engine is asked for its processes. */
export interface RankContext {
  readonly spec: DeploymentSpec;
  readonly rank: number;
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly tensor: number;
  readonly pipeline: number;
  readonly servedName: string;
  readonly modelPath: string | null;
  readonly head: { readonly address: string };
  /** This node's own control address and interface. */
  readonly address: string;
  readonly controlInterface: string | null;
  /** Network variables chosen by the fabric selection for this node. */
  readonly fabricEnv: Readonly<Record<string, string>>;
  readonly fabricEnvReasons: Readonly<Record<string, string>>;
  readonly install: EngineInstall | null;
  /** Ports granted for this rank, by the names that `ports()` asked for; every rank sees the head's as `headPorts`. */
  readonly ports: Readonly<Record<string, number>>;
  readonly headPorts: Readonly<Record<string, number>>;
  /** Every rank's control address, by rank. */
  readonly addresses: readonly string[];
  /** This node's `NodeFacts.agentCommand`. */
  readonly agentCommand: readonly string[];
  /** This node's chosen HCAs with an address apart from the control address, in rail order. */
  readonly rails: readonly { readonly rail: number; readonly device: string; readonly address: string }[];
}

export interface PortRequest {
  readonly name: string;
  /** Contiguous ports from the granted one on (SGLang's DP attention wants several). */
  readonly span: number;
  /** `endpoint` keeps its number over attempts, `rendezvous` is fresh for each. */
  readonly use: 'endpoint' | 'rendezvous';
  readonly on: 'head' | 'every-rank';
}

/** Reads one rank's log line by line; state is a value, so an agent can stop and resume. */
export interface PhaseReader {
  /** The phase that this line proves for a rank now in `phase`, with progress 0..1 when the line shows it; null = says nothing. */
  read(line: string, context: { readonly rank: number; readonly phase: Phase }): PhaseHint | null;
}
export interface PhaseHint {
  readonly phase: Phase;
  readonly progress?: number;
  /** What is being done, in the engine's words, short. */
  readonly detail?: string;
}

export interface EngineProblem {
  readonly category: string;
  readonly because: string;
  readonly fix: string;
}

export interface Engine {
  readonly kind: EngineKind;
  /** Engine name in `EngineInstall`, null when nothing needs to be installed on the node. */
  readonly installName: 'sglang' | 'vllm' | null;
  readonly needsModel: boolean;
  /** Whether ranks compute on GPUs unless the deployment says `gpusPerNode: 0`. */
  readonly usesGpus: boolean;
  ports(spec: DeploymentSpec): readonly PortRequest[];
  /** Checks the spec against this engine and version: flags and variables that dsr1 owns, unknown flags, known-bad versions. */
  check(spec: DeploymentSpec, install: EngineInstall | null): readonly EngineProblem[];
  /** Versions with known defects; `check` refuses some, the plan warns of the others. */
  readonly defects: readonly Defect[];
  /** Whether `check` can tell a flag that this install lacks: its version's table is shipped, or was read of it. */
  knowsFlagsOf(install: EngineInstall): boolean;
  processes(context: RankContext): readonly ProcessPlan[];
  /** Files for the run folder; the API key goes here (`{apiKey}`), never into argv or env. */
  files(context: RankContext): readonly FilePlan[];
  portPlans(context: RankContext): readonly PortPlan[];
  /** What the engine opens at random, for the firewall; null = nothing. */
  randomPorts(context: RankContext): string | null;
  health(context: RankContext): HealthPlan | null;
  readonly phases: PhaseReader;
  readonly deadlines: PhaseDeadlines;
  /** Last phase of ranks > 0, which serve no HTTP of their own. */
  readonly followerDonePhase: Phase;
  /**
   * How the processes begin their titles without which a rank is dead, though its main process may not notice. Not
   * those that end in the life of a healthy rank.
   */
  readonly workerTitles: readonly string[];
  /** Environment names and flags that the operator may not set, with what to use instead. */
  readonly owned: {
    readonly flags: Readonly<Record<string, string>>;
    readonly env: Readonly<Record<string, string>>;
  };
}
