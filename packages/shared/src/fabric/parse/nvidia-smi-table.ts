/** The table of plain `nvidia-smi`: name and bus address in the first line of a GPU's cell, memory in the second. */
import { gpuRow } from './gpu-row.ts';
import type { GpuRow } from './rows.ts';
import { type Dump, type Parsed, readLines } from './text.ts';

/** A long name is cut by the tool (`NVIDIA A100-SXM...`) and kept as printed. */
export function parseNvidiaSmiTable(
  dump: Dump,
): Parsed<GpuRow> & { driverVersion: string | null; cudaVersion: string | null } {
  const found: { index: number; values: Record<string, string> }[] = [];
  const versions: { driverVersion: string | null; cudaVersion: string | null } = {
    driverVersion: null,
    cudaVersion: null,
  };
  const unknown = readLines(dump, (line) => {
    const banner = /Driver Version:\s*([\d.]+)(?:\s+CUDA Version:\s*([\d.]+))?/.exec(line);
    if (banner) Object.assign(versions, { driverVersion: banner[1] ?? null, cudaVersion: banner[2] ?? null });
    const first =
      /^\s*\|\s+(\d+)\s+(\S.*?)\s+(?:On|Off|N\/A)\s*\|\s*([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)\s/.exec(
        line,
      );
    if (first)
      found.push({ index: Number(first[1]), values: { name: first[2] ?? '', busId: first[3] ?? '' } });
    const memory = /\|\s*\d+MiB \/\s*(\d+)MiB\s*\|/.exec(line)?.[1];
    const gpu = found.at(-1);
    if (memory !== undefined && gpu) gpu.values.memory ??= memory;
    return /^\s*[|+]/.test(line);
  });
  return { rows: found.map(({ index, values }) => gpuRow(index, values)), unknown, ...versions };
}
