import type { NodeFacts } from '@dsr1/shared/facts/node';
import type { Finding } from '../finding.ts';

/** The host's own name, its name servers and its clock. */
export function checkNames({ hostname, settings }: NodeFacts): Finding[] {
  if (!settings?.detected) return [];
  const { ownNameAddresses, nameServers, clockSynchronised } = settings.value;
  return [
    ...(ownNameAddresses.length > 0 && ownNameAddresses.every(isLoopback)
      ? [ownName(hostname, ownNameAddresses)]
      : []),
    ...nameServers.filter(({ silent }) => silent).map(({ address }) => silentServer(address)),
    ...(clockSynchronised === false ? [clock] : []),
  ];
}

const isLoopback = (address: string) => address.startsWith('127.') || address === '::1';

const ownName = (hostname: string, addresses: readonly string[]): Finding => ({
  severity: 'warning',
  check: 'own-name-loopback',
  found: `/etc/hosts gives this host's own name, ${hostname}, the address ${addresses.join(', ')}`,
  matters:
    'a library that looks up its own name then tells the other nodes to connect to themselves (Gloo does); dsr1 sets the address for the engines, other launchers do not',
  fix: [
    `in /etc/hosts, put ${hostname} on a line with this node's address on the network that joins the nodes`,
  ],
});

const silentServer = (address: string): Finding => ({
  severity: 'warning',
  check: 'name-server-silent',
  found: `name server ${address} does not answer`,
  matters: 'engines look names up while they start: each start was measured 40 s longer',
  fix: [
    `remove \`nameserver ${address}\` from /etc/resolv.conf (or from the netplan or DHCP setting that writes it), or make it answer`,
    'or list the nodes in /etc/hosts',
  ],
});

const clock: Finding = {
  severity: 'warning',
  check: 'clock-unsynchronised',
  found: 'the clock is not synchronised',
  matters: 'certificates are valid between two moments, and logs of several nodes are read side by side',
  fix: ['timedatectl set-ntp true', 'where that is refused: apt-get install chrony'],
};
