import { parseTopoM, TOPO_LEVELS } from '@dsr1/shared/fabric/parse/topo-m';
import type { Gpu, GpuTopology, TopoLevel } from '@dsr1/shared/facts/gpu';
import type { Hca } from '@dsr1/shared/facts/hca';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, undetected } from '../probe.ts';
import { pciPath } from './pci.ts';

type Distance = GpuTopology['gpuToHca'][number];

/** Distances as nvidia-smi prints them; the legend alone says which RDMA device `NIC0` is. */
export async function probeSmiTopology(host: Host): Promise<Probe<GpuTopology>> {
  const answer = await host.run(['nvidia-smi', 'topo', '-m'], { timeoutMs: 15_000 });
  if (!answer.answered) return undetected(`nvidia-smi topo -m: ${answer.reason}`);
  const { cells, nics, nicCount } = parseTopoM(answer.stdout);
  if (nicCount === null) return undetected('nvidia-smi topo -m: printed no matrix');
  if (nicCount === 0) return undetected('nvidia-smi topo -m: shows no RDMA device');
  const gpuToHca = cells.flatMap(([row, column, text]): Distance[] => {
    const gpu = /^GPU(\d+)$/.exec(row)?.[1];
    const level = TOPO_LEVELS.find((known) => known === text);
    if (gpu === undefined || level === undefined || column.startsWith('GPU')) return [];
    return [{ gpu: Number(gpu), device: nics?.[column] ?? column, level }];
  });
  return detected('nvidia-smi topo -m', { gpuToHca });
}

/** The same distances from the places of the PCI functions in sysfs' device tree. */
export async function computeTopology(
  host: Host,
  gpus: readonly Gpu[],
  hcas: readonly Hca[],
): Promise<Probe<GpuTopology>> {
  if (gpus.length === 0 || hcas.length === 0)
    return undetected(gpus.length === 0 ? 'no GPU is known' : 'no RDMA device is known');
  const place = async ({ pci, numaNode }: Gpu | Hca): Promise<Place> => ({
    bridges:
      pci === null
        ? []
        : (((await pciPath(host, pci)) ?? '').match(
            /pci[0-9a-f]{4,}:[0-9a-f]{2}|[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/g,
          ) ?? []),
    numaNode,
  });
  const [gpuPlaces, hcaPlaces] = await Promise.all([
    Promise.all(gpus.map(place)),
    Promise.all(hcas.map(place)),
  ]);
  const gpuToHca = gpus.flatMap((gpu, g) =>
    hcas.flatMap((hca, h): Distance[] => {
      const [from, to] = [gpuPlaces[g], hcaPlaces[h]];
      return from && to ? [{ gpu: gpu.index, device: hca.device, level: levelBetween(from, to) }] : [];
    }),
  );
  return detected('sysfs PCI paths', { gpuToHca });
}

export interface Place {
  /** Host bridge, bridges, and the function itself, from the root down; empty when it is not on a PCI bus. */
  readonly bridges: readonly string[];
  readonly numaNode: number | null;
}

/**
 * Distance of two PCI functions in nvidia-smi's words: PIX at most one bridge between them (the two ports of one
 * switch count as one), PXB several, PHB the host bridge, NODE two host bridges of a NUMA node, SYS across.
 */
export function levelBetween(a: Place, b: Place): TopoLevel {
  let common = 0;
  while (common < a.bridges.length && a.bridges[common] === b.bridges[common]) common += 1;
  if (common === 0) return a.numaNode !== null && a.numaNode === b.numaNode ? 'NODE' : 'SYS';
  if (common === 1) return 'PHB';
  // Below the last common bridge each path has its switch's downstream port and the function.
  return Math.max(a.bridges.length, b.bridges.length) - common <= 2 ? 'PIX' : 'PXB';
}
