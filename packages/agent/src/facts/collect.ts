import type { NodeFacts } from '@dsr1/shared/facts/node';
import { type Probe, probed } from '@dsr1/shared/facts/nullable';
import type { Host } from '../host/host.ts';
import { crossCheck } from './cross-check.ts';
import { COLLECTORS, DEFAULT_FACTS_OPTIONS, type FactParts, type FactsOptions } from './parts.ts';
import { computeTopology } from './probes/gpu-topology.ts';

/** What the agent knows of itself. */
export interface AgentIdentity {
  readonly agentVersion: string;
  /** Argv that starts dsr1-agent on this node (absolute paths). */
  readonly agentCommand: readonly string[];
}

/**
 * Everything that a node reports of itself. All probes run at the same time, each under its own time limit; one that
 * cannot see says why in its place. Never rejects.
 */
export async function collectFacts(
  host: Host,
  identity: AgentIdentity,
  options: FactsOptions = DEFAULT_FACTS_OPTIONS,
): Promise<NodeFacts> {
  return assembleFacts(host, identity, await collectParts(host, options));
}

export async function collectParts(host: Host, options: FactsOptions): Promise<FactParts> {
  const [machine, network, fabricTools, gpus, software] = await Promise.all([
    COLLECTORS.machine(host, options),
    COLLECTORS.network(host, options),
    COLLECTORS.fabricTools(host, options),
    COLLECTORS.gpus(host, options),
    COLLECTORS.software(host, options),
  ]);
  return { machine, network, fabricTools, gpus, software };
}

/** Joins the parts: tools are held against sysfs, and GPU distances computed where nvidia-smi shows none. */
export async function assembleFacts(
  host: Host,
  identity: AgentIdentity,
  parts: FactParts,
): Promise<NodeFacts> {
  const { machine, network, fabricTools, software } = parts;
  const { gpus, smiTopology } = parts.gpus;
  const computed = async () =>
    computeTopology(host, gpus.detected ? gpus.value.gpus : [], probed(network.hcas, []));
  return {
    schema: 1,
    ...machine,
    agentVersion: identity.agentVersion,
    agentCommand: [...identity.agentCommand],
    ...network,
    gpus,
    gpuTopology: smiTopology.detected ? smiTopology : await computed(),
    ...software,
    contradictions: crossCheck(network.hcas, fabricTools),
    tools: [
      said('ip', network.routes, ({ length }) => `${length} routes`),
      said('ibdev2netdev', fabricTools.ibdev2netdev, ({ length }) => `${length} ports`),
      said('rdma', fabricTools.rdmaLink, ({ length }) => `${length} ports`),
      said('show_gids', fabricTools.showGids, ({ length }) => `${length} rows`),
      said('nvidia-smi', gpus, (inventory) => `${inventory.gpus.length} GPUs`),
    ],
  };
}

function said<T>(tool: string, probe: Probe<T>, describe: (value: T) => string): NodeFacts['tools'][number] {
  if (probe.detected) return { tool, answered: true, note: describe(probe.value) };
  // The reason begins with the command (`rdma link: not installed`), which the entry names already.
  return { tool, answered: false, note: probe.reason.replace(new RegExp(`^${tool}[^:]*: `), '') };
}
