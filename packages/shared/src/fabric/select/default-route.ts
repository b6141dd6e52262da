import type { FabricNode } from '../model.ts';

/** Netdevs that a default route leads over, in either family. */
export const onDefaultRoute = ({ routes }: Pick<FabricNode, 'routes'>): ReadonlySet<string> =>
  new Set(routes?.flatMap(({ destination, device }) => (destination === 'default' ? [device] : [])));
