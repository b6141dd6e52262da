/** GPUs of one node and how they reach its NICs. */
import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';

export const GpuProcess = Type.Object({
  pid: Type.Integer(),
  name: Nullable(Type.String()),
  usedMemoryBytes: Nullable(Type.Integer()),
});
export type GpuProcess = Static<typeof GpuProcess>;

export const Gpu = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  uuid: Nullable(Type.String()),
  name: Type.String(),
  /** `0000:18:00.0` form (nvidia-smi's eight-digit domain is normalised). */
  pci: Nullable(Type.String()),
  numaNode: Nullable(Type.Integer()),
  memoryBytes: Nullable(Type.Integer()),
  /** `9.0` form. */
  computeCapability: Nullable(Type.String()),
  mig: Nullable(Type.Boolean()),
  processes: Type.Array(GpuProcess),
});
export type Gpu = Static<typeof Gpu>;

export const GpuInventory = Type.Object({
  driverVersion: Nullable(Type.String()),
  /** Highest CUDA version that the driver serves. */
  cudaVersion: Nullable(Type.String()),
  gpus: Type.Array(Gpu),
});
export type GpuInventory = Static<typeof GpuInventory>;

/** Distance of a GPU and a NIC, nearest first: same device, PCIe switch, several bridges, host bridge, NUMA node, across. */
export const TopoLevel = Type.Union([
  Type.Literal('X'),
  Type.Literal('PIX'),
  Type.Literal('PXB'),
  Type.Literal('PHB'),
  Type.Literal('NODE'),
  Type.Literal('SYS'),
]);
export type TopoLevel = Static<typeof TopoLevel>;

/** `nvidia-smi topo -m` (or the same computed from PCI paths): distance of every GPU to every HCA. */
export const GpuTopology = Type.Object({
  /** [gpu index, RDMA device, level]. */
  gpuToHca: Type.Array(
    Type.Object({ gpu: Type.Integer({ minimum: 0 }), device: Type.String(), level: TopoLevel }),
  ),
});
export type GpuTopology = Static<typeof GpuTopology>;
