import type { NodeFacts } from '@dsr1/shared/facts/node';
import { hashOf } from '@dsr1/shared/hash';

/**
 * Hash of what is stable in the facts: the same for an unchanged host, however often it is asked. Left out is what a
 * running engine moves (memory of GPU processes) and what is only rough (free disk space counts in powers of two).
 */
export function factsHash(facts: NodeFacts): string {
  const { gpus, disks } = facts;
  return hashOf({
    ...facts,
    gpus: gpus.detected
      ? {
          ...gpus,
          value: {
            ...gpus.value,
            gpus: gpus.value.gpus.map((gpu) => ({ ...gpu, processes: gpu.processes.map(({ pid }) => pid) })),
          },
        }
      : gpus,
    disks: disks.detected
      ? {
          ...disks,
          value: disks.value.map((disk) => ({ ...disk, freeGiB: Math.floor(Math.log2(disk.freeGiB + 1)) })),
        }
      : disks,
  });
}
