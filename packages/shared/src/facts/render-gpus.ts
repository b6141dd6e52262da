import { columns } from './columns.ts';
import type { Gpu, GpuTopology } from './gpu.ts';
import type { NodeFacts } from './node.ts';
import { probed } from './nullable.ts';
import { sizeText } from './units.ts';

/** GPUs, one a line, with the HCAs nearest to each. */
export function renderGpus({ gpus, gpuTopology }: NodeFacts): string[] {
  if (!gpus.detected) return [];
  const { driverVersion, cudaVersion, gpus: list } = gpus.value;
  const distances = probed(gpuTopology, { gpuToHca: [] }).gpuToHca;
  const versions = [
    driverVersion === null ? [] : [`driver ${driverVersion}`],
    cudaVersion === null ? [] : [`CUDA up to ${cudaVersion}`],
  ].flat();
  const rows = list.map((gpu) => [
    String(gpu.index),
    gpu.name,
    gpu.memoryBytes === null ? '' : sizeText(gpu.memoryBytes),
    gpu.computeCapability ?? '',
    gpu.pci ?? '',
    gpu.numaNode === null ? '' : String(gpu.numaNode),
    gpu.mig === true ? 'on' : '',
    nearest(gpu, distances),
    gpu.processes
      .map(
        ({ pid, name, usedMemoryBytes }) =>
          `${pid} ${name ?? '?'}${usedMemoryBytes === null ? '' : ` ${sizeText(usedMemoryBytes)}`}`,
      )
      .join(', '),
  ]);
  const header = ['#', 'MODEL', 'MEMORY', 'SM', 'PCI', 'NUMA', 'MIG', 'NEAREST HCAS', 'PROCESSES'];
  return [['GPUs', ...versions].join(' · '), ...columns(header, rows).map((line) => `  ${line}`)];
}

const LEVELS: readonly string[] = ['X', 'PIX', 'PXB', 'PHB', 'NODE', 'SYS'];

/** `mlx5_1, mlx5_2 (PIX)`; nothing where all HCAs are across the machine. */
function nearest({ index }: Gpu, distances: GpuTopology['gpuToHca']): string {
  const own = distances.filter(({ gpu }) => gpu === index);
  const level = LEVELS.find((known) => own.some((distance) => distance.level === known));
  if (level === undefined || level === 'SYS') return '';
  return `${own
    .filter((distance) => distance.level === level)
    .map(({ device }) => device)
    .join(', ')} (${level})`;
}
