/** What can be wrong with a gang's network: names shared by log errors, rejected settings and diagnoses. */
export const fabricCategories = [
  // bootstrap interface
  'wrong-interface',
  'no-socket-interface',
  'loopback-used',
  'ifname-syntax',
  'overlapping-subnets',
  // GID choice or table
  'wrong-gid',
  'gid-read-failed',
  // device set
  'hca-name-mismatch',
  'no-rdma-device-in-container',
  'device-open-failed',
  'verbs-library-missing',
  'port-down',
  'hca-count-mismatch',
  'mixed-link-layers',
  'bond-unsupported',
  // reachability
  'rail-isolated',
  'fabric-partition',
  'firewall-or-route',
  'retry-exceeded',
  'timeout',
  'peer-died',
  // software
  'plugin-missing',
  'plugin-conflict',
  'tcp-fallback',
  'gdr-disabled',
  'version-mismatch',
  'memlock',
  'oom',
  'gpu-visibility',
  // discovery
  'tool-partial-output',
] as const;
export type FabricCategory = (typeof fabricCategories)[number];
