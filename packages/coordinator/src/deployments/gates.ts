/** Opens gates through the heads' agents, and remembers what came of it: a coordinator that has just started asks once more. */
import { OPEN_GATE_PROBE, OpenGateAnswer } from '@dsr1/shared/engines/gate';
import { toDsr1Error } from '@dsr1/shared/errors';
import type { NodeHub } from '../nodes/hub.ts';
import { askProbe } from '../nodes/probe.ts';
import type { ActionOf } from '../reconcile/actions.ts';
import type { GateCall } from '../reconcile/gate.ts';

export interface Gates {
  /** null = not opened by this coordinator. */
  lastCall(deployment: string, epoch: number): GateCall | null;
  /** Never rejects: what keeps the gate shut is told by `lastCall`. */
  open(deployment: string, epoch: number, gate: ActionOf<'openGate'>): Promise<void>;
  /** Forgets an attempt that is over. */
  drop(deployment: string): void;
}

const TIMEOUT_MS = 3_000;

export function createGates(hub: Pick<NodeHub, 'send'>, nowMs: () => number): Gates {
  const calls = new Map<string, GateCall & { readonly epoch: number }>();
  return {
    lastCall(deployment, epoch) {
      const last = calls.get(deployment);
      return last?.epoch === epoch ? last : null;
    },
    async open(deployment, epoch, { nodeId, request }) {
      const probe = { probe: OPEN_GATE_PROBE, arguments: request, timeoutMs: TIMEOUT_MS };
      const asked = askProbe(hub, nodeId, probe, OpenGateAnswer, `the gate of ${deployment}`);
      const { because } = await asked.catch((error: unknown) => ({ because: toDsr1Error(error).message }));
      calls.set(deployment, { epoch, atMs: nowMs(), because });
    },
    drop: (deployment) => void calls.delete(deployment),
  };
}
