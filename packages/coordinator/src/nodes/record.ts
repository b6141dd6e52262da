/** What the coordinator holds in memory about one node. */

import type { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { NodeState } from '@dsr1/shared/http-api/resources';
import type { FromCoordinator, Heartbeat, RankReport } from '@dsr1/shared/wire/messages';
import type { NodeRow } from '../store/store.ts';

/** One live stream of a node, as the registry sees it; rpc/ makes it. */
export interface NodeSession {
  readonly id: string;
  readonly bootId: string;
  readonly fingerprint: string;
  readonly certificateGeneration: number;
  /** Never throws; a message on a closed session is dropped. */
  send(message: FromCoordinator): void;
  /** Ends the stream with this error. Repeated calls do nothing. */
  close(reason: Dsr1Error): void;
}

export interface NodeRecord {
  /** The persisted part; replaced as a whole. */
  row: NodeRow;
  facts: NodeFacts | null;
  session: NodeSession | null;
  /** Since this coordinator started, the node has said hello. */
  reported: boolean;
  /** By `deployment/epoch/rank`. */
  readonly ranks: Map<string, RankReport>;
  heartbeat: Heartbeat | null;
  /** Monotonic time of the last message, or of the start. */
  lastMessageMs: number;
  /** State at the last look, so that a change is told once. */
  toldState: NodeState;
}

export const rankKey = (report: Pick<RankReport, 'deployment' | 'epoch' | 'rank'>): string =>
  `${report.deployment}/${report.epoch}/${report.rank}`;
