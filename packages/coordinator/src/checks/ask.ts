/** One probe to one node, and its answer as the schema says. */
import { PROBES, type ProbeName, type Probes } from '@dsr1/shared/fabric/check/requests';
import type { Static } from 'typebox';
import type { NodeHub } from '../nodes/hub.ts';
import { askProbe } from '../nodes/probe.ts';

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
    const probe = { probe: kind, arguments: request, timeoutMs };
    return (await askProbe(hub, nodeId, probe, answer, kind)) as Static<Probes[N]['answer']>;
  };
