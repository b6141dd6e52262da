/** One question about models to one node. */
import { decode } from '@dsr1/shared/schema';
import { MODEL_PROBE, type ModelQuery } from '@dsr1/shared/weights/query';
import type { Static, TSchema } from 'typebox';
import { asError } from '../nodes/commands.ts';
import type { NodeHub } from '../nodes/hub.ts';

export type AskModel = <T extends TSchema>(
  nodeId: string,
  query: ModelQuery,
  answer: T,
) => Promise<Static<T>>;

/** Slow shared disks with many small files; a header check takes well under a second otherwise. */
const TIMEOUT_MS = 30_000;

/** @throws what the node answered, NODE_OFFLINE, TIMEOUT, VERSION_SKEW */
export const createAskModel = (hub: Pick<NodeHub, 'send'>, timeoutMs = TIMEOUT_MS): AskModel =>
  async function ask(nodeId, query, answer) {
    const action = { kind: 'probe', probe: MODEL_PROBE, arguments: query } as const;
    const command = { deployment: '', epoch: 0, ttlMs: timeoutMs, action };
    const result = await hub.send(nodeId, command, timeoutMs);
    if (result.failure !== null) throw asError(result.failure);
    return decode(answer, result.probe, { what: `answer about models (${query.op})`, code: 'VERSION_SKEW' });
  };
