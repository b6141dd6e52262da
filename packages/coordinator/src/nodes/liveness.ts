/** How a node's silence is judged. Pure: durations are arguments, measured on the monotonic clock. */
import type { NodeState } from '@dsr1/shared/http-api/resources';

export interface LivenessPolicy {
  readonly heartbeatIntervalMs: number;
  /** Silence that makes a node lost. */
  readonly lostAfterMs: number;
}

/** Three missed heartbeats: one may be late, two may be a busy host. */
const SUSPECT_INTERVALS = 3;

export function nodeState(
  node: {
    readonly quarantined: boolean;
    readonly connected: boolean;
    /** Since the node's last message, or since this coordinator started when there was none. */
    readonly silentMs: number;
  },
  policy: LivenessPolicy,
): NodeState {
  if (node.quarantined) return 'quarantined';
  if (node.silentMs >= policy.lostAfterMs) return 'lost';
  // Without a session nothing can be started there, so new work must not be planned on it.
  if (!node.connected || node.silentMs >= SUSPECT_INTERVALS * policy.heartbeatIntervalMs) return 'suspect';
  return 'online';
}
