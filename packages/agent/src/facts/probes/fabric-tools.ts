import { parseIbdev2netdev } from '@dsr1/shared/fabric/parse/ibdev2netdev';
import { parseRdmaLink } from '@dsr1/shared/fabric/parse/rdma-link';
import type { GidRow, PortRow } from '@dsr1/shared/fabric/parse/rows';
import { parseShowGids } from '@dsr1/shared/fabric/parse/show-gids';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { rowsOf } from '../probe.ts';

/** What the vendors' tools say about the HCAs; sysfs is believed, these are held against it. */
export interface FabricTools {
  readonly ibdev2netdev: Probe<readonly PortRow[]>;
  readonly rdmaLink: Probe<readonly PortRow[]>;
  readonly showGids: Probe<readonly GidRow[]>;
}

/** `show_gids` forks several times a table row: seconds on a host with many HCAs. */
const SCRIPT_LIMITS = { timeoutMs: 5000 };

export async function askFabricTools(host: Host): Promise<FabricTools> {
  const [ibdev2netdev, rdmaLink, showGids] = await Promise.all([
    host.run(['ibdev2netdev'], SCRIPT_LIMITS),
    host.run(['rdma', 'link']),
    host.run(['show_gids'], SCRIPT_LIMITS),
  ]);
  return {
    ibdev2netdev: rowsOf('ibdev2netdev', ibdev2netdev, parseIbdev2netdev),
    rdmaLink: rowsOf('rdma link', rdmaLink, parseRdmaLink),
    showGids: rowsOf('show_gids', showGids, parseShowGids),
  };
}
