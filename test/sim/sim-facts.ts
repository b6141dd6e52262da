import type { NodeFacts } from '@dsr1/shared/facts/node';

/** Facts of a host that shows nothing but its name and boot. */
export function simFacts(hostname: string, bootId: string): NodeFacts {
  const unseen = { detected: false as const, reason: 'simulated' };
  return {
    schema: 1,
    hostname,
    bootId,
    fingerprint: hostname,
    agentVersion: '0.1.0',
    agentCommand: ['/opt/dsr1/agent'],
    os: unseen,
    cpu: unseen,
    memory: unseen,
    disks: unseen,
    netdevs: unseen,
    routes: unseen,
    hcas: unseen,
    gpus: unseen,
    gpuTopology: unseen,
    limits: unseen,
    ephemeralPorts: unseen,
    engines: unseen,
    runtimes: unseen,
    contradictions: [],
    tools: [],
  };
}
