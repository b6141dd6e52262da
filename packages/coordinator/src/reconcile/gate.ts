/** The gate of an attempt: who waits at it, and when it is opened. */
import { AT_GATE, GATE_PORT } from '@dsr1/shared/engines/gate';
import type { Action } from './actions.ts';
import { type GangRank, isPresent } from './gang.ts';

/** Between two calls to a gate whose ranks have not moved on. */
const REPEAT_MS = 2_000;

/** What came of the last call to the gate of an attempt. */
export interface GateCall {
  /** Steady milliseconds. */
  readonly atMs: number;
  /** Why it did not open, null when it did. */
  readonly because: string | null;
}

export const isAtGate = ({ report }: GangRank): boolean =>
  report?.state === 'running' && report.phase === 'rendezvous' && report.detail === AT_GATE;

/**
 * Opens it once every rank waits there, and again until they move on: an open gate takes no harm. Called for a gang whose
 * network is not refuted. `last`: by this coordinator, null = none.
 */
export function openGate(
  ports: readonly { readonly name: string; readonly address: string; readonly port: number }[],
  gang: readonly GangRank[],
  last: GateCall | null,
  nowMs: number,
): readonly Action[] {
  const gate = ports.find(({ name }) => name === GATE_PORT);
  const head = gang[0];
  if (gate === undefined || head === undefined || !isPresent(head.node) || !gang.every(isAtGate)) return [];
  const dueAtMs = last === null ? nowMs : last.atMs + REPEAT_MS;
  if (nowMs < dueAtMs) return [{ kind: 'wake', atMs: dueAtMs }];
  return [
    { kind: 'openGate', nodeId: head.record.nodeId, request: { address: gate.address, port: gate.port } },
  ];
}
