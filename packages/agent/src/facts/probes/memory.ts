import type { MemoryFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, undetected } from '../probe.ts';

export async function probeMemory(host: Host): Promise<Probe<MemoryFacts>> {
  const totalBytes = meminfoBytes(await host.readText('/proc/meminfo'), 'MemTotal');
  return totalBytes === null
    ? undetected('/proc/meminfo has no MemTotal')
    : detected('/proc/meminfo', { totalBytes });
}

/** Value of one line of /proc/meminfo, which counts in units of 1024 bytes. */
export function meminfoBytes(meminfo: string | null, key: string): number | null {
  const kib = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(meminfo ?? '')?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}
