/** What is known of a device by name alone. */
import type { Hca, HcaPort } from './hca.ts';

/** An RDMA device with one port, of which nothing was seen but what `known` says; port 1 unless it says another. */
export function unseenHca(device: string, known: Partial<HcaPort> = {}): Hca {
  const port: HcaPort = {
    port: 1,
    state: null,
    phys: null,
    linkLayer: null,
    rateGbps: null,
    netdev: null,
    netdevUp: null,
    lid: null,
    smLid: null,
    gids: null,
    ...known,
  };
  return {
    device,
    pci: null,
    numaNode: null,
    driver: null,
    nodeGuid: null,
    firmware: null,
    virtualFunction: null,
    physicalFunction: null,
    uverbs: null,
    ports: [port],
  };
}
