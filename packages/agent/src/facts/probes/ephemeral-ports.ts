import type { PortRange } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, undetected } from '../probe.ts';

const PATH = '/proc/sys/net/ipv4/ip_local_port_range';

/** Ports that the kernel hands out by itself; launches must stay out of them. */
export async function probeEphemeralPorts(host: Host): Promise<Probe<PortRange>> {
  const [low, high] = (await host.readText(PATH))?.trim().split(/\s+/).map(Number) ?? [];
  return low !== undefined && high !== undefined
    ? detected(PATH, { low, high })
    : undetected(`${PATH} cannot be read`);
}
