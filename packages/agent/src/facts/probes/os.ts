import type { OsFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, readLine, undetected } from '../probe.ts';

/** Distribution, kernel, architecture, and the kind of virtual machine or container, if any. */
export async function probeOs(host: Host): Promise<Probe<OsFacts>> {
  const [release, kernel, virt] = await Promise.all([
    host.readText('/etc/os-release'),
    readLine(host, '/proc/sys/kernel/osrelease'),
    host.run(['systemd-detect-virt'], { timeoutMs: 1000 }),
  ]);
  if (kernel === null) return undetected('/proc/sys/kernel/osrelease cannot be read');
  return detected('/etc/os-release, /proc', {
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(release ?? '')?.[1] ?? 'unknown',
    kernel,
    arch: host.arch,
    // Exit status 1 with `none` is the answer of bare metal.
    virtualisation: virt.answered ? virt.stdout.trim() || null : null,
  });
}
