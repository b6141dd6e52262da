import type { LimitFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, undetected } from '../probe.ts';

/** The agent's own soft limits, which a rank started as a plain process inherits, and the size of /dev/shm. */
export async function probeLimits(host: Host): Promise<Probe<LimitFacts>> {
  const [limits, shm] = await Promise.all([host.readText('/proc/self/limits'), host.fileSystem('/dev/shm')]);
  if (limits === null) return undetected('/proc/self/limits cannot be read');
  return detected('/proc/self/limits, /dev/shm', {
    memlockBytes: softLimit(limits, 'Max locked memory'),
    nofile: softLimit(limits, 'Max open files'),
    shmBytes: shm?.totalBytes ?? null,
  });
}

function softLimit(limits: string, name: string): number | null {
  const value = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(limits)?.[1];
  return value === undefined ? null : Number(value);
}
