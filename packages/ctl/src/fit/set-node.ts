/** A node's facts as what a model can be put on. */
import type { NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import { type GpuClass, gpuByFacts } from '@dsr1/shared/models/gpus';
import type { SetNode } from '@dsr1/shared/models/smallest-sets';

/** Its smallest GPU decides, for every rank holds as much as the others; null when none shows its memory. */
export function setNode(name: string, facts: NodeFacts | null): SetNode {
  const gpus = probed(facts?.gpus, { driverVersion: null, cudaVersion: null, gpus: [] }).gpus;
  const known = gpus.flatMap(({ name: kind, memoryBytes, computeCapability }): GpuClass[] =>
    memoryBytes === null ? [] : [gpuByFacts(kind, memoryBytes, computeCapability)],
  );
  const [first] = known.toSorted((a, b) => a.memoryBytes - b.memoryBytes);
  return { name, gpus: known.length, gpu: first ?? null };
}
