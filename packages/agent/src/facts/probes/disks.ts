import type { DiskFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, undetected } from '../probe.ts';

const GIB = 1024 ** 3;
/** Local file systems only: asking a network file system whose server is gone for its size blocks for ever. */
const LOCAL = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'overlay']);

/** Local file systems, each once, under its shortest mount point. */
export async function probeDisks(host: Host): Promise<Probe<DiskFacts[]>> {
  const mounts = await host.readText('/proc/self/mounts');
  if (mounts === null) return undetected('/proc/self/mounts cannot be read');
  const disks = await Promise.all(
    localMounts(mounts).map(async (mount): Promise<DiskFacts[]> => {
      const size = await host.fileSystem(mount);
      if (size === null || size.totalBytes === 0) return [];
      return [{ mount, totalBytes: size.totalBytes, freeGiB: Math.floor(size.freeBytes / GIB) }];
    }),
  );
  return detected('/proc/self/mounts', disks.flat());
}

function localMounts(mounts: string): string[] {
  const shortest = new Map<string, string>();
  for (const line of mounts.split('\n')) {
    const [device = '', mount = '', type = ''] = line.split(' ');
    // Containers have an overlay each; only one that is the root holds anything of this host's. /run/host/… are nspawn's.
    if (!LOCAL.has(type) || (type === 'overlay' && mount !== '/') || mount.startsWith('/run/')) continue;
    const known = shortest.get(device);
    if (known === undefined || mount.length < known.length) shortest.set(device, mount);
  }
  return [...shortest.values()].map(unescapeMount).sort();
}

/** The kernel writes blanks in mount points as octal (`\040`). */
const unescapeMount = (mount: string) =>
  mount.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
