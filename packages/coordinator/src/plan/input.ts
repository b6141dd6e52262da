/** What a plan is made of. Everything that could change between two plans is an argument. */
import type { EngineReading } from '@dsr1/shared/facts/engine-probe';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { NodeState } from '@dsr1/shared/http-api/resources';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';

export interface PlanNode {
  readonly id: string;
  readonly name: string;
  readonly state: NodeState;
  readonly cordoned: boolean;
  readonly facts: NodeFacts | null;
  /** What the node read of the environment or image that its rank would run; absent = it was not asked. */
  readonly reading?: EngineReading;
  /** Ports that other deployments hold on the node. */
  readonly busyPorts: readonly number[];
  /** GPU indices that other deployments hold on the node. */
  readonly busyGpus: readonly number[];
}

export interface PlanInput {
  readonly spec: DeploymentSpec;
  /** SHA-256 of the canonical JSON of the spec (hash.ts). */
  readonly specHash: string;
  readonly nodes: readonly PlanNode[];
  /** Fencing number of the attempt; rendezvous ports follow it. */
  readonly epoch: number;
  /** Node id → rank in the deployment's last attempt; {} at first. */
  readonly previousRanks: Readonly<Record<string, number>>;
  /** Node id → ports that a prepare found taken. */
  readonly avoidPorts: Readonly<Record<string, readonly number[]>>;
  /** The endpoint's port in earlier attempts, null at first. */
  readonly endpointPort: number | null;
}

/** A node with facts that a gang can use. */
export interface UsableNode extends PlanNode {
  readonly facts: NodeFacts;
}
