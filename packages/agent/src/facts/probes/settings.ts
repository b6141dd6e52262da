import type { Probe } from '@dsr1/shared/facts/nullable';
import type { HostSettings } from '@dsr1/shared/facts/settings';
import type { Host } from '../../host/host.ts';
import { detected, readLine } from '../probe.ts';
import { countNvidiaDevices } from './pci.ts';
import { isSystemdHost } from './runtimes.ts';

const NAME_SERVER_LIMIT_MS = 1000;

const MODULES = ['nvidia', 'nvidia_peermem', 'nv_peer_mem', 'ib_uverbs', 'mlx5_core', 'mlx5_ib', 'rdma_cm'];

/** Settings that launches stumble over. */
export async function probeSettings(host: Host): Promise<Probe<HostSettings>> {
  const hostname = (await readLine(host, '/proc/sys/kernel/hostname')) ?? 'localhost';
  const [hosts, nameServers, clockSynchronised, modules, pci] = await Promise.all([
    host.readText('/etc/hosts'),
    askNameServers(host, hostname),
    askClock(host),
    host.list('/sys/module'),
    countNvidiaDevices(host),
  ]);
  return detected('/etc, /sys/module, PCI', {
    ownNameAddresses: addressesOf(hosts ?? '', hostname),
    nameServers,
    clockSynchronised,
    kernelModules: MODULES.filter((name) => modules?.includes(name)),
    nvidiaGpusOnPci: pci.gpus,
    nvSwitches: pci.switches,
    fabricManager: pci.switches === 0 ? null : await unitState(host, 'nvidia-fabricmanager'),
  });
}

function addressesOf(hosts: string, hostname: string): string[] {
  return hosts.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return address !== undefined && names.includes(hostname) ? [address] : [];
  });
}

async function askNameServers(host: Host, hostname: string): Promise<HostSettings['nameServers']> {
  const resolv = (await host.readText('/etc/resolv.conf')) ?? '';
  const servers = [...resolv.matchAll(/^\s*nameserver\s+(\S+)/gm)].flatMap((match) => match[1] ?? []);
  return Promise.all(
    servers.map(async (address) => ({
      address,
      silent: await host.nameServerIsSilent(address, hostname, NAME_SERVER_LIMIT_MS),
    })),
  );
}

/** The kernel's own view (adjtimex), as timedated reports it, whichever program sets the clock. */
async function askClock(host: Host): Promise<boolean | null> {
  if (!(await isSystemdHost(host))) return null;
  const answer = await host.run(['timedatectl', 'show', '--value', '--property=NTPSynchronized'], {
    timeoutMs: 2000,
  });
  if (!answer.answered || answer.exitCode !== 0) return null;
  return answer.stdout.trim() === 'yes';
}

async function unitState(host: Host, unit: string): Promise<string | null> {
  if (!(await isSystemdHost(host))) return null;
  const answer = await host.run(['systemctl', 'is-active', unit], { timeoutMs: 2000 });
  return answer.answered ? answer.stdout.trim() || null : null;
}
