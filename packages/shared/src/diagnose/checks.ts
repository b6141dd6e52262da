/** Which category a finding of the doctor would become if the launch went on: the same words before and after. */
import type { Category } from './categories.ts';

/** By the stable name of the check; null = nothing that ends a launch by itself. */
export function categoryOfCheck(check: string): Category | null {
  return (byCheck as Readonly<Record<string, Category>>)[check] ?? null;
}

const byCheck = {
  memlock: 'memlock',
  'open-files': 'fd-limit',
  'shm-small': 'shm-too-small',
  'disk-low': 'disk-full',
  'own-name-loopback': 'loopback-used',
  'clock-unsynchronised': 'clock-skew',
  'gpu-lost': 'gpu-hardware-fault',
  'gpu-in-use': 'gpu-memory-occupied',
  'gpu-mig': 'gpu-visibility',
  'fabric-manager': 'fabric-manager-down',
  'nvidia-smi-mismatch': 'nvml-mismatch',
  'driver-too-old': 'driver-too-old',
  'no-compiler': 'toolchain-missing',
  'uverbs-closed': 'no-rdma-device-in-container',
  'port-pool-overlap': 'port-in-use',
} as const satisfies Readonly<Record<string, Category>>;
