/** The gate of SGLang's gated start: behind it, and not before, a rank claims GPU memory (distributed/gated_launch.py). */
import { type Static, Type } from 'typebox';

/** Name of the gate's port among those of rank 0. */
export const GATE_PORT = 'gate';

/** Detail of a rank that has met all others, and waits until the gate is opened. */
export const AT_GATE = 'waits at the gate';

/** What the head's node is asked: open the gate that its own rank listens for. */
export const OPEN_GATE_PROBE = 'open-gate';

export const OpenGateRequest = Type.Object({
  /** Literal address that the rank binds. */
  address: Type.String(),
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
});
export type OpenGateRequest = Static<typeof OpenGateRequest>;

/** `because`: why it is not open, null when it is. */
export const OpenGateAnswer = Type.Object({ because: Type.Union([Type.String(), Type.Null()]) });
export type OpenGateAnswer = Static<typeof OpenGateAnswer>;
