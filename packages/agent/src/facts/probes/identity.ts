import { sha256Hex } from '@dsr1/shared/hash';
import type { Host } from '../../host/host.ts';
import { readLine } from '../probe.ts';

/** What tells this boot of this host from others. */
export interface HostIdentity {
  readonly hostname: string;
  readonly bootId: string;
  readonly fingerprint: string;
}

/** @param nodeIp the operator's word on the node's address: tells agents apart that share one host */
export async function readIdentity(host: Host, nodeIp: string | null): Promise<HostIdentity> {
  const [hostname, bootId, machineId, product] = await Promise.all([
    readLine(host, '/proc/sys/kernel/hostname'),
    readLine(host, '/proc/sys/kernel/random/boot_id'),
    readLine(host, '/etc/machine-id'),
    // Images cloned with their machine id still differ here (readable by root only).
    readLine(host, '/sys/class/dmi/id/product_uuid'),
  ]);
  return {
    hostname: hostname ?? 'unknown',
    bootId: bootId ?? 'unknown',
    fingerprint: sha256Hex([machineId, product, nodeIp].join('\n')).slice(0, 32),
  };
}
