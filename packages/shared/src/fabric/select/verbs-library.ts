/** Devices that libibverbs cannot serve where the rank runs: the image and the host's kernel driver do not fit. */
import type { FabricNode } from '../model.ts';
import { lookup } from '../parse/text.ts';

/** Why libibverbs cannot serve the device there, by what a text complains of; null when nothing does. */
export function verbsFault({ verbsFaults }: FabricNode, device: string): string | null {
  return lookup(verbsFaults ?? {}, device) ?? null;
}

export interface VerbsTrouble {
  readonly category: 'verbs-library-missing' | 'no-rdma-device-in-container';
  /** `pod-1: libibverbs cannot use bnxt_re0, bnxt_re1: …` */
  readonly because: string;
  readonly fix: string;
}

/** What keeps the devices of a node from libibverbs; null for a node without such devices. */
export function verbsTroubleOf({ name, verbsFaults }: FabricNode): VerbsTrouble | null {
  const faults = Object.entries(verbsFaults ?? {});
  const library = faults.find(([, because]) => because !== NO_DEVICES);
  const [, because] = library ?? faults[0] ?? [];
  if (because === undefined) return null;
  return {
    category: library === undefined ? 'no-rdma-device-in-container' : 'verbs-library-missing',
    because: `${name}: libibverbs cannot use ${faults.map(([device]) => device).join(', ')}: ${because}`,
    fix:
      library === undefined
        ? `pass /dev/infiniband in, with IPC_LOCK; if it is there, ${VERBS_LIBRARY_FIX}`
        : VERBS_LIBRARY_FIX,
  };
}

export const NO_DEVICES =
  'the kernel shows the device, and the tool found none: /dev/infiniband/uverbs* or the device’s library is missing where it ran';

export const VERBS_LIBRARY_FIX =
  'put the userspace of the host’s kernel driver into the image: rdma-core (libibverbs1, ibverbs-providers) of the same age, or where the host runs a vendor’s driver (`ofed_info -s`, `modinfo -F version MODULE`) the libraries of that very release (MLNX_OFED, DOCA, Broadcom …), and no second libibverbs on LD_LIBRARY_PATH; `ibv_devinfo` inside the container must list the device';
