/** GPUs by name: memory that a process sees, and compute capability. */

export interface GpuClass {
  readonly name: string;
  /** As torch.cuda.mem_get_info gives it: a little under the label. */
  readonly memoryBytes: number;
  /** Null for GPUs that are not NVIDIA's. */
  readonly computeCapability: string | null;
}

const GIB = 2 ** 30;

/**
 * Class whose name is in `text` (`NVIDIA H100 80GB HBM3`, `h20-96`), the longest one; else a size that the text states
 * (`24GB card`); else null. The label's size decides between variants of one chip.
 */
export function gpuByName(text: string): GpuClass | null {
  const wanted = text.toLowerCase().replaceAll(/[\s_-]+/g, '');
  const found = GPUS.filter(([name]) => wanted.includes(name)).toSorted(([a], [b]) => b.length - a.length)[0];
  const [, label] = /(\d+(?:\.\d+)?)\s*(?:gb|gib)\b/i.exec(text) ?? [];
  const stated = label === undefined ? null : Number(label) * (/gib/i.test(text) ? 1 : USABLE);
  if (found === undefined)
    return stated === null ? null : { name: text, memoryBytes: stated * GIB, computeCapability: null };
  const [name, gib, computeCapability] = found;
  const otherSize = stated !== null && Math.abs(stated / gib - 1) > VARIANT;
  return { name, memoryBytes: (otherSize ? stated : gib) * GIB, computeCapability };
}

/**
 * A GPU as a node's facts show it. nvidia-smi counts memory that the driver keeps for itself: of a known class the size
 * that processes see is taken, of others one per cent less.
 */
export function gpuByFacts(name: string, memoryBytes: number, computeCapability: string | null): GpuClass {
  const known = gpuByName(name);
  const same = known !== null && Math.abs(known.memoryBytes / memoryBytes - 1) < 0.03;
  return { name, memoryBytes: same ? known.memoryBytes : memoryBytes * 0.99, computeCapability };
}

/** Of a label in GB, what drivers leave (`80GB` shows 79.2 GiB, `24GB` 23.5 GiB). */
const USABLE = 0.985;
/** A label this far from the class's size is another variant of the chip (A100 40GB). */
const VARIANT = 0.12;

/** Names without spaces and hyphens. Sizes are what engines and torch print for these cards. */
const GPUS: readonly (readonly [name: string, gib: number, capability: string | null])[] = [
  ['p40', 23.87, '6.1'],
  ['p100', 15.89, '6.0'],
  ['v10016gb', 15.77, '7.0'],
  ['v100', 31.74, '7.0'],
  ['v10032gb', 31.74, '7.0'],
  ['t4', 14.56, '7.5'],
  ['rtx2080ti', 10.75, '7.5'],
  ['a10040gb', 39.39, '8.0'],
  ['a100', 79.2, '8.0'],
  ['a80040gb', 39.39, '8.0'],
  ['a800', 79.2, '8.0'],
  ['a30', 23.5, '8.0'],
  ['a10', 22.06, '8.6'],
  ['a10g', 22.06, '8.6'],
  ['a16', 14.5, '8.6'],
  ['a40', 44.43, '8.6'],
  ['a6000', 47.53, '8.6'],
  ['a5000', 23.67, '8.6'],
  ['a4500', 19.7, '8.6'],
  ['a4000', 15.73, '8.6'],
  ['rtx3090', 23.57, '8.6'],
  ['3090', 23.57, '8.6'],
  ['rtx3060', 11.65, '8.6'],
  ['rtx4090', 23.53, '8.9'],
  ['4090', 23.53, '8.9'],
  ['rtx4090d48gb', 47.4, '8.9'],
  ['rtx4080', 15.6, '8.9'],
  ['rtx3080', 9.64, '8.6'],
  ['rtx5080', 15.46, '12.0'],
  ['rtx6000ada', 47.4, '8.9'],
  ['l4', 22.05, '8.9'],
  ['l20', 44.4, '8.9'],
  ['l40', 44.4, '8.9'],
  ['l40s', 44.4, '8.9'],
  ['h100', 79.19, '9.0'],
  ['h100nvl', 93.1, '9.0'],
  ['h10094gb', 93.1, '9.0'],
  ['h100pcie', 79.1, '9.0'],
  ['h800', 79.19, '9.0'],
  ['h20', 95.1, '9.0'],
  ['h203e', 139.72, '9.0'],
  ['h20141', 139.72, '9.0'],
  ['h2096', 95.1, '9.0'],
  ['h200', 139.8, '9.0'],
  ['gh200', 94.5, '9.0'],
  ['gh200144gb', 139.8, '9.0'],
  ['b200', 178.35, '10.0'],
  ['gb200', 184.3, '10.0'],
  ['b300', 267.7, '10.3'],
  ['gb300', 276.6, '10.3'],
  ['rtx5090', 31.36, '12.0'],
  ['5090', 31.36, '12.0'],
  ['rtxpro6000', 94.97, '12.0'],
  ['gb10', 119.6, '12.1'],
  ['dgxspark', 119.6, '12.1'],
  ['mi250', 63.98, null],
  ['mi300x', 191.7, null],
  ['mi308x', 191.7, null],
  ['mi325x', 255.7, null],
  ['mi350x', 287.6, null],
  ['mi355x', 287.6, null],
  ['mi355', 287.6, null],
  ['mi210', 63.98, null],
  ['910b', 60.9, null],
  ['910c', 60.9, null],
  ['gaudi2', 94.6, null],
  ['gaudi3', 126.5, null],
];
