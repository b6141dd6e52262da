/**
 * What the rest of the coordinator sees of the nodes: who is there, what they report, how to command them.
 * rpc/ implements it over gRPC sessions; tests implement it in memory.
 */

import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { NodeState } from '@dsr1/shared/http-api/resources';
import type { AgentCommand, CommandResult, RankReport } from '@dsr1/shared/wire/messages';

export interface NodeView {
  readonly id: string;
  readonly name: string;
  readonly state: NodeState;
  readonly cordoned: boolean;
  /** null until the node's first facts are known. */
  readonly facts: NodeFacts | null;
  readonly bootId: string | null;
  /** Identity of the live session, null when there is none. */
  readonly sessionId: string | null;
  /** True once this coordinator process has had a Hello from the node, so `ranks` is complete. */
  readonly reported: boolean;
  /** Latest report of every run that the node knows. */
  readonly ranks: readonly RankReport[];
}

export interface NodeHub {
  nodes(): readonly NodeView[];
  /**
   * Sends a command on the node's live session and waits for its result. Never rejects: a node without a session, an
   * expired wait or a cut session is a result with a failure (NODE_OFFLINE, TIMEOUT).
   */
  send(
    nodeId: string,
    command: Omit<AgentCommand, 'leaderEpoch' | 'commandId'>,
    timeoutMs: number,
  ): Promise<CommandResult>;
  /** Log bytes of one process, live when `follow`; ends when the node says so or `signal` aborts. */
  tailLog(
    nodeId: string,
    request: { deployment: string; epoch: number; process: string; lastLines: number; follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Called after any change of a node's view (state, facts, ranks). Returns the unsubscribe function. */
  onChange(listener: (nodeId: string) => void): () => void;
}
