/** Facts are collected in parts, each at its own pace: what changes with a cable is asked more often than a CPU model. */
import type { GpuTopology } from '@dsr1/shared/facts/gpu';
import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../host/host.ts';
import { limited } from './probe.ts';
import { probeCpu } from './probes/cpu.ts';
import { probeDisks } from './probes/disks.ts';
import { probeEngines } from './probes/engines.ts';
import { probeEphemeralPorts } from './probes/ephemeral-ports.ts';
import { askFabricTools, type FabricTools } from './probes/fabric-tools.ts';
import { probeSmiTopology } from './probes/gpu-topology.ts';
import { probeGpus } from './probes/gpus.ts';
import { probeHcas } from './probes/hcas.ts';
import { type HostIdentity, readIdentity } from './probes/identity.ts';
import { probeLimits } from './probes/limits.ts';
import { probeMemory } from './probes/memory.ts';
import { probeNetdevs } from './probes/netdevs.ts';
import { probeOs } from './probes/os.ts';
import { probeRoutes } from './probes/routes.ts';
import { probeRuntimes } from './probes/runtimes.ts';
import { probeSettings } from './probes/settings.ts';

export interface FactParts {
  readonly machine: HostIdentity &
    Pick<NodeFacts, 'os' | 'cpu' | 'memory' | 'disks' | 'limits' | 'ephemeralPorts'> &
    Required<Pick<NodeFacts, 'settings'>> &
    Pick<NodeFacts, 'nodeIp'>;
  readonly network: Pick<NodeFacts, 'netdevs' | 'routes' | 'hcas'>;
  readonly fabricTools: FabricTools;
  readonly gpus: Pick<NodeFacts, 'gpus'> & { readonly smiTopology: Probe<GpuTopology> };
  readonly software: Pick<NodeFacts, 'engines' | 'runtimes'>;
}

export type Part = keyof FactParts;

/** What the operator may set about collecting. */
export interface FactsOptions {
  /** Where Python environments with engines are looked for, beside PATH; `*` stands for any one name. */
  readonly engineRoots: readonly string[];
  /** Socket of the Docker engine. */
  readonly dockerSocket: string;
  /** Address under which the other nodes reach this one, where the operator says it; null = found out by routes. */
  readonly nodeIp: string | null;
}

export const DEFAULT_FACTS_OPTIONS: FactsOptions = {
  engineRoots: [
    '/opt/engines/*',
    '/opt/*',
    '/opt/*/envs/*',
    '/root/*',
    '/root/*/envs/*',
    '/home/*/*',
    '/home/*/*/envs/*',
    '/usr/local',
    '/usr',
  ],
  dockerSocket: '/run/docker.sock',
  nodeIp: null,
};

const FILES_LIMIT_MS = 3000;
/** `ip` twice: -j, then its text. */
const TOOLS_LIMIT_MS = 7000;
const GPU_LIMIT_MS = 16_000;

/** How each part is collected; the probes of a part, and all parts, run at the same time. */
export const COLLECTORS: {
  readonly [P in Part]: (host: Host, options: FactsOptions) => Promise<FactParts[P]>;
} = {
  machine: async (host, { nodeIp }) => {
    const [identity, os, cpu, memory, disks, limits, ephemeralPorts, settings] = await Promise.all([
      readIdentity(host, nodeIp),
      limited(FILES_LIMIT_MS, () => probeOs(host)),
      limited(FILES_LIMIT_MS, () => probeCpu(host)),
      limited(FILES_LIMIT_MS, () => probeMemory(host)),
      limited(FILES_LIMIT_MS, () => probeDisks(host)),
      limited(FILES_LIMIT_MS, () => probeLimits(host)),
      limited(FILES_LIMIT_MS, () => probeEphemeralPorts(host)),
      limited(FILES_LIMIT_MS, () => probeSettings(host)),
    ]);
    return {
      ...identity,
      ...(nodeIp === null ? {} : { nodeIp }),
      os,
      cpu,
      memory,
      disks,
      limits,
      ephemeralPorts,
      settings,
    };
  },
  network: async (host, { nodeIp }) => {
    const [netdevs, routes, hcas] = await Promise.all([
      limited(TOOLS_LIMIT_MS, () => probeNetdevs(host, nodeIp)),
      limited(TOOLS_LIMIT_MS, () => probeRoutes(host)),
      limited(FILES_LIMIT_MS, () => probeHcas(host)),
    ]);
    return { netdevs, routes, hcas };
  },
  fabricTools: askFabricTools,
  gpus: async (host) => {
    const [gpus, smiTopology] = await Promise.all([
      limited(GPU_LIMIT_MS, () => probeGpus(host)),
      limited(GPU_LIMIT_MS, () => probeSmiTopology(host)),
    ]);
    return { gpus, smiTopology };
  },
  software: async (host, { engineRoots, dockerSocket }) => {
    const [engines, runtimes] = await Promise.all([
      limited(FILES_LIMIT_MS, () => probeEngines(host, engineRoots)),
      limited(FILES_LIMIT_MS, () => probeRuntimes(host, dockerSocket)),
    ]);
    return { engines, runtimes };
  },
};
