/** Probes: questions to one node outside any deployment, and their answers. */
import { decode } from '@dsr1/shared/schema';
import type { CommandResult } from '@dsr1/shared/wire/messages';
import type { Static, TSchema } from 'typebox';
import { asError } from './commands.ts';
import type { NodeHub } from './hub.ts';

export interface Probe {
  /** Kind that the agent knows it by. */
  readonly probe: string;
  readonly arguments: unknown;
  readonly timeoutMs: number;
}

/** Never rejects, as `hub.send`; the answer is not checked. */
export const sendProbe = (
  hub: Pick<NodeHub, 'send'>,
  nodeId: string,
  { probe, arguments: args, timeoutMs }: Probe,
): Promise<CommandResult> =>
  hub.send(
    nodeId,
    { deployment: '', epoch: 0, ttlMs: timeoutMs, action: { kind: 'probe', probe, arguments: args } },
    timeoutMs,
  );

/** The answer as the schema says; `what` names it for people. @throws what the node answered, NODE_OFFLINE, TIMEOUT, VERSION_SKEW */
export async function askProbe<T extends TSchema>(
  hub: Pick<NodeHub, 'send'>,
  nodeId: string,
  probe: Probe,
  answer: T,
  what: string,
): Promise<Static<T>> {
  const result = await sendProbe(hub, nodeId, probe);
  if (result.failure !== null) throw asError(result.failure);
  return decode(answer, result.probe, { what, code: 'VERSION_SKEW' });
}
