/** What fabric selection needs of a node's live facts. */
import type { FabricNode } from '../fabric/model.ts';
import type { NodeFacts } from './node.ts';
import type { Probe } from './nullable.ts';

/**
 * The node as the fabric brain sees it; what a probe could not see stays unknown.
 * @param nodeIp address under which the other nodes reach this one, where something outside the facts tells it
 */
export function fabricView(name: string, facts: NodeFacts, nodeIp?: string): FabricNode {
  return {
    name,
    netdevs: seen(facts.netdevs),
    routes: seen(facts.routes),
    hcas: seen(facts.hcas),
    gpuCount: seen(facts.gpus)?.gpus.length ?? null,
    gpuTopology: seen(facts.gpuTopology),
    given: nodeIp === undefined ? {} : { nodeIp },
    contradictions: facts.contradictions,
  };
}

const seen = <T>(probe: Probe<T>): T | null => (probe.detected ? probe.value : null);
