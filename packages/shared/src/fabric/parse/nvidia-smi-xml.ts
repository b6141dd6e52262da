/** `nvidia-smi -q -x`: one element a line, as the tool prints it (no XML library: the document has no attributes but ids). */
import type { GpuProcess } from '../../facts/gpu.ts';
import { gpuRow } from './gpu-row.ts';
import type { GpuRow } from './rows.ts';
import { type Dump, linesOf, type Parsed } from './text.ts';

export interface NvidiaSmiXml extends Parsed<GpuRow> {
  readonly driverVersion: string | null;
  readonly cudaVersion: string | null;
}

/** GPUs in the order of the document, which is nvidia-smi's index. Lines outside the document are unknown. */
export function parseNvidiaSmiXml(dump: Dump): NvidiaSmiXml {
  const gpus: { values: Record<string, string>; processes: GpuProcess[] }[] = [];
  const top: Record<string, string> = {};
  const path: string[] = [];
  const unknown: string[] = [];
  for (const line of linesOf(dump)) {
    const leaf = /^\s*<(\w+)(?:\s[^>]*)?>([^<]*)<\/\w+>\s*$/.exec(line);
    const open = leaf ? null : /^\s*<(\w+)((?:\s[^>/]*)?)>/.exec(line);
    const close = /^\s*<\/(\w+)>/.exec(line)?.[1];
    const gpu = gpus.at(-1);
    if (leaf) {
      const key = [...path.slice(path.lastIndexOf('gpu') + 1), leaf[1]].join('/');
      if (path.includes('gpu') && gpu) record(gpu, key, plainText(leaf[2] ?? ''));
      else top[leaf[1] ?? ''] ??= plainText(leaf[2] ?? '');
    } else if (open) {
      if (path.length < MAX_DEPTH) path.push(open[1] ?? '');
      if (open[1] === 'gpu')
        gpus.push({ values: { id: /id="([^"]*)"/.exec(open[2] ?? '')?.[1] ?? '' }, processes: [] });
    } else if (close) {
      const at = path.lastIndexOf(close);
      if (at >= 0) path.length = at;
    } else if (path.length === 0 && line.trim() !== '' && !/^\s*<[?!]/.test(line)) unknown.push(line);
  }
  return {
    rows: gpus.map(({ values, processes }, index) => ({ ...gpuRow(index, fields(values)), processes })),
    unknown,
    driverVersion: top.driver_version ?? null,
    cudaVersion: top.cuda_version ?? null,
  };
}

const MAX_DEPTH = 16;

function record(
  gpu: { values: Record<string, string>; processes: GpuProcess[] },
  key: string,
  value: string,
): void {
  const process = gpu.processes.at(-1);
  if (key === 'processes/process_info/pid') {
    if (/^\d+$/.test(value)) gpu.processes.push({ pid: Number(value), name: null, usedMemoryBytes: null });
  } else if (key === 'processes/process_info/process_name' && process) process.name = value;
  else if (key === 'processes/process_info/used_memory' && process) {
    const mib = /^(\d+) MiB$/.exec(value)?.[1];
    process.usedMemoryBytes = mib === undefined ? null : Number(mib) * 1024 * 1024;
  } else gpu.values[key] ??= value;
}

function fields(values: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return {
    name: values.product_name,
    uuid: values.uuid,
    busId: values['pci/pci_bus_id'] ?? values.id,
    memory: values['fb_memory_usage/total'],
    computeCapability: values.cuda_compute_capability,
    mig: values['mig_mode/current_mig'],
  };
}

function plainText(text: string): string {
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .trim();
}
