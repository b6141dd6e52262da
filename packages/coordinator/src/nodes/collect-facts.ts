import { asError } from './commands.ts';
import type { NodeHub } from './hub.ts';

/** A full discovery takes well under a second; tools that hang are given up after 10 s. */
const COLLECT_TIMEOUT_MS = 20_000;

/** The node looks at its host now; its facts are among the hub's when this resolves. @throws NODE_OFFLINE, TIMEOUT */
export async function collectFacts(hub: Pick<NodeHub, 'send'>, nodeId: string): Promise<void> {
  const action = { kind: 'collectFacts' } as const;
  const command = { deployment: '', epoch: 0, ttlMs: COLLECT_TIMEOUT_MS, action };
  const { failure } = await hub.send(nodeId, command, COLLECT_TIMEOUT_MS);
  if (failure !== null) throw asError(failure);
}
