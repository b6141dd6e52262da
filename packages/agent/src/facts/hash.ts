import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import { hashOf } from '@dsr1/shared/hash';

/**
 * Hash of what is stable in the facts: the same for an unchanged host, however often it is asked. Left out is what
 * moves by itself: memory of GPU processes, free disk space (which counts in powers of two), and whether a name server
 * has just answered.
 */
export function factsHash(facts: NodeFacts): string {
  return hashOf({
    ...facts,
    gpus: within(facts.gpus, ({ gpus, ...driver }) => ({
      ...driver,
      gpus: gpus.map((gpu) => ({ ...gpu, processes: gpu.processes.map(({ pid }) => pid) })),
    })),
    disks: within(facts.disks, (disks) =>
      disks.map((disk) => ({ ...disk, freeGiB: Math.floor(Math.log2(disk.freeGiB + 1)) })),
    ),
    settings: within(facts.settings, ({ nameServers, ...settings }) => ({
      ...settings,
      nameServers: nameServers.map(({ address }) => address),
    })),
  });
}

const within = <T>(probe: Probe<T> | undefined, stable: (value: T) => unknown) =>
  probe?.detected ? { ...probe, value: stable(probe.value) } : probe;
