import type { CpuFacts } from '@dsr1/shared/facts/node';
import type { Probe } from '@dsr1/shared/facts/nullable';
import type { Host } from '../../host/host.ts';
import { detected, undetected } from '../probe.ts';

export async function probeCpu(host: Host): Promise<Probe<CpuFacts>> {
  const [cpuinfo, nodes] = await Promise.all([
    host.readText('/proc/cpuinfo'),
    host.list('/sys/devices/system/node'),
  ]);
  const cores = cpuinfo?.match(/^processor\s*:/gm)?.length ?? 0;
  if (cpuinfo === null || cores === 0) return undetected('/proc/cpuinfo lists no processor');
  return detected('/proc/cpuinfo', {
    model: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.trim() ?? (await host.cpuModel()) ?? 'unknown',
    cores,
    numaNodes: Math.max(1, (nodes ?? []).filter((name) => /^node\d+$/.test(name)).length),
  });
}
