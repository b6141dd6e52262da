/** Opens gates through the heads' agents, and remembers when: a coordinator that has just started asks once more. */
import { OPEN_GATE_PROBE, OpenGateAnswer } from '@dsr1/shared/engines/gate';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { NodeHub } from '../nodes/hub.ts';
import { askProbe } from '../nodes/probe.ts';
import type { ActionOf } from '../reconcile/actions.ts';

export interface Gates {
  /** Steady milliseconds; null = not by this coordinator. */
  askedAtMs(deployment: string, epoch: number): number | null;
  /** @throws CHECK_FAILED when the gate did not open, and what `askProbe` throws */
  open(deployment: string, epoch: number, gate: ActionOf<'openGate'>): Promise<void>;
  /** Forgets an attempt that is over. */
  drop(deployment: string): void;
}

const TIMEOUT_MS = 3_000;

export function createGates(hub: Pick<NodeHub, 'send'>, nowMs: () => number): Gates {
  const asked = new Map<string, { readonly epoch: number; readonly atMs: number }>();
  return {
    askedAtMs(deployment, epoch) {
      const last = asked.get(deployment);
      return last?.epoch === epoch ? last.atMs : null;
    },
    async open(deployment, epoch, { nodeId, request }) {
      asked.set(deployment, { epoch, atMs: nowMs() });
      const probe = { probe: OPEN_GATE_PROBE, arguments: request, timeoutMs: TIMEOUT_MS };
      const { because } = await askProbe(hub, nodeId, probe, OpenGateAnswer, `the gate of ${deployment}`);
      if (because !== null)
        throw new Dsr1Error('CHECK_FAILED', `the gate of ${deployment} was not opened: ${because}`);
    },
    drop: (deployment) => void asked.delete(deployment),
  };
}
