import { ipv4OfGid } from '@dsr1/shared/fabric/parse/address';
import type { GidEntry } from '@dsr1/shared/facts/hca';
import type { Host } from '../../host/host.ts';

/**
 * Rows in use of one port's GID table (Documentation/ABI/stable/sysfs-class-infiniband); null when there is no table.
 * Unused rows are all zeros; the kernel answers EINVAL for the type or netdev of a row that belongs to another namespace.
 *
 * @param portPath `/sys/class/infiniband/<device>/ports/<port>`
 * @param netdevs names in this namespace: a row of another namespace's netdev is nobody's here
 */
export async function readGidTable(
  host: Host,
  portPath: string,
  netdevs: ReadonlySet<string>,
): Promise<GidEntry[] | null> {
  const indexes = await host.list(`${portPath}/gids`);
  if (indexes === null) return null;
  const gids = await host.readTable(indexes.map((index) => `${portPath}/gids/${index}`));
  const used = indexes.flatMap((index, at) => {
    const gid = gids[at]?.trim() ?? '';
    return isUnused(gid) ? [] : [{ index, gid }];
  });
  const attributes = (kind: 'types' | 'ndevs') =>
    host.readTable(used.map(({ index }) => `${portPath}/gid_attrs/${kind}/${index}`));
  const [types, owners] = [await attributes('types'), await attributes('ndevs')];
  return used.map(({ index, gid }, at) => {
    const owner = owners[at]?.trim() ?? '';
    return {
      index: Number(index),
      gid,
      version: versionOf(types[at] ?? ''),
      ipv4: ipv4OfGid(gid),
      netdev: netdevs.has(owner) ? owner : null,
    };
  });
}

/** All zeros, or a link-local prefix without an interface behind it (a port without a link). */
const isUnused = (gid: string) => !/[1-9a-f]/.test(gid.replace(/^fe80(:0000){3}/, ''));

/** `RoCE v2` and `IB/RoCE v1`; the latter is also the word for native InfiniBand, which has no version. */
function versionOf(type: string): GidEntry['version'] {
  if (/RoCE v2/.test(type)) return 2;
  return /v1/.test(type) ? 1 : null;
}
