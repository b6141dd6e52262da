/** One question about models to one node. */
import { MODEL_PROBE, type ModelQuery } from '@dsr1/shared/weights/query';
import type { Static, TSchema } from 'typebox';
import type { NodeHub } from '../nodes/hub.ts';
import { askProbe } from '../nodes/probe.ts';

export type AskModel = <T extends TSchema>(
  nodeId: string,
  query: ModelQuery,
  answer: T,
) => Promise<Static<T>>;

/** Slow shared disks with many small files; a header check takes well under a second otherwise. */
const TIMEOUT_MS = 30_000;

/** @throws what the node answered, NODE_OFFLINE, TIMEOUT, VERSION_SKEW */
export const createAskModel = (hub: Pick<NodeHub, 'send'>, timeoutMs = TIMEOUT_MS): AskModel =>
  function ask(nodeId, query, answer) {
    const probe = { probe: MODEL_PROBE, arguments: query, timeoutMs };
    return askProbe(hub, nodeId, probe, answer, `answer about models (${query.op})`);
  };
