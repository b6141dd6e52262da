/** One probe to one node, and its answer as the schema says. */
import { PROBES, type ProbeName, type Probes } from '@dsr1/shared/fabric/check/requests';
import { decode } from '@dsr1/shared/schema';
import type { Static } from 'typebox';
import { asError } from '../nodes/commands.ts';
import type { NodeHub } from '../nodes/hub.ts';

export type Ask = <N extends ProbeName>(
  nodeId: string,
  name: N,
  request: Static<Probes[N]['request']>,
  timeoutMs: number,
) => Promise<Static<Probes[N]['answer']>>;

/** @throws what the node answered, NODE_OFFLINE, TIMEOUT, VERSION_SKEW */
export const createAsk = (hub: Pick<NodeHub, 'send'>): Ask =>
  async function ask<N extends ProbeName>(
    nodeId: string,
    name: N,
    request: Static<Probes[N]['request']>,
    timeoutMs: number,
  ) {
    const { kind, answer } = PROBES[name];
    const action = { kind: 'probe', probe: kind, arguments: request } as const;
    const result = await hub.send(nodeId, { deployment: '', epoch: 0, ttlMs: timeoutMs, action }, timeoutMs);
    if (result.failure !== null) throw asError(result.failure);
    return decode(answer, result.probe, { what: kind, code: 'VERSION_SKEW' }) as Static<Probes[N]['answer']>;
  };
