import type { NodeFacts } from '@dsr1/shared/facts/node';
import { probed } from '@dsr1/shared/facts/nullable';
import { PORT_POOLS } from '@dsr1/shared/plan/port-pools';
import type { Finding } from '../finding.ts';

/** The tools that discovery leans on, an address to be reached at, and the port pool. */
export function checkNetwork(facts: NodeFacts): Finding[] {
  return [...ipTool(facts), ...address(facts), ...portPool(facts)];
}

function ipTool({ tools }: NodeFacts): Finding[] {
  const ip = tools.find(({ tool }) => tool === 'ip');
  if (ip === undefined || ip.answered) return [];
  const missing = ip.note === 'not installed';
  return [
    {
      severity: 'warning',
      check: missing ? 'ip-missing' : 'ip-silent',
      found: `ip: ${ip.note}`,
      matters:
        'routes are not known, so the interface that leads to the other nodes is only guessed from addresses',
      fix: missing
        ? ['apt-get install iproute2 (Debian, Ubuntu) or dnf install iproute (RHEL)']
        : ['run `ip -j route` by hand and see what it does'],
    },
  ];
}

function address({ netdevs }: NodeFacts): Finding[] {
  if (!netdevs.detected) return [];
  const reachable = netdevs.value.some(
    ({ up, kind, addresses }) =>
      up !== false && kind !== 'loopback' && addresses.some(({ scope }) => scope !== 'link'),
  );
  if (reachable) return [];
  return [
    {
      severity: 'error',
      check: 'no-address',
      found: 'no interface with a link has an address, loopback apart',
      matters: 'the other nodes have nothing to connect to',
      fix: ['`ip -br addr` shows the interfaces; give one an address and bring it up'],
    },
  ];
}

function portPool({ ephemeralPorts }: NodeFacts): Finding[] {
  const [pool] = PORT_POOLS;
  const range = probed(ephemeralPorts, { low: 32768, high: 60999 });
  if (range.low > pool.high || range.high < pool.low) return [];
  const low = Math.max(pool.high + 1, 32768);
  return [
    {
      severity: 'warning',
      check: 'port-pool-overlap',
      found: `the kernel hands out ports ${range.low}–${range.high} by itself, which overlaps the pool of launches (${pool.low}–${pool.high})`,
      matters: 'any outgoing connection may sit on the very port that a rendezvous was promised',
      fix: [
        `echo "net.ipv4.ip_local_port_range = ${low} 60999" > /etc/sysctl.d/90-dsr1.conf`,
        'sysctl --system',
      ],
    },
  ];
}
