/** A node's facts as what a model can be put on. */
import { Dsr1Error } from '../errors.ts';
import type { NodeFacts } from '../facts/node.ts';
import { probed } from '../facts/nullable.ts';
import { type GpuClass, gpuByFacts } from './gpus.ts';
import type { SetNode } from './smallest-sets.ts';

/** Its smallest GPU decides, for every rank holds as much as the others; null when none shows its memory. */
export function setNode(name: string, facts: NodeFacts | null): SetNode {
  const gpus = probed(facts?.gpus, { driverVersion: null, cudaVersion: null, gpus: [] }).gpus;
  const known = gpus.flatMap(({ name: kind, memoryBytes, computeCapability }): GpuClass[] =>
    memoryBytes === null ? [] : [gpuByFacts(kind, memoryBytes, computeCapability)],
  );
  const [first] = known.toSorted((a, b) => a.memoryBytes - b.memoryBytes);
  return { name, gpus: known.length, gpu: first ?? null };
}

/** @throws NOT_FOUND when the node shows no GPU with its memory */
export function gpuNode(name: string, facts: NodeFacts | null): SetNode {
  const node = setNode(name, facts);
  if (node.gpu !== null) return node;
  throw new Dsr1Error('NOT_FOUND', `node ${name} has not reported GPUs`, {
    hint: `look at \`dsr1ctl facts ${name} --fresh\``,
  });
}
