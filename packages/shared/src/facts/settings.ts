/** Settings of a node's operating system that make or break a launch; doctor and preflight read them. */
import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';

export const HostSettings = Type.Object({
  /** Addresses that /etc/hosts gives to the host's own name; [] = not listed there. */
  ownNameAddresses: Type.Array(Type.String()),
  /** Name servers of /etc/resolv.conf; a silent one costs an engine 40 s a start. */
  nameServers: Type.Array(Type.Object({ address: Type.String(), silent: Type.Boolean() })),
  /** null = nobody here to ask. */
  clockSynchronised: Nullable(Type.Boolean()),
  /** Loaded ones of the kernel modules that RDMA and GPUs need. */
  kernelModules: Type.Array(Type.String()),
  /** What the PCI bus shows, with or without a driver. */
  nvidiaGpusOnPci: Type.Integer(),
  nvSwitches: Type.Integer(),
  /** State of nvidia-fabricmanager where there are NVSwitches. */
  fabricManager: Nullable(Type.String()),
});
export type HostSettings = Static<typeof HostSettings>;
