/** An interpreter that a deployment names but discovery did not find: the nodes are asked to look there. */
import { engineOf } from '@dsr1/shared/engines/registry';
import { ENGINE_PROBE, EngineAnswer } from '@dsr1/shared/facts/engine-probe';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { Value } from 'typebox/value';
import type { NodeHub, NodeView } from '../nodes/hub.ts';
import { sendProbe } from '../nodes/probe.ts';

const TIMEOUT_MS = 3_000;

/** The nodes, with what they found there among their engines; a node that does not answer stays as it is. */
export async function withNamedEngine(
  spec: DeploymentSpec,
  nodes: readonly NodeView[],
  hub: Pick<NodeHub, 'send'>,
): Promise<readonly NodeView[]> {
  const { kind, python, image } = spec.engine;
  if (python === undefined || image !== undefined || engineOf(kind).installName === null) return nodes;
  return Promise.all(
    nodes.map(async (node) => {
      const { facts } = node;
      const wanted = spec.nodes?.names?.includes(node.name) ?? true;
      if (!wanted || node.state !== 'online' || facts === null || !facts.engines.detected) return node;
      const known = facts.engines.value;
      if (known.some((install) => install.python === python)) return node;
      const asked = { probe: ENGINE_PROBE, arguments: { python }, timeoutMs: TIMEOUT_MS };
      const { probe } = await sendProbe(hub, node.id, asked);
      if (!Value.Check(EngineAnswer, probe) || probe.length === 0) return node;
      return { ...node, facts: { ...facts, engines: { ...facts.engines, value: [...known, ...probe] } } };
    }),
  );
}
