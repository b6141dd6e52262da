/** The part of a node's live facts that its fabric is chosen from, as a file of a bundle: it replays to the same choice. */
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { fabricView } from '../../facts/fabric-view.ts';
import { GpuTopology } from '../../facts/gpu.ts';
import { Hca } from '../../facts/hca.ts';
import { Netdev, Route } from '../../facts/netdev.ts';
import { Contradiction, NodeFacts } from '../../facts/node.ts';
import { Nullable } from '../../facts/nullable.ts';
import type { FabricNode } from '../model.ts';

export const FabricFacts = Type.Object({
  netdevs: Nullable(Type.Array(Netdev)),
  routes: Nullable(Type.Array(Route)),
  hcas: Nullable(Type.Array(Hca)),
  gpuCount: Nullable(Type.Integer({ minimum: 0 })),
  gpuTopology: Nullable(GpuTopology),
  contradictions: Type.Array(Contradiction),
  /** The operator's word on the address under which the others reach it. */
  nodeIp: Type.Optional(Type.String()),
});
export type FabricFacts = Static<typeof FabricFacts>;

export function fabricFactsText(facts: NodeFacts): string {
  return `${JSON.stringify(fabricPart(facts))}\n`;
}

/** null for a text that holds no such facts. */
export function readFabricFacts(text: string): FabricFacts | null {
  try {
    return factsIn(JSON.parse(text))?.facts ?? null;
  } catch {
    return null;
  }
}

export interface NamedFacts {
  /** null for the part of a bundle, which lies in a folder of the node's name. */
  readonly hostname: string | null;
  readonly facts: FabricFacts;
}

/** Such facts, or all that an agent reports (`dsr1ctl facts --json`); null for any other value. */
export function factsIn(value: unknown): NamedFacts | null {
  if (Value.Check(FabricFacts, value)) return { hostname: null, facts: value };
  if (!Value.Check(NodeFacts, value)) return null;
  const facts = fabricPart(value);
  return Value.Check(FabricFacts, facts) ? { hostname: value.hostname, facts } : null;
}

function fabricPart(facts: NodeFacts): unknown {
  const { name: _, given: __, ...own } = fabricView('', facts);
  return { ...own, ...(facts.nodeIp === undefined ? {} : { nodeIp: facts.nodeIp }) };
}

/** The node as selection sees it, from facts instead of dumps. What the manifest gives outranks the node's own word. */
export function nodeOfFacts(
  name: string,
  given: FabricNode['given'],
  { nodeIp, ...facts }: FabricFacts,
): FabricNode {
  return { ...facts, name, given: { ...(nodeIp === undefined ? {} : { nodeIp }), ...given } };
}
