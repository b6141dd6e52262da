/** Building blocks of the nvidia-smi parsers. */
import { pciFunction } from './address.ts';
import type { GpuRow } from './rows.ts';

const MIB = 1024 * 1024;

/** A GPU from printed values; `N/A`, `[N/A]`, `[Not Supported]` and absence are null. */
export function gpuRow(index: number, printed: Readonly<Record<string, string | undefined>>): GpuRow {
  const value = (key: string): string | null => {
    const text = printed[key]?.trim();
    return text === undefined || text === '' || /^\[?(N\/A|Not Supported|Unknown Error)\]?$/i.test(text)
      ? null
      : text;
  };
  const busId = value('busId');
  const memoryMib = /^(\d+)\s*(?:MiB)?$/.exec(value('memory') ?? '')?.[1];
  const mig = value('mig');
  return {
    index,
    uuid: value('uuid'),
    name: value('name') ?? '',
    busId,
    pci: busId === null ? null : pciFunction(busId),
    numaNode: null,
    memoryBytes: memoryMib === undefined ? null : Number(memoryMib) * MIB,
    computeCapability: value('computeCapability'),
    mig: mig === null ? null : /^Enabled/.test(mig),
    processes: [],
  };
}
