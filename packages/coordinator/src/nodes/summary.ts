/** The few words of a node's facts that a table has room for. Pure. */
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import type { NodeSummary } from '@dsr1/shared/http-api/resources';

export function inventoryOf(facts: NodeFacts | null): Pick<NodeSummary, 'gpus' | 'hcaCount' | 'address'> {
  if (facts === null) return { gpus: null, hcaCount: null, address: null };
  return {
    gpus: facts.gpus.detected ? gpuText(facts.gpus.value.gpus.map((gpu) => gpu.name)) : null,
    hcaCount: facts.hcas.detected ? facts.hcas.value.length : null,
    address: facts.nodeIp ?? defaultAddress(facts),
  };
}

/** `8 × NVIDIA H20`; mixed hosts list each kind. */
function gpuText(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return [...new Set(names)]
    .map((name) => `${names.filter((other) => other === name).length} × ${name}`)
    .join(', ');
}

/** The address that the default route leaves from, else the first global one. */
function defaultAddress(facts: NodeFacts): string | null {
  const route = probed(facts.routes, [])
    .filter((each) => each.destination === 'default' && each.family === 4)
    .sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))[0];
  const netdevs = probed(facts.netdevs, []);
  const ordered = [...netdevs.filter((dev) => dev.name === route?.device), ...netdevs];
  const usable = ordered.flatMap((dev) => dev.addresses.filter((entry) => entry.scope === 'global'));
  return route?.source ?? usable.find((entry) => entry.family === 4)?.address ?? usable[0]?.address ?? null;
}
